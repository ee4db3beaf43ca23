"""How large the pixels of a part of an image are, from what lists show of the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferapp.conversion.picture import MOST_EDGE_PX, MOST_PIXELS
from transferapp.errors import UnsupportedFile
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.model.images import ImageSummary
from transferapp.model.pixel_types import shown_as

_OTHER_NAMES = {"float": "float32", "double": "float64"}
_PICTURES = frozenset({ExportForm.PNG, ExportForm.JPEG})
_ZARRS = frozenset({ExportForm.OME_ZARR, ExportForm.OME_ZARR_04})
_COLOURS = 3
#: NAME.json and NAME.rois.csv (conversion/annotation_files.py).
_ANNOTATION_FILES = 2


@dataclass(frozen=True, slots=True)
class PartEstimate:
    """Bytes of a part's pixels, not compressed; ``files`` is None where nobody knows before.

    ``reason`` says why it cannot be made; empty where it can, as far as is known.
    """

    size_bytes: int = 0
    files: int | None = 0
    reason: str = ""


def estimated_part(image: ImageSummary, spec: ExportSpec) -> PartEstimate:
    """Estimate what a worker would make of an image; levels are taken to halve."""
    cut = spec.cut or Cut()
    try:
        dtype = np.dtype(shown_as(_OTHER_NAMES.get(image.dtype, image.dtype)))
        t = _count("time points", cut.t, image.size_t)
        z = _count("planes", cut.z, image.size_z)
        height = _count("rows", cut.y, image.size_y) >> cut.level or 1
        width = _count("columns", cut.x, image.size_x) >> cut.level or 1
        channels = _channels(cut, image)
    except UnsupportedFile as error:
        return PartEstimate(reason=str(error))
    pixels = t * z * height * width
    beside = _ANNOTATION_FILES if spec.with_annotations else 0
    if spec.form in _PICTURES:
        if max(height, width) > MOST_EDGE_PX or height * width > MOST_PIXELS:
            return PartEstimate(reason="It is too large for a picture.")
        return PartEstimate(pixels * _COLOURS, t * z + beside)
    files = None if spec.form in _ZARRS else 1 + beside
    return PartEstimate(pixels * channels * dtype.itemsize, files)


def _count(what: str, span: Span | None, size: int) -> int:
    if span is None:
        return size
    if span.first + span.count > size or not span.count:
        raise UnsupportedFile(f"It has {size:,} {what}.")
    return span.count


def _channels(cut: Cut, image: ImageSummary) -> int:
    if not set(cut.channels) <= set(range(image.size_c)):
        raise UnsupportedFile(f"It has {image.size_c:,} channels.")
    return len(cut.channels) or image.size_c
