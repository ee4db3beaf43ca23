"""What a DICOM file says of its image, in this program's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from transferapp.repositories.local.readers.colour import MASK_WINDOW, rgb_channels
from transferapp.repositories.local.readers.dicom_file import DicomFile
from transferapp.repositories.local.readers.lengths import pixel_size
from transferapp.repositories.local.readers.moments import moment_of
from transferapp.repositories.local.readers.port import ChannelHint

if TYPE_CHECKING:
    from pydicom import Dataset

_MICROMETRES_PER_MM = 1e3
#: Of the image's type: original or derived, primary or secondary, then what it shows.
_PART = 2


def part_of(file: DicomFile) -> str:
    """Return what it shows ("AXIAL", "LABEL"), as Bio-Formats names its images."""
    kind = file.stated.get("ImageType") or ""
    parts = [kind] if isinstance(kind, str) else [str(part) for part in kind]
    return parts[_PART] if len(parts) > _PART else parts[-1]


def pixel_size_um(file: DicomFile) -> tuple[float | None, float | None, float | None]:
    """Return micrometres (z, y, x), as far as they are said of the object, not the detector."""
    z = y = x = None
    for stated in _places(file.stated):
        if y is None:
            y, x = [*_lengths(stated, "PixelSpacing"), None, None][:2]
        if z is None and not file.is_slide:
            z = [*_lengths(stated, "SpacingBetweenSlices"), None][0]
    return z, y, x


def _lengths(stated: Dataset, keyword: str) -> list[float | None]:
    """Return micrometres of millimetres; nothing of what are no numbers."""
    found = stated.get(keyword)
    if found is None:
        return []
    try:
        edges = [float(edge) for edge in (found if isinstance(found, Sequence) else [found])]
    except (TypeError, ValueError):
        return []
    return [pixel_size(edge * _MICROMETRES_PER_MM) for edge in edges]


def acquired_at(file: DicomFile) -> datetime | None:
    """Return when it was acquired; a zone is seldom named."""
    whole = file.text("AcquisitionDateTime")
    date, time = file.text("AcquisitionDate").replace(".", ""), file.text("AcquisitionTime")
    text = whole or (date + time.replace(":", "") if time else date)
    # ISO 8601 without its dashes: a T stands before the time.
    return moment_of(f"{text[:8]}T{text[8:]}" if len(text) > len("20260131") else text)


def channel_hints(file: DicomFile) -> tuple[ChannelHint, ...]:
    """Return the channels of a frame."""
    if file.is_coloured:
        return rgb_channels(file.dtype)
    return (ChannelHint(window=MASK_WINDOW if file.is_mask else None),)


def _places(stated: Dataset) -> Iterator[Dataset]:
    """Yield where lengths may be said: at the top, or in a group that all frames share."""
    yield stated
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in (stated.get(name) or [])[:1]:
            yield from (group.get("PixelMeasuresSequence") or [])[:1]
