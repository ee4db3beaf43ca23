"""Choose the reader of a fileset by what its first file is, not only by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from transferapp.bioformats.port import BioFormats
from transferapp.errors import DamagedFile, EmptyFile, SourceProblem, UnsupportedFile
from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.ome.reading import read_document
from transferapp.repositories.local.readers import bio_formats as through
from transferapp.repositories.local.readers.ome_bindata import open_bin_data
from transferapp.repositories.local.readers.ome_tiff import OmeSource, open_ome
from transferapp.repositories.local.readers.pictures import open_picture
from transferapp.repositories.local.readers.port import OpenFileset
from transferapp.repositories.local.readers.tiff import open_tiff_fileset
from transferapp.repositories.local.readers.vendor_readers import VENDOR_READERS
from transferapp.repositories.local.readers.zarr_ import open_zarr

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_PICTURE = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
#: Endings of formats that we read: a file of such a name and other content is damaged.
_KNOWN = frozenset(
    {
        ".tif", ".tiff", ".lsm", ".svs", ".btf",
        ".png", ".jpg", ".jpeg", ".jpe",
        *(end for one in VENDOR_READERS if one.kind.mark_needed for end in one.kind.suffixes),
    }
)  # fmt: skip
#: Enough for every mark: that of MRC is the last, at 208.
_START_BYTES = 256
#: Notes on errors of ours for which Bio-Formats is asked: what no reader of ours knows, and
#: what is not what its name says, as far as we know.
_UNKNOWN, _UNLIKE_ITS_NAME = "unknown", "unlike its name"
_SourceError = TypeVar("_SourceError", bound=SourceProblem)


def open_fileset(
    first: Path, root: Path, bio_formats: BioFormats | None = None, reader: str | None = None
) -> OpenFileset:
    """Open the fileset whose file to open is ``first``; all its files are below ``root``.

    What no reader of ours knows is read through ``bio_formats``, where it is. ``reader`` is
    the name of the one that read these images before, "" for ours: no other may follow it,
    which might find other images. Raises UnsupportedFile, EmptyFile, DamagedFile,
    MissingCompanion, UnreadableFile, Unavailable.
    """
    if reader == through.NAME:
        if bio_formats is None:
            raise _without_bio_formats(first)
        return through.open_with_bio_formats(first, root, bio_formats)
    if bio_formats is None or reader is not None:
        return _open_with_ours(first, root)
    try:
        found = _open_with_ours(first, root)
    except (UnsupportedFile, DamagedFile) as ours:
        if not (isinstance(ours, UnsupportedFile) or _is_noted(ours, _UNLIKE_ITS_NAME)):
            raise
        try:
            return through.open_with_bio_formats(first, root, bio_formats)
        except UnsupportedFile as theirs:
            # Ours says what to do for a format that we know something of.
            raise (theirs if _is_noted(ours, _UNKNOWN) else ours) from theirs
    if found.is_one_file and _is_part_of_set(first, root, bio_formats):
        found.close()
        return through.open_with_bio_formats(first, root, bio_formats)
    return found


def _noted(error: _SourceError, note: str) -> _SourceError:
    error.add_note(note)
    return error


def _is_noted(error: SourceProblem, note: str) -> bool:
    return note in getattr(error, "__notes__", ())


def _without_bio_formats(first: Path) -> UnsupportedFile:
    return UnsupportedFile(
        f"'{first.name}' was read through Bio-Formats, which this server does not have any"
        " more. Ask your administrator to install it again (docs/formats.md)."
    )


def _is_part_of_set(first: Path, root: Path, bio_formats: BioFormats) -> bool:
    """Tell whether Bio-Formats reads other files with one that ours would read alone.

    A vendor's set may be opened by its first TIFF; the index is another file then.
    """
    if not any(path != first and path.is_file() for path in root.rglob("*")):
        return False
    try:
        return len(bio_formats.used(first.absolute()).files) > 1
    except SourceProblem:
        return False


def _open_with_ours(first: Path, root: Path) -> OpenFileset:
    folder = _zarr_folder(first, root)
    if folder is not None:
        return open_zarr(folder)
    with first.open("rb") as file:
        start = file.read(_START_BYTES)
    if not start:
        raise EmptyFile(
            f"'{first.name}' is empty. Save it again in the microscope software, then retry."
        )
    # Before TIFF, as which the first bytes of a DICOM may be read too.
    for one in VENDOR_READERS:
        if one.knows(first.name.lower(), start):
            return one.open(first, root)
    if start.startswith(_TIFF):
        return open_tiff_fileset(first, root)
    if start.startswith(_PICTURE):
        return open_picture(first)
    return _open_other(first, root)


def _open_other(first: Path, root: Path) -> OpenFileset:
    name = first.name.lower()
    if name.endswith((".ome", ".xml")):
        document = read_document(first)
        if document is None:
            raise _noted(
                DamagedFile(f"'{first.name}' is no OME-XML. Export the images again."),
                _UNLIKE_ITS_NAME,
            )
        if any(image.bin_data for image in document.images):
            return open_bin_data(first, document)
        return open_ome(OmeSource(first, root), document)
    for one in VENDOR_READERS:
        if one.also_unmarked and name.endswith(one.kind.suffixes):
            return one.open(first, root)
    if first.suffix.lower() in _KNOWN:
        raise _noted(
            DamagedFile(
                f"The content of '{first.name}' is not what its name says. Copy or export it"
                " again, then retry."
            ),
            _UNLIKE_ITS_NAME,
        )
    raise _noted(
        UnsupportedFile(
            f"No reader knows the format of '{first.name}'. Export it from the microscope"
            " software as OME-TIFF, then import that."
        ),
        _UNKNOWN,
    )


def _zarr_folder(first: Path, root: Path) -> Path | None:
    """Return the outermost folder that is a Zarr group, when ``first`` lies in one."""
    parents = [p for p in first.parents if p.is_relative_to(root)]
    if first.name not in METADATA_NAMES and not any(p.suffix == ".zarr" for p in parents):
        return None
    groups = [p for p in parents if any((p / name).is_file() for name in METADATA_NAMES)]
    return groups[-1] if groups else None
