"""Read folders as the desktop groups them and the embedded repository opens them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.oracle.answers import FileSetAnswer, FolderAnswer, Picture, hashes
from transferapp.errors import TransferAppError
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import ReadImage


def read_folder(folder: Path, scratch: Path) -> FolderAnswer:
    """Group what is in a folder and read each fileset, copied to where it lies alone."""
    return FolderAnswer(
        tuple(
            _read(one, folder, scratch / str(n)) for n, one in enumerate(group(scan([folder])))
        )
    )


def _read(candidate: FilesetCandidate, folder: Path, scratch: Path) -> FileSetAnswer:
    paths = [file.path.relative_to(folder).as_posix() for file in candidate.files]
    opened, files = paths[0] if paths else candidate.name, frozenset(paths)
    result = preflight(candidate, PreflightSettings(still_writing_s=0))
    if result.blocked:
        return FileSetAnswer(opened, files, refused=result.sentence)
    for file in candidate.files:
        to = scratch / file.client_path
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, to)
    try:
        pictures = _pictures(scratch / candidate.files[0].client_path, scratch)
    except TransferAppError as error:
        return FileSetAnswer(opened, files, refused=error.message)
    finally:
        shutil.rmtree(scratch)
    return FileSetAnswer(opened, files, pictures)


def _pictures(first: Path, root: Path) -> tuple[Picture, ...]:
    fileset = open_fileset(first, root)
    try:
        return tuple(picture_of(image) for image in fileset.images)
    finally:
        fileset.close()


def picture_of(image: ReadImage) -> Picture:
    """Put what a reader says of an image into the common shape."""
    image.check()
    header = image.header
    full = header.levels[0]
    sizes = {
        "x": full.size_x,
        "y": full.size_y,
        "z": header.size_z,
        "c": header.size_c,
        "t": header.size_t,
    }
    date = header.acquired_at
    return Picture(
        sizes,
        header.dtype,
        len(header.levels),
        header.pixel_size_um,
        date and date.replace(microsecond=0),
        tuple(channel.name for channel in header.channels),
        tuple(channel.color for channel in header.channels),
        hashes(
            sizes,
            lambda z, c, t: image.read(TileRegion(0, t, c, z, 0, 0, full.size_y, full.size_x)),
        ),
    )
