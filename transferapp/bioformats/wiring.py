"""Give the port to Bio-Formats its process, where this computer has what it needs."""

from __future__ import annotations

import structlog

from transferapp.bioformats.places import JarMissing, NotHere, find
from transferapp.bioformats.port import BioFormats
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings
from transferapp.errors import SettingsInvalid, Unavailable

_log = structlog.get_logger(__name__)


def open_bio_formats() -> BioFormats | None:
    """Return Bio-Formats, which starts when it is asked; None where it is not (the log says
    what is missing). Raises SettingsInvalid.
    """
    try:
        return scan_for()
    except JarMissing as missing:
        _log.warning("no Bio-Formats: the jar that was set is not there", error=str(missing))
        return None
    except NotHere as missing:
        _log.info("no Bio-Formats: its formats are not read here", error=str(missing))
        return None


def scan_for() -> BioFormats | None:
    """Return Bio-Formats, which starts when it is asked; None where it is off. Raises
    SettingsInvalid, JarMissing, NotHere.
    """
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
