"""What an upload says of who made it, under the names that OMERO's own importer uses."""

from __future__ import annotations

import locale
import platform
from functools import cache

import transferapp
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.ice_imports import omero_version

#: Bio-Formats' readers are Java classes of this package; others do not come with it.
_PACKAGE = "loci.formats.in."
_NOT_OF_BIO_FORMATS = "ZarrReader"


def version_info(plan: FilesetPlan) -> list[tuple[str, str]]:
    """Return names and values: the reader where the file's name leaves one only, the client,
    the operating system.
    """
    stated = [
        ("bioformats.reader", _reader(plan.files[0].client_path)),
        ("omero.version", omero_version),
        ("client", f"TransferApp {transferapp.__version__}"),
        ("os.name", platform.system()),
        ("os.version", platform.release()),
        ("os.architecture", platform.machine()),
        ("locale", locale.getlocale()[0] or ""),
    ]
    return [(name, value) for name, value in stated if value]


def _reader(client_path: str) -> str:
    """OMERO keeps as many parent folders as the reader wants: a wrong guess would harm."""
    claiming = {one.reader for one in _formats().of_name(client_path.rpartition("/")[2])}
    if len(claiming) != 1 or _NOT_OF_BIO_FORMATS in claiming:
        return ""
    return f"{_PACKAGE}{claiming.pop()}"


@cache
def _formats() -> RepositoryFormats:
    return omero_formats()
