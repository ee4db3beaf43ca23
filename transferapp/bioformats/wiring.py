"""Give the port to Bio-Formats its process, where this computer has what it needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from transferapp.bioformats.places import JarMissing, NotHere, find
from transferapp.bioformats.port import BioFormats
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.errors import SettingsInvalid, Unavailable

_log = structlog.get_logger(__name__)

#: A start that takes longer is told to who waits for it.
_SLOW_S = 3.0


def open_bio_formats() -> BioFormats | None:
    """Return Bio-Formats, which starts when it is asked; None where it is not (the log says
    what is missing). Raises SettingsInvalid.
    """
    try:
        return _open()
    except JarMissing as missing:
        _log.warning("no Bio-Formats: its formats are not read here", why=str(missing))
        return None
    except NotHere as missing:
        _log.info("no Bio-Formats: its formats are not read here", why=str(missing))
        return None


def _open() -> BioFormats | None:
    settings = BioFormatsSettings()
    return None if settings.off else BioFormatsProcess(find(settings), settings)


def check() -> tuple[str, bool, str]:
    """Say (what, is it right, what to do) of the Bio-Formats of this computer; starts it."""
    try:
        settings = BioFormatsSettings()
        if settings.off:
            return "Bio-Formats (off: TRANSFERAPP_BIOFORMATS_OFF)", True, ""
        places = find(settings)
    except (SettingsInvalid, JarMissing) as wrong:
        return "Bio-Formats", False, str(wrong)
    except NotHere as missing:
        without = (
            "Files of its formats are not checked before an import; an embedded repository"
            f" here does not read them. If you need that: {missing}"
        )
        return "Bio-Formats (not here)", True, without
    process = BioFormatsProcess(places, settings)
    try:
        return f"Bio-Formats {process.reads().version} ({places.jar})", True, ""
    except Unavailable as error:
        return f"Bio-Formats ({places.jar})", False, error.message
    finally:
        process.close()


class BioFormatsOnDemand:
    """Bio-Formats for a program that seldom has a question: it is not even looked for before.

    Call it for the port; safe to use from many threads.
    """

    def __init__(self, say: Callable[[str], None] = lambda _: None) -> None:
        """Look for nothing yet. ``say``: tell a person that a start takes long, or
        that a setting is wrong.
        """
        self._say = say
        self._lock = threading.Lock()
        self._is_looked_for = False
        self._found: BioFormats | None = None

    def __call__(self) -> BioFormats | None:
        """Return Bio-Formats, started; None where it is not: nobody misses it then. Asking Java
        what it is takes a second the first time. Raises SettingsInvalid, Unavailable.
        """
        with self._lock, self._waiting_told():
            if not self._is_looked_for:
                try:
                    self._found = _open()
                except JarMissing as missing:
                    self._say(f"Bio-Formats is not asked. {missing}")
                except NotHere:
                    pass
                self._is_looked_for = True
            if self._found is not None:
                self._found.reads()
            return self._found

    @contextmanager
    def _waiting_told(self) -> Iterator[None]:
        telling = threading.Timer(_SLOW_S, self._say, ["Waiting for Bio-Formats to start."])
        telling.daemon = True
        telling.start()
        try:
            yield
        finally:
            telling.cancel()

    def close(self) -> None:
        """End its process at once, whatever it is at; nothing is done where there is none."""
        found = self._found
        if found is not None:
            found.interrupt()
            found.close()
