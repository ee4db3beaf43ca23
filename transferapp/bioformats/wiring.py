"""Give the port to Bio-Formats its process, where this computer has what it needs."""

from __future__ import annotations

import structlog

from transferapp.bioformats.places import NotHere, find
from transferapp.bioformats.port import BioFormats
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings

_log = structlog.get_logger(__name__)


def open_bio_formats() -> BioFormats | None:
    """Return Bio-Formats, which starts when it is asked; None where it is not (the log says
    what is missing). Raises SettingsInvalid.
    """
    settings = BioFormatsSettings()
    if settings.off:
        return None
    try:
        return BioFormatsProcess(find(settings), settings)
    except NotHere as missing:
        _log.info("no Bio-Formats: its formats are not read here", why=str(missing))
        return None
