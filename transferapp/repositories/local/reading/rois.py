"""The ROIs that the original files of an image hold: those in the OME-XML of its first file."""

from __future__ import annotations

from pathlib import Path

from transferapp.errors import SourceProblem
from transferapp.model.rois import Roi
from transferapp.ome.reading import parse, read_bytes
from transferapp.ome.rois import rois_of_image
from transferapp.repositories.local.pixels.regions import ImagePlace
from transferapp.repositories.local.readers.tiff_files import open_tiff, tiff_failures

_TIFF = (b"II", b"MM")
_XML = (".ome", ".xml")


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
