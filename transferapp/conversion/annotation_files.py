"""The files beside an exported image that say what is known of it: ``NAME.json``, and its ROIs
as ``NAME.rois.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import blake3

from transferapp.conversion.annotation_documents import csv_lines, json_lines
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import CutRois
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.names import stem
from transferapp.errors import ChecksumMismatch
from transferapp.host.csv_text import CSV_MARK
from transferapp.model.export_specs import ExportForm
from transferapp.model.images import ImageDetails

_JSON, _CSV = ".json", ".rois.csv"


def write_annotation_files(
    image: CutImage, details: ImageDetails, repository: str, form: ExportForm, folder: Path
) -> None:
    """Write both files into ``folder``, called as the image's own of this form, and read them
    back; ``repository`` is its name.

    Raises StorageFull, Unavailable, ChecksumMismatch.
    """
    name, document = stem(image, form), json_lines(image, details, repository)
    _write(folder / f"{name}{_JSON}", "", document)
    _write(folder / f"{name}{_CSV}", CSV_MARK, csv_lines(image.rois or CutRois()))


def _write(path: Path, mark: str, lines: Iterable[str]) -> None:
    written = blake3.blake3()
    with disk_errors():
        with path.open("wb") as file:
            for line in chain((mark,), lines):
                # Half a character becomes what JSON writes for it.
                content = line.encode(errors="backslashreplace")
                written.update(content)
                file.write(content)
        found = digest_of(path)
    if found != written.digest():
        raise ChecksumMismatch(
            f"The file '{path.name}' is not as it was written. It is made again."
        )


def digest_of(path: Path) -> bytes:
    """Return the BLAKE3 of a file; raises OSError."""
    return blake3.blake3().update_mmap(path).digest()
