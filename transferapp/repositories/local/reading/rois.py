"""The ROIs of an image: those in the OME-XML of its first file, and those drawn on it since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from transferapp.errors import NoSuchFile, SourceProblem
from transferapp.model.rois import Roi
from transferapp.ome.reading import parse, read_bytes
from transferapp.ome.rois import rois_of_image
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.catalogue.drawn_rois import rois_drawn
from transferapp.repositories.local.catalogue.image_rows import find_image
from transferapp.repositories.local.catalogue.records import levels_of, reader_of
from transferapp.repositories.local.pixels.regions import ImagePlace
from transferapp.repositories.local.readers.tiff_files import open_tiff, tiff_failures
from transferapp.repositories.local.store import LocalRepositoryStore

_TIFF = (b"II", b"MM")
_XML = (".ome", ".xml")


def place_of(local_store: LocalRepositoryStore, row: sa.Row[Any]) -> ImagePlace:
    """Return where the pixels are of a row of ``find_image``."""
    source, levels = levels_of(row)
    originals = local_store.originals
    return ImagePlace(
        row.fileset_id,
        row.series,
        originals.named(row.fileset_id, row.first_path),
        originals.tree(row.fileset_id),
        source,
        levels,
        reader_of(row),
    )


def rois_of(
    local_store: LocalRepositoryStore, connection: sa.Connection, caller: Caller, image_id: int
) -> list[Roi]:
    """List all ROIs of an image in id order; raises ImageNotFound, NoSuchFile, OSError."""
    row = find_image(connection, caller, image_id)
    return [*file_rois(local_store, row), *rois_drawn(connection, image_id)]


def file_rois(local_store: LocalRepositoryStore, row: sa.Row[Any]) -> list[Roi]:
    """List those that the file of a row of ``find_image`` holds; raises NoSuchFile where it is
    gone from the disk, OSError.
    """
    if row.first_path is None:
        return []
    try:
        return stored_rois(place_of(local_store, row))
    except FileNotFoundError as error:
        raise NoSuchFile from error


def stored_rois(place: ImagePlace) -> list[Roi]:
    """List the ROIs of one image in the document's order; none of files without OME-XML.

    What is in a companion file beside the first is not looked for. Raises OSError.
    """
    content = _ome_xml(place.first)
    try:
        document = parse(content)
    except SourceProblem:
        return []
    if document is None:
        return []
    images = [one for one in document.images if one.has_pixels] or list(document.images)
    if place.series >= len(images):
        return []
    image, size = images[place.series], place.levels[0]
    if (image.sizes["Y"], image.sizes["X"]) != (size.size_y, size.size_x):
        return []
    return rois_of_image(content, image.id)


def _ome_xml(path: Path) -> bytes:
    with path.open("rb") as file:
        is_tiff = file.read(2) in _TIFF
    if not is_tiff:
        return read_bytes(path) if path.suffix.lower() in _XML else b""
    try:
        with open_tiff(path) as tif, tiff_failures(path):
            return (tif.pages.first.description or "").encode()
    except SourceProblem:
        return b""
