"""The outbox's memory of where the items of exports go, decided before their first byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import PurePath

import sqlalchemy as sa

from transferapp.agent import schema
from transferapp.client.placement import Placement, PlacementStage
from transferapp.client.placing import PlacedFile
from transferapp.host.storable_names import same_name
from transferapp.model.stages import ENDED_STAGES, ItemStage

_PLACEMENTS, _ITEMS, _FILES = schema.placements, schema.items, schema.files

Opened = Callable[[], AbstractContextManager[sa.Connection]]


class Placements:
    """Placements by item. All methods block."""

    def __init__(self, write: Opened, read: Opened) -> None:
        """Use ``Outbox.placements``; ``write`` and ``read`` open its transactions."""
        self._write = write
        self._read = read

    def of(self, item_id: str) -> Placement | None:
        """Return an item's placement; None for an import's item, or one without files."""
        return self._found(_PLACEMENTS.c.item_id == item_id).get(item_id)

    def of_transfer(self, transfer_id: str) -> dict[str, Placement]:
        """Return the placements of a transfer by item id, in the items' order."""
        return self._found(_ITEMS.c.transfer_id == transfer_id)

    def promised(self, destination: str) -> set[str]:
        """Return the names in a destination itself that exports have, which have not ended:
        of what lies side by side there, and of outermost folders; see ``same_name``.
        """
        submissions, tops = schema.submissions, schema.top_folders
        going_on = sa.and_(
            submissions.c.destination == destination, sa.not_(submissions.c.ended)
        )
        items = (
            sa.select(_PLACEMENTS.c.name)
            .join(_ITEMS, _ITEMS.c.item_id == _PLACEMENTS.c.item_id)
            .join(submissions, submissions.c.transfer_id == _ITEMS.c.transfer_id)
            .where(going_on, _PLACEMENTS.c.folder == "[]")
        )
        folders = (
            sa.select(tops.c.name)
            .join(submissions, submissions.c.transfer_id == tops.c.transfer_id)
            .where(going_on)
        )
        with self._read() as connection:
            return {same_name(name) for name in connection.scalars(sa.union(items, folders))}

    def begun(self, transfer_id: str) -> bool:
        """Say whether anything of a transfer has been on disk."""
        query = (
            sa.select(_ITEMS.c.item_id)
            .join(_PLACEMENTS, _PLACEMENTS.c.item_id == _ITEMS.c.item_id)
            .where(
                _ITEMS.c.transfer_id == transfer_id,
                _PLACEMENTS.c.stage != PlacementStage.PLANNED,
            )
            .limit(1)
        )
        with self._read() as connection:
            return connection.scalar(query) is not None

    def unwanted(self, transfer_id: str) -> dict[str, Placement]:
        """Return the placements of items that ended half-way, cancelled or failed."""
        return self._found(
            _ITEMS.c.transfer_id == transfer_id,
            _ITEMS.c.stage.in_(ENDED_STAGES - {ItemStage.DONE}),
            _PLACEMENTS.c.stage.in_((PlacementStage.GROWING, PlacementStage.MOVING)),
        )

    def item_ids(self, transfer_id: str) -> set[str]:
        """Return the ids of a transfer's items that have a placement."""
        query = (
            sa.select(_ITEMS.c.item_id)
            .join(_PLACEMENTS, _PLACEMENTS.c.item_id == _ITEMS.c.item_id)
            .where(_ITEMS.c.transfer_id == transfer_id)
        )
        with self._read() as connection:
            return set(connection.scalars(query))

    def complete(self, transfer_id: str) -> list[str]:
        """List the open items of a transfer all of whose files are here."""
        files = sa.select(_FILES.c.item_id)
        query = (
            sa.select(_ITEMS.c.item_id)
            .where(
                _ITEMS.c.transfer_id == transfer_id,
                _ITEMS.c.stage == ItemStage.OPEN,
                _ITEMS.c.item_id.in_(files),
                _ITEMS.c.item_id.not_in(files.where(sa.not_(_FILES.c.done))),
            )
            .order_by(_ITEMS.c.position)
        )
        with self._read() as connection:
            return list(connection.scalars(query))

    def files_left(self, item_id: str) -> int:
        """Count the files of an item that are not here."""
        query = (
            sa.select(sa.func.count())
            .select_from(_FILES)
            .where(_FILES.c.item_id == item_id, sa.not_(_FILES.c.done))
        )
        with self._read() as connection:
            return connection.scalar(query) or 0

    def sums_of_complete(self, item_id: str) -> dict[str, str]:
        """Return the SHA-1 by file id of an open item that has all its files; else nothing."""
        query = (
            sa.select(_FILES.c.file_id, _FILES.c.sha1, _FILES.c.done)
            .join(_ITEMS, _ITEMS.c.item_id == _FILES.c.item_id)
            .where(_FILES.c.item_id == item_id, _ITEMS.c.stage == ItemStage.OPEN)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return {row.file_id: row.sha1 for row in rows} if all(row.done for row in rows) else {}

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

    def _found(self, *conditions: sa.ColumnElement[bool]) -> dict[str, Placement]:
        query = (
            sa.select(_PLACEMENTS)
            .join(_ITEMS, _ITEMS.c.item_id == _PLACEMENTS.c.item_id)
            .where(*conditions)
            .order_by(_ITEMS.c.position)
        )
        with self._read() as connection:
            rows = connection.execute(query).mappings()
            return {row["item_id"]: _placement(row) for row in rows}


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
        "tells": json.dumps(placement.distinguishing),
        "tag": placement.tag,
        "name": placement.name,
        "part": placement.part,
        "stage": placement.stage,
        "folder": json.dumps(placement.folder),
    }


def _placement(row: sa.RowMapping) -> Placement:
    return Placement(
        wanted=row["wanted"],
        single=row["single"],
        distinguishing=tuple(json.loads(row["tells"])),
        tag=row["tag"],
        name=row["name"],
        part=row["part"],
        stage=PlacementStage(row["stage"]),
        folder=tuple(json.loads(row["folder"])),
    )
