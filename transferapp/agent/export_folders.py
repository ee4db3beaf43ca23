"""The outbox's memory of the folders of exports: which items go where, and how the outermost
folders are called in the destination.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

import sqlalchemy as sa
from pydantic import TypeAdapter

from transferapp.agent import schema
from transferapp.client.placement import Placement, PlacementStage
from transferapp.model.export_places import ItemPlace, PlacedImage
from transferapp.model.transfers import TransferDetails, TransferItem

_EXPORTS, _ITEMS, _TOPS = schema.exports, schema.export_items, schema.top_folders
_PLACE = TypeAdapter(ItemPlace)

Opened = Callable[[], AbstractContextManager[sa.Connection]]


@dataclass(frozen=True, slots=True)
class ExportItem:
    """An item of an export, with its place."""

    item_id: str
    name: str
    place: ItemPlace


@dataclass(frozen=True, slots=True)
class KnownExport:
    """What the server has said of an export."""

    form: str
    repository: str


class ExportFolders:
    """What is known of exports as wholes. All methods block."""

    def __init__(self, write: Opened, read: Opened) -> None:
        """Use ``Outbox.folders``; ``write`` and ``read`` open its transactions."""
        self._write = write
        self._read = read

    def known(self, transfer_id: str) -> KnownExport | None:
        """Return what the server has said; None before it was asked."""
        query = sa.select(_EXPORTS).where(_EXPORTS.c.transfer_id == transfer_id)
        with self._read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else KnownExport(row.form, row.repository)

    def keep(self, details: TransferDetails) -> None:
        """Remember what the server says, once: it does not change any more.

        Exports of which something has a placement already go on side by side.
        """
        transfer_id = details.transfer.id
        placed = sa.select(schema.placements.c.item_id).join(
            schema.items, schema.items.c.item_id == schema.placements.c.item_id
        )
        begun = placed.where(schema.items.c.transfer_id == transfer_id).limit(1)
        with self._write() as connection:
            flat = connection.scalar(begun) is not None
            connection.execute(
                sa.insert(_EXPORTS),
                {
                    "transfer_id": transfer_id,
                    "form": details.transfer.form,
                    "repository": details.repository,
                },
            )
            rows = list(_rows(details, flat=flat))
            if rows:
                connection.execute(sa.insert(_ITEMS), rows)

    def items(self, transfer_id: str) -> list[ExportItem]:
        """List the items of an export in order, also those whose files are not known."""
        query = (
            sa.select(_ITEMS)
            .where(_ITEMS.c.transfer_id == transfer_id)
            .order_by(_ITEMS.c.position)
        )
        with self._read() as connection:
            return [
                ExportItem(row.item_id, row.name, _PLACE.validate_json(row.place))
                for row in connection.execute(query)
            ]

    def tops(self, transfer_id: str) -> dict[str, Placement]:
        """Return the outermost folders of an export by the names that it wants."""
        query = sa.select(_TOPS).where(_TOPS.c.transfer_id == transfer_id)
        with self._read() as connection:
            rows = connection.execute(query).all()
        return {
            row.wanted: replace(
                top_folder(row.wanted, row.name),
                part=row.part,
                stage=PlacementStage(row.stage),
            )
            for row in rows
        }

    def keep_top(self, transfer_id: str, top: Placement) -> None:
        """Remember how an outermost folder is now."""
        mine = sa.and_(_TOPS.c.transfer_id == transfer_id, _TOPS.c.wanted == top.wanted)
        values = {"name": top.name, "part": top.part, "stage": top.stage}
        with self._write() as connection:
            if not connection.execute(sa.update(_TOPS).where(mine).values(**values)).rowcount:
                key = {"transfer_id": transfer_id, "wanted": top.wanted}
                connection.execute(sa.insert(_TOPS), {**key, **values})


def top_folder(wanted: str, name: str) -> Placement:
    """Return the placement of an outermost folder: like an item that has no files."""
    return Placement(wanted, single=False, distinguishing=(), tag="", name=name, part="").anew()


def below(tops: Mapping[str, Placement], way: tuple[str, ...]) -> tuple[str, ...]:
    """Return a way of folders with the name that the outermost one has."""
    top = tops.get(way[0]) if way else None
    return (top.name, *way[1:]) if top else way


def _rows(details: TransferDetails, *, flat: bool) -> Iterator[dict[str, object]]:
    places = {place.item_id: place for place in details.places}
    for position, item in enumerate(details.items):
        place = places.get(item.id) or _place_of(item)
        if flat:
            place = replace(place, folder=(), field="")
        value = _PLACE.dump_python(place, mode="json", exclude_defaults=True)
        yield {
            "item_id": item.id,
            "transfer_id": details.transfer.id,
            "position": position,
            "name": item.name,
            "place": json.dumps(value),
        }


def _place_of(item: TransferItem) -> ItemPlace:
    """Return what an item says where the server has decided nothing."""
    return ItemPlace(images=tuple(PlacedImage(one, item.name) for one in item.image_ids))
