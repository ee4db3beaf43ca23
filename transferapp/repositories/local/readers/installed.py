"""Which readers are installed here: vendors' libraries are an optional extra."""

from __future__ import annotations

from transferapp.formats.embedded import CZI, ND2, embedded_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.repositories.local.readers import czi, nd2_

_OPTIONAL = {CZI: czi.is_installed, ND2: nd2_.is_installed}


def installed_formats() -> RepositoryFormats:
    """Return what can be read; imports the vendors' libraries, so call it in a thread."""
    return embedded_formats([kind for kind, there in _OPTIONAL.items() if not there()])
