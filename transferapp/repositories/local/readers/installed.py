"""Which readers are installed here: vendors' libraries are an optional extra."""

from __future__ import annotations

from dataclasses import replace

import structlog

from transferapp.bioformats.port import BioFormats
from transferapp.errors import TransferAppError
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.repositories.local.readers.vendor_readers import VENDOR_READERS

_log = structlog.get_logger(__name__)


def installed_formats(bio_formats: BioFormats | None = None) -> RepositoryFormats:
    """Return what can be read, ``bio_formats`` being there or not; may start Bio-Formats,
    so call it in a thread.

    A Bio-Formats that does not come up reads nothing, and is no reason to say nothing.
    """
    ours = embedded_formats([one.kind for one in VENDOR_READERS if not one.is_installed()])
    if bio_formats is None:
        return ours
    try:
        reads = bio_formats.reads()
    except TransferAppError as error:
        _log.warning("Bio-Formats does not answer", code=error.code, error=error.message)
        return ours
    names = {reader.name for reader in reads.readers}
    theirs = (one for one in omero_formats().formats if one.reader in names)
    return replace(
        ours, formats=(*ours.formats, *theirs), read_by=f"Bio-Formats {reads.version}"
    )
