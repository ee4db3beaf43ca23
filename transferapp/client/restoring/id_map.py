"""Which new ids the containers and images of an archive have, and why others have none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from transferapp.client.restoring.filesets import (
    LOOSE_IMAGES,
    LOOSE_PLATES,
    ROIS_LEFT_OUT,
    ArchivedFileset,
    RestorePlan,
    kind_of,
    plate_of,
    rois_left_out,
)
from transferapp.client.restoring.source import ArchivedImage, ArchiveSource
from transferapp.client.restoring.state import RestoreState
from transferapp.errors import ImageNotFound, TargetNotFound, TransferNotFound
from transferapp.host.csv_text import CSV_MARK, csv_cell, csv_lines
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.export_places import WellField
from transferapp.model.images import ImageDetails, ImageSummary
from transferapp.model.restoring import is_at
from transferapp.model.transfers import DONE_STATES, ENDED_STATES, TransferDetails, TransferItem
from transferapp.protocol.messages import Page

COLUMNS = ("kind", "old_id", "new_id", "name", "reason")
NOT_YET = "It was not handed over yet."
UNDER_WAY = "It is not imported yet."
FORGOTTEN = "The server has forgotten this import."
OTHER_IMAGE = (
    "The repository makes other images of these files: none of this size at its place."
)
NOT_MADE = "It was not made."
_LISTED = 1000


class ShowsImages(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def transfer(self, transfer_id: str, *, files: bool = False) -> TransferDetails:
        """Return a transfer with its items."""

    async def containers(
        self, parent: ContainerRef | None = None, *, kind: ContainerKind | None = None
    ) -> list[Container]:
        """List what is in a container."""

    async def images(
        self, container: ContainerRef | None = None, *, after: str = "", limit: int = 100
    ) -> Page[ImageSummary]:
        """List the images in a container."""

    async def image(self, image_id: int) -> ImageDetails:
        """Return all of one image; raises ImageNotFound."""


@dataclass(frozen=True, slots=True)
class MappedId:
    """What something of the archive is now; ``reason``: why it is nothing, or not all of it."""

    kind: str
    old_id: str
    new_id: str
    name: str
    reason: str = ""


@dataclass(slots=True)
class _Found:
    """What the server has of the archive."""

    items: dict[str, TransferItem] = field(default_factory=dict)
    summaries: dict[int, ImageSummary] = field(default_factory=dict)
    #: The plate that an image lies on now.
    plates: dict[int, ContainerRef] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)


async def id_map(
    server: ShowsImages, source: ArchiveSource, plan: RestorePlan, state: RestoreState
) -> list[MappedId]:
    """Return a row for each container, image and well of the archive; what is not restored has
    a reason.
    """
    found = await _found(server, state)
    images = [row async for row in _images(server, source, plan, state, found)]
    new_ids = {int(row.old_id): int(row.new_id) for row in images if row.new_id}
    return [
        *_containers(source, state, found, new_ids),
        *_wells(source, found, new_ids),
        *images,
    ]


def id_map_text(rows: Sequence[MappedId]) -> str:
    """Return the rows as CSV."""
    cells = (
        (row.kind, row.old_id, row.new_id, csv_cell(row.name), csv_cell(row.reason))
        for row in rows
    )
    return CSV_MARK + "".join(csv_lines([COLUMNS, *cells]))


async def _found(server: ShowsImages, state: RestoreState) -> _Found:
    found = _Found()
    for transfer_id, items in state.transfers.items():
        try:
            details = await server.transfer(transfer_id)
        except TransferNotFound:
            found.forgotten.update(items)
        else:
            found.items |= dict(zip(items, details.items, strict=False))
    for text in dict.fromkeys(state.containers.values()):
        ref = ContainerRef.parse(text)
        try:
            await _collect(server, ref, found)
        except TargetNotFound:
            continue  # Its images say so.
    return found


async def _collect(server: ShowsImages, ref: ContainerRef, found: _Found) -> None:
    if ref.kind is ContainerKind.DATASET:
        async for summary in _all_images(server, ref):
            found.summaries[summary.id] = summary
    elif ref.kind is ContainerKind.SCREEN:
        for plate in await server.containers(ref, kind=ContainerKind.PLATE):
            async for summary in _all_images(server, plate.ref):
                found.summaries[summary.id] = summary
                found.plates[summary.id] = plate.ref


async def _all_images(server: ShowsImages, ref: ContainerRef) -> AsyncIterator[ImageSummary]:
    page = await server.images(ref, limit=_LISTED)
    while True:
        for summary in page.items:
            yield summary
        if page.next is None:
            return
        page = await server.images(ref, after=page.next, limit=_LISTED)


async def _images(
    server: ShowsImages,
    source: ArchiveSource,
    plan: RestorePlan,
    state: RestoreState,
    found: _Found,
) -> AsyncIterator[MappedId]:
    by_item = {one.item.id: one for one in plan.filesets}
    places = {one.id: one for fileset in plan.filesets for one in fileset.images}
    without_rois = {id_ for one in plan.filesets for id_ in rois_left_out(one)}
    for image in source.images:
        new_id, reason = 0, plan.reasons.get(image.id, "")
        if not reason:
            placed = places[image.id]
            new_id, reason = await _new_id(server, placed, by_item[image.item], state, found)
        if new_id and image.id in without_rois:
            reason = ROIS_LEFT_OUT
        elif new_id and image.problem:
            reason = f"The archive does not have all of it: {image.problem}"
        yield MappedId("Image", str(image.id), str(new_id or ""), image.name, reason)


async def _new_id(
    server: ShowsImages,
    image: ArchivedImage,
    fileset: ArchivedFileset,
    state: RestoreState,
    found: _Found,
) -> tuple[int, str]:
    """Return the id that an image has now, or 0 and why it has none."""
    item = found.items.get(fileset.item.id)
    if item is None or item.state not in DONE_STATES:
        return 0, _why_not(fileset.item.id, item, state, found)
    place = image.place or 0
    if place >= len(item.image_ids):
        return 0, OTHER_IMAGE
    new_id = item.image_ids[place]
    summary = found.summaries.get(new_id)
    if summary is None:
        try:
            summary = (await server.image(new_id)).summary
        except ImageNotFound:
            return 0, f"Image {new_id} was made of it, and is not there any more."
    return (new_id, "") if is_at(image.sizes, summary) else (0, OTHER_IMAGE)


def _why_not(
    item_id: str, item: TransferItem | None, state: RestoreState, found: _Found
) -> str:
    if item is None:
        return state.refused.get(item_id, FORGOTTEN if item_id in found.forgotten else NOT_YET)
    if item.trouble is not None:
        return f"{item.trouble.title}. {item.trouble.message}"
    return "Its import was cancelled." if item.state in ENDED_STATES else UNDER_WAY


def _containers(
    source: ArchiveSource, state: RestoreState, found: _Found, new_ids: Mapping[int, int]
) -> Iterator[MappedId]:
    plates = _new_plates(source, found, new_ids)
    for line in source.containers.values():
        kind, _, old_id = line.ref.partition(":")
        new = plates.get(line.ref, "") or state.containers.get(line.ref, "")
        why = "" if new else _why_no_container(kind, state)
        yield MappedId(kind, old_id, new.partition(":")[2], line.name, why)
    for ref in (LOOSE_IMAGES, LOOSE_PLATES):
        if new := state.containers.get(ref, ""):
            yield MappedId(kind_of(ref), "", new.partition(":")[2], ref.partition(":")[2])


def _why_no_container(kind: str, state: RestoreState) -> str:
    if kind == ContainerKind.PLATE:
        return "None of its images is on a plate."
    if kind == ContainerKind.PROJECT and state.into:
        return f"Its datasets went into {state.into}."
    return NOT_MADE


def _new_plates(
    source: ArchiveSource, found: _Found, new_ids: Mapping[int, int]
) -> dict[str, str]:
    """Return the plates that most of the images of a plate lie on now."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for image in source.images:
        ref = found.plates.get(new_ids.get(image.id, 0))
        if (plate := plate_of(image)) and ref is not None:
            votes[plate][str(ref)] += 1
    return {plate: counted.most_common(1)[0][0] for plate, counted in votes.items()}


def _wells(
    source: ArchiveSource, found: _Found, new_ids: Mapping[int, int]
) -> Iterator[MappedId]:
    """Yield wells as plate and place; they have no ids of their own in an archive."""
    rows: dict[str, MappedId] = {}
    for image in source.images:
        if image.well is None:
            continue
        name = WellField(image.well.row, image.well.column, image.well.field).name
        old = f"{image.well.plate} {name}"
        ref = found.plates.get(new_ids.get(image.id, 0))
        if ref is not None:
            rows[old] = MappedId("Well", old, f"{ref} {name}", name)
        else:
            rows.setdefault(
                old, MappedId("Well", old, "", name, "None of its images is there.")
            )
    yield from rows.values()
