"""What a person wants of the images of an export: in which form, and which part of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from transferapp.model.export_places import ExportLayout


class ExportForm(StrEnum):
    """The forms in which images are exported."""

    #: The files as they were imported.
    ORIGINALS = "originals"
    OME_TIFF = "ome-tiff"
    #: OME-Zarr 0.5, in shards.
    OME_ZARR = "ome-zarr"
    OME_ZARR_04 = "ome-zarr-0.4"
    #: As it is displayed, one file for each plane.
    PNG = "png"
    JPEG = "jpeg"

    @property
    def converts(self) -> bool:
        """Whether a worker makes its files; originals are there already."""
        return self is not ExportForm.ORIGINALS


@dataclass(frozen=True, slots=True)
class Span:
    """``count`` planes, time points or pixels from ``first`` on, counted from 0."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of an image; what is None or empty is whole.

    ``y`` and ``x`` are in pixels of level 0, whatever ``level`` (0 is full size) is made.
    """

    level: int = 0
    t: Span | None = None
    z: Span | None = None
    y: Span | None = None
    x: Span | None = None
    channels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportSpec:
    """In which form an export's images come, which part of each, and in which folders."""

    form: ExportForm = ExportForm.ORIGINALS
    cut: Cut | None = None
    #: Whether what is known of each image and its ROIs come with it, as JSON and CSV.
    with_annotations: bool = False
    layout: ExportLayout = ExportLayout.TREE


#: What was asked for before there was a choice.
_FIRST = ExportSpec(layout=ExportLayout.FLAT)


def spec_value(spec: ExportSpec) -> dict[str, Any]:
    """Return a spec as JSON values, to be kept."""
    return {
        "form": str(spec.form),
        "cut": asdict(spec.cut) if spec.cut else None,
        "with_annotations": spec.with_annotations,
        "layout": str(spec.layout),
    }


def spec_of(value: dict[str, Any] | None) -> ExportSpec:
    """Read what ``spec_value`` made; None is the original files, side by side. Raises
    ValueError.
    """
    if value is None:
        return _FIRST
    cut = value["cut"]
    return ExportSpec(
        ExportForm(value["form"]),
        _cut_of(cut) if cut else None,
        # Exports that were asked for before there were these choices.
        bool(value.get("with_annotations")),
        ExportLayout(value.get("layout", _FIRST.layout)),
    )


def _cut_of(value: dict[str, Any]) -> Cut:
    spans = {axis: Span(**value[axis]) if value[axis] else None for axis in "tzyx"}
    return Cut(value["level"], channels=tuple(value["channels"]), **spans)
