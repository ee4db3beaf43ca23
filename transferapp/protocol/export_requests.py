"""What may be asked of an export: which images, which part of them, in which form."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.protocol.messages import MAX_ITEMS, Message, Name
from transferapp.protocol.numbers import Number

#: Containers of one request, and wells, and tags.
MAX_CONTAINERS = 1000
#: Images of one export; as many may be named.
MAX_IMAGES = 100_000
Tag = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=4096)]
#: A part of names; databases hold no NUL.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=1024)]
UserName = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=255)]
#: ``NAME:`` or ``NAME:a/b``; what a name is says ``places.settings``.
To = Annotated[
    str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{1,30}:[^\x00-\x1f]{0,1024})?$")
]
Ref = Annotated[str, StringConstraints(pattern=r"^[A-Z][a-z]+:[0-9]{1,19}$")]


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
    image_ids: list[Number] = Field(default=[], max_length=MAX_IMAGES)
    #: All images in these ("Dataset:5", "Project:3"); the server looks them up.
    containers: list[Ref] = Field(default=[], max_length=MAX_CONTAINERS)
    #: All images of these wells, and all with one of these tags.
    wells: list[Number] = Field(default=[], max_length=MAX_CONTAINERS)
    tags: list[Tag] = Field(default=[], max_length=MAX_CONTAINERS)
    #: Of containers, wells and tags only the images whose names hold this; where none of them
    #: is given, all such images that the person may see.
    text: Text = ""
    #: Leave out what is gone, or not to be seen, instead of refusing the export.
    skip_missing: bool = False
    form: ExportForm = ExportForm.ORIGINALS
    cut: AskedCut | None = None
    #: Beside each image what is known of it as JSON, and its ROIs as CSV.
    with_annotations: bool = False
    #: Sorted into folders as in the repository, or all side by side.
    layout: ExportLayout = ExportLayout.TREE
    #: The place that a worker brings it to, and a folder there; empty: a workstation
    #: fetches it.
    to: To = ""
    #: All that this person owns, with ``archive.jsonl``: an archive. Only she may ask for it,
    #: and administrators. Nothing else is chosen then.
    owner: UserName = ""

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if not (self._chooses or self.owner):
            raise ValueError("name images, containers, wells, tags, or a text to search for")
        return self

    @model_validator(mode="after")
    def _archives_are_whole(self) -> Self:
        is_usual = not self.form.converts and self.layout is ExportLayout.TREE
        if self.owner and (self._chooses or not is_usual):
            raise ValueError("an archive is of all originals of a person: choose nothing else")
        return self

    @model_validator(mode="after")
    def _only_pixels_are_cut(self) -> Self:
        if self.cut is not None and not self.form.converts:
            raise ValueError("original files come whole: choose another form for a part")
        return self

    @model_validator(mode="after")
    def _only_what_is_made_has_annotations(self) -> Self:
        if self.with_annotations and not self.form.converts:
            raise ValueError("original files come alone: choose another form for annotations")
        return self

    @property
    def _chooses(self) -> bool:
        asked = self.image_ids, self.containers, self.wells, self.tags, self.text
        return any(asked)

    def spec(self) -> ExportSpec:
        """Return what is asked for of each image."""
        return ExportSpec(self.form, self._cut(), self.with_annotations, self.layout)

    def _cut(self) -> Cut | None:
        if self.cut is None:
            return None
        asked = self.cut.model_dump(exclude={"level", "channels"}, exclude_none=True)
        spans = {axis: Span(**span) for axis, span in asked.items()}
        return Cut(self.cut.level, channels=tuple(self.cut.channels), **spans)


def export_body(request: ExportRequest) -> str:
    """Return a request as JSON, such that an earlier server takes what it can."""
    used = {"name", *request.model_dump(exclude_defaults=True)}
    return request.model_dump_json(include=used)


def asked_cut(cut: Cut | None) -> AskedCut | None:
    """Return how a part of an image is asked for."""
    if cut is None:
        return None
    return AskedCut.model_validate(asdict(cut) | {"channels": list(cut.channels)})
