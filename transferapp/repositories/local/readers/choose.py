"""Choose the reader of a fileset by what its first file is, not only by its name."""

from __future__ import annotations

from pathlib import Path

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.ome.reading import parse
from transferapp.repositories.local.readers.czi import open_czi
from transferapp.repositories.local.readers.nd2_ import open_nd2
from transferapp.repositories.local.readers.ome_bindata import open_bin_data
from transferapp.repositories.local.readers.ome_tiff import OmeSource, open_ome
from transferapp.repositories.local.readers.pictures import open_picture
from transferapp.repositories.local.readers.port import OpenFileset
from transferapp.repositories.local.readers.tiff import open_tiff_fileset
from transferapp.repositories.local.readers.zarr_ import open_zarr

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PICTURE = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_CZI, _ND2 = b"ZISRAWFILE", b"\xda\xce\xbe\x0a"
#: ND2 files of before 2010 are JPEG 2000 by their first bytes.
_JPEG_2000 = b"\x00\x00\x00\x0cjP  "
#: Endings of formats that we read: a file of such a name and other content is damaged.
_KNOWN = frozenset(
    {
        ".tif", ".tiff", ".lsm", ".svs", ".btf",
        ".png", ".jpg", ".jpeg", ".jpe", ".czi", ".nd2",
    }
)  # fmt: skip
_MAGIC_LENGTH = 16


def open_fileset(first: Path, root: Path) -> OpenFileset:
    """Open the fileset whose file to open is ``first``; all its files are below ``root``.

    Raises UnsupportedFile, EmptyFile, DamagedFile, MissingCompanion.
    """
    folder = _zarr_folder(first, root)
    if folder is not None:
        return open_zarr(folder)
    with first.open("rb") as file:
        magic = file.read(_MAGIC_LENGTH)
    if not magic:
        raise EmptyFile(
            f"'{first.name}' is empty. Save it again in the microscope software, then retry."
        )
    if magic.startswith(_TIFF):
        return open_tiff_fileset(first, root)
    if magic.startswith(_PICTURE):
        return open_picture(first)
    return _open_other(first, root, magic)


def _open_other(first: Path, root: Path, magic: bytes) -> OpenFileset:
    name = first.name.lower()
    if name.endswith((".ome", ".xml")):
        document = parse(first.read_bytes())
        if document is None:
            raise DamagedFile(f"'{first.name}' is no OME-XML. Export the images again.")
        if any(image.bin_data for image in document.images):
            return open_bin_data(first, document)
        return open_ome(OmeSource(first, root), document)
    if magic.startswith(_CZI):
        return open_czi(first)
    if magic.startswith(_ND2) or (name.endswith(".nd2") and magic.startswith(_JPEG_2000)):
        return open_nd2(first)
    if first.suffix.lower() in _KNOWN:
        raise DamagedFile(
            f"The content of '{first.name}' is not what its name says. Copy or export it"
            " again, then retry."
        )
    raise UnsupportedFile(
        f"No reader knows the format of '{first.name}'. Export it from the microscope"
        " software as OME-TIFF, then import that."
    )


def _zarr_folder(first: Path, root: Path) -> Path | None:
    """Return the outermost folder that is a Zarr group, when ``first`` lies in one."""
    parents = [p for p in first.parents if p.is_relative_to(root)]
    if first.name not in METADATA_NAMES and not any(p.suffix == ".zarr" for p in parents):
        return None
    groups = [p for p in parents if any((p / name).is_file() for name in METADATA_NAMES)]
    return groups[-1] if groups else None
