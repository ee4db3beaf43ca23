"""The outbox's memory of where the items of exports go, decided before their first byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import PurePath

import sqlalchemy as sa

from transferapp.agent import schema
from transferapp.agent.records import ItemStage
from transferapp.client.names import same_name
from transferapp.client.placement import Placement, PlacementStage
from transferapp.client.placing import PlacedFile

_PLACEMENTS, _ITEMS, _FILES = schema.placements, schema.items, schema.files

#: Something of it may be on disk, under no name of its own.
_HALF_WAY = frozenset({PlacementStage.GROWING, PlacementStage.MOVING})

Opened = Callable[[], AbstractContextManager[sa.Connection]]


class Placements:
    """Placements by item. All methods block."""

    def __init__(self, write: Opened, read: Opened) -> None:
        """Use ``Outbox.placements``; ``write`` and ``read`` open its transactions."""
        self._write = write
        self._read = read

    def of(self, item_id: str) -> Placement | None:
        """Return an item's placement; None for an import's item, or one without files."""
        query = sa.select(_PLACEMENTS).where(_PLACEMENTS.c.item_id == item_id)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        return _placement(row) if row is not None else None

    def of_transfer(self, transfer_id: str) -> dict[str, Placement]:
        """Return the placements of a transfer by item id, in the items' order."""
        query = (
            sa.select(_PLACEMENTS)
            .join(_ITEMS, _ITEMS.c.item_id == _PLACEMENTS.c.item_id)
            .where(_ITEMS.c.transfer_id == transfer_id)
            .order_by(_ITEMS.c.position)
        )
        with self._read() as connection:
            rows = connection.execute(query).mappings()
            return {row["item_id"]: _placement(row) for row in rows}

    def promised(self, destination: str) -> set[str]:
        """Return the names in a destination that placements have; see ``same_name``."""
        query = (
            sa.select(_PLACEMENTS.c.name)
            .join(_ITEMS, _ITEMS.c.item_id == _PLACEMENTS.c.item_id)
            .join(
                schema.submissions,
                schema.submissions.c.transfer_id == _ITEMS.c.transfer_id,
            )
            .where(
                schema.submissions.c.destination == destination,
                sa.not_(schema.submissions.c.ended),
            )
        )
        with self._read() as connection:
            return {same_name(name) for name in connection.scalars(query)}

    def begun(self, transfer_id: str) -> bool:
        """Say whether anything of a transfer has been on disk."""
        found = self.of_transfer(transfer_id).values()
        return any(placement.stage is not PlacementStage.PLANNED for placement in found)

    def unwanted(self, transfer_id: str) -> dict[str, Placement]:
        """Return the placements of items that ended otherwise than delivered, half-way."""
        query = sa.select(_ITEMS.c.item_id).where(
            _ITEMS.c.transfer_id == transfer_id,
            _ITEMS.c.stage.in_((ItemStage.CANCELLED, ItemStage.FAILED)),
        )
        with self._read() as connection:
            ended = set(connection.scalars(query))
        return {
            item_id: placement
            for item_id, placement in self.of_transfer(transfer_id).items()
            if item_id in ended and placement.stage in _HALF_WAY
        }

    def keep(self, item_id: str, placement: Placement) -> None:
        """Remember how a placement is now."""
        with self._write() as connection:
            connection.execute(
                sa.update(_PLACEMENTS)
                .where(_PLACEMENTS.c.item_id == item_id)
                .values(**_values(placement))
            )

    def files(self, item_id: str) -> list[PlacedFile]:
        """List the files of an item as they stand in its folder."""
        with self._read() as connection:
            rows = connection.execute(sa.select(_FILES).where(_FILES.c.item_id == item_id))
            return [
                PlacedFile(row.file_id, PurePath(row.path), row.size_bytes, row.sha1)
                for row in rows
            ]

    def fetch_again(self, file_ids: Collection[str]) -> None:
        """Take files for not fetched."""
        if not file_ids:
            return
        with self._write() as connection:
            connection.execute(
                sa.update(_FILES)
                .where(_FILES.c.file_id == sa.bindparam("id"))
                .values(done=False, offset=0),
                [{"id": file_id} for file_id in file_ids],
            )

    def begin_anew(self, item_id: str) -> None:
        """Take all of an item for not fetched, to arrive in another part."""
        placement = self.of(item_id)
        if placement is None:
            return
        with self._write() as connection:
            connection.execute(
                sa.update(_FILES)
                .where(_FILES.c.item_id == item_id)
                .values(done=False, offset=0)
            )
            connection.execute(
                sa.update(_PLACEMENTS)
                .where(_PLACEMENTS.c.item_id == item_id)
                .values(**_values(placement.anew()))
            )


def adding(
    item_id: str, placement: Placement, sums: Iterable[tuple[str, str]]
) -> Callable[[sa.Connection], None]:
    """Return what stores a new item's placement, and the SHA-1 of its files by id."""
    rows = [{"id": file_id, "sum": sha1} for file_id, sha1 in sums]

    def add(connection: sa.Connection) -> None:
        values = {"item_id": item_id, **_values(placement)}
        connection.execute(sa.insert(_PLACEMENTS), values)
        connection.execute(
            sa.update(_FILES)
            .where(_FILES.c.file_id == sa.bindparam("id"))
            .values(sha1=sa.bindparam("sum")),
            rows,
        )

    return add


def _values(placement: Placement) -> dict[str, object]:
    return {
        "wanted": placement.wanted,
        "single": placement.single,
        "tells": json.dumps(placement.tells),
        "tag": placement.tag,
        "name": placement.name,
        "part": placement.part,
        "stage": placement.stage,
    }


def _placement(row: sa.RowMapping) -> Placement:
    return Placement(
        wanted=row["wanted"],
        single=row["single"],
        tells=tuple(json.loads(row["tells"])),
        tag=row["tag"],
        name=row["name"],
        part=row["part"],
        stage=PlacementStage(row["stage"]),
    )
