"""What ``archive.jsonl`` says of a person's containers and images, read as that person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from transferapp.archive.lines import (
    Annotations,
    ChannelName,
    ContainerLine,
    ImageLine,
    Length,
    Well,
)
from transferapp.conversion.annotation_documents import annotations_value, roi_value
from transferapp.errors import ImageNotFound, NoSuchFile
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.descriptions import ContainerDescription, ImageDescription
from transferapp.model.export_places import ImageLocation
from transferapp.model.images import Annotation
from transferapp.model.plausible import plausible_um
from transferapp.operations.read_rois import rois_within_limits
from transferapp.repositories.port import RepositorySession

#: What repositories take at once.
AT_ONCE = 1000
#: The outer kinds first: parents come before their children.
_ORDER = tuple(ContainerKind)
_GONE = "It was deleted, or its owner may not see it any more, before it was described."

_NO_ROIS = "Its ROIs could not be read: the original file that has them is gone."


@dataclass(frozen=True, slots=True)
class ArchivedImages:
    """The images of an archive: ``ids`` in the order of their lines, and their items."""

    ids: tuple[int, ...]
    items: Mapping[int, str]
    #: They are in no item.
    without_originals: frozenset[int]

    @property
    def page_count(self) -> int:
        """How many pages they fill."""
        return -(-len(self.ids) // AT_ONCE)

    @property
    def pages(self) -> Iterator[tuple[int, ...]]:
        """All ids, page by page."""
        return map(self.page, range(self.page_count))

    def page(self, number: int) -> tuple[int, ...]:
        """Return the ids of a page."""
        return self.ids[number * AT_ONCE : (number + 1) * AT_ONCE]


def archived_images(items: Mapping[int, str], lone: Iterable[int]) -> ArchivedImages:
    """Return the images of an archive: those in items, and those without original files."""
    without = frozenset(lone)
    return ArchivedImages(tuple(sorted({*items, *without})), items, without)


async def container_lines(
    session: RepositorySession, images: ArchivedImages
) -> list[ContainerLine]:
    """Return the containers that the person owns, those that hold an image of hers, and all
    that hold these, parents before children.
    """
    missing = set(await session.descriptions.owned())
    for ids in images.pages:
        for place in await session.containers.locate(ids):
            missing |= {one.ref for one in place.containers}
    found: dict[ContainerRef, ContainerDescription] = {}
    asked: set[ContainerRef] = set()
    while missing:
        for refs in _batches(sorted(missing, key=_place)):
            described = await session.descriptions.containers(refs)
            found |= {one.ref: one for one in described}
        asked |= missing
        missing = {above for one in found.values() for above in one.parents} - asked
    groups = _groups(session)
    return [_container_line(found[ref], groups, found) for ref in sorted(found, key=_place)]


async def image_lines(
    session: RepositorySession, images: ArchivedImages, ids: Sequence[int]
) -> AsyncIterator[ImageLine]:
    """Yield the lines of a page of images, also of those that are gone meanwhile."""
    found = {one.summary.id: one for one in await session.descriptions.images(ids)}
    places: dict[int, list[ImageLocation]] = defaultdict(list)
    for place in await session.containers.locate(ids):
        places[place.image_id].append(place)
    groups = _groups(session)
    for image_id in ids:
        line = ImageLine(
            id=image_id,
            item=images.items.get(image_id, ""),
            without_originals=image_id in images.without_originals,
        )
        more: dict[str, object] = {"problem": _GONE}
        with suppress(ImageNotFound):
            if image_id in found:
                stated = await _stated(session, found[image_id], groups)
                more = stated | _lies(places[image_id])
        yield line.model_copy(update=more)


async def _stated(
    session: RepositorySession, found: ImageDescription, groups: Mapping[int, str]
) -> dict[str, object]:
    """Return the fields of a line that say what an image is; raises ImageNotFound."""
    summary = found.summary
    sizes_um = zip("zyx", found.pixel_size_um, strict=True)
    fields: dict[str, object] = {
        "series": found.series,
        "name": summary.name,
        "description": found.description,
        "group": groups.get(summary.group_id, ""),
        "acquired_at": summary.acquired_at,
        "sizes": {axis: getattr(summary, f"size_{axis}") for axis in "tczyx"},
        "pixel_type": summary.dtype,
        "physical_sizes": {
            axis: Length(value=size_um, unit="µm")
            for axis, size_um in sizes_um
            if size_um is not None and plausible_um(size_um)
        },
        "channels": tuple(
            ChannelName(name=one.name, color=one.color.removeprefix("#"))
            for one in found.channels
        ),
        "annotations": _annotations(found.annotations),
    }
    if found.may_have_rois:
        try:
            kept = await rois_within_limits(session.images, summary.id)
        except NoSuchFile:
            return fields | {"problem": _NO_ROIS}
        fields["rois"] = tuple(map(roi_value, kept.rois))
        fields["rois_left_out"] = kept.left_out
    return fields


def _lies(places: Sequence[ImageLocation]) -> dict[str, object]:
    """Return the fields of a line that say where an image lies."""
    inner = dict.fromkeys(str(one.containers[-1].ref) for one in places if one.containers)
    wells = (
        Well(
            plate=str(one.containers[-1].ref),
            row=one.well.row,
            column=one.well.column,
            field=one.well.field,
        )
        for one in places
        if one.well is not None and one.containers
    )
    return {"containers": tuple(inner), "well": next(wells, None)}


def _container_line(
    found: ContainerDescription,
    groups: Mapping[int, str],
    known: Container[ContainerRef],
) -> ContainerLine:
    return ContainerLine(
        ref=str(found.ref),
        name=found.name,
        description=found.description,
        parents=tuple(str(above) for above in found.parents if above in known),
        owner=found.owner,
        group=groups.get(found.group_id, ""),
        annotations=_annotations(found.annotations),
    )


def _annotations(found: Sequence[Annotation]) -> Annotations:
    return Annotations.model_validate(annotations_value(found))


def _groups(session: RepositorySession) -> dict[int, str]:
    return {group.id: group.name for group in session.identity.groups}


def _place(ref: ContainerRef) -> tuple[int, int]:
    return _ORDER.index(ref.kind), ref.id


def _batches(refs: list[ContainerRef]) -> list[list[ContainerRef]]:
    return [refs[start : start + AT_ONCE] for start in range(0, len(refs), AT_ONCE)]
