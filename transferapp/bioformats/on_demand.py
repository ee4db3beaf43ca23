"""Bio-Formats for programs that seldom have a question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transferapp.bioformats.port import BioFormats

#: A start that takes longer is told to who waits for it.
_SLOW_S = 3.0


class BioFormatsOnDemand:
    """Bio-Formats for a program that seldom has a question: it is not even looked for before.

    Call it for the port; safe to use from many threads.
    """

    def __init__(self, show: Callable[[str], None] = lambda _: None) -> None:
        """Look for nothing yet. ``say``: tell a person that a start takes long, or
        that a setting is wrong.
        """
        self._show = show
        self._lock = threading.Lock()
        self._is_searched = False
        self._found: BioFormats | None = None

    def __call__(self) -> BioFormats | None:
        """Return Bio-Formats, started; None where it is not: nobody misses it then. Asking Java
        what it is takes a second the first time. Raises SettingsInvalid, Unavailable.
        """
        with self._lock, self._waiting_reported():
            if not self._is_searched:
                self._found = self._scan()
                self._is_searched = True
            if self._found is not None:
                self._found.reads()
            return self._found

    def _scan(self) -> BioFormats | None:
        # Late, as the rest: settings and what runs a process take a while to import.
        from transferapp.bioformats.places import JarMissing, NotHere  # noqa: PLC0415
        from transferapp.bioformats.wiring import scan_for  # noqa: PLC0415

        try:
            return scan_for()
        except JarMissing as missing:
            self._show(f"Bio-Formats is not asked. {missing}")
        except NotHere:
            pass
        return None

    @contextmanager
    def _waiting_reported(self) -> Iterator[None]:
        reporting = threading.Timer(_SLOW_S, self._show, ["Waiting for Bio-Formats to start."])
        reporting.daemon = True
        reporting.start()
        try:
            yield
        finally:
            reporting.cancel()

    def close(self) -> None:
        """End its process at once, whatever it is at; nothing is done where there is none."""
        found = self._found
        if found is not None:
            found.interrupt()
            found.close()
