"""What may be asked of an export: which images, which part of them, in which form."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.protocol.messages import MAX_ITEMS, Message, Name
from transferapp.protocol.numbers import Number


class AskedSpan(Message):
    """``count`` from ``first`` on, counted from 0."""

    first: Number
    count: Number


class AskedCut(Message):
    """Which part of each image; what is left out is whole. ``y`` and ``x`` are pixels of
    level 0.
    """

    level: Number = 0
    t: AskedSpan | None = None
    z: AskedSpan | None = None
    y: AskedSpan | None = None
    x: AskedSpan | None = None
    channels: list[Number] = Field(default=[], max_length=MAX_ITEMS)


class ExportRequest(Message):
    """Ask for images: the files as they were imported, or another form of all or a part."""

    name: Name
    image_ids: list[Number] = Field(min_length=1, max_length=MAX_ITEMS)
    form: ExportForm = ExportForm.ORIGINALS
    cut: AskedCut | None = None

    @model_validator(mode="after")
    def _only_pixels_are_cut(self) -> Self:
        if self.cut is not None and not self.form.converts:
            raise ValueError("original files come whole: choose another form for a part")
        return self

    def spec(self) -> ExportSpec:
        """Return what is asked for of each image."""
        if self.cut is None:
            return ExportSpec(self.form)
        asked = self.cut.model_dump(exclude={"level", "channels"}, exclude_none=True)
        spans = {axis: Span(**span) for axis, span in asked.items()}
        cut = Cut(self.cut.level, channels=tuple(self.cut.channels), **spans)
        return ExportSpec(self.form, cut)
