"""What lies at places, in the tables of the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import QuotaExceeded
from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade
from transferapp.ledger.port import BroughtItems, OldBroughtItems
from transferapp.ledger.stores.outbox import write_events
from transferapp.ledger.stores.rows import Row, fetch, fetch_one
from transferapp.ledger.stores.schema import (
    SCHEMA,
    brought,
    hindered_places,
    items,
    transfers,
)
from transferapp.model.brought import BroughtItem, BroughtTo
from transferapp.model.events import EventKind
from transferapp.model.moves import FINAL_STATES
from transferapp.model.transfers import ItemState

_LOCK = 0x7461_0002
#: Workers look far more often.
_HINDERED = timedelta(hours=1)
_OVER = [str(state) for state in FINAL_STATES]
_THERE = brought.c.removed_at.is_(None)


class SqlBroughtItems(BroughtItems, OldBroughtItems):
    """What lies at places, in SQLite or PostgreSQL."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine, self._clock = engine, clock
        upgrade(engine, SCHEMA)

    @override
    async def free_export(self, owner: str, place: str, export: str) -> str:
        return await asyncio.to_thread(self._free_export, owner, place, export)

    @override
    async def reserve(self, item: BroughtItem, quota_bytes: int) -> bool:
        return await asyncio.to_thread(self._reserve, item, quota_bytes)

    @override
    async def brought(self, item_id: str, mark: str, expires_at: datetime | None) -> None:
        values = {"mark": mark, "expires_at": expires_at}
        await asyncio.to_thread(self._change, brought.c.item_id == item_id, values)

    @override
    async def removed(self, item_ids: Sequence[str]) -> None:
        values = {"removed_at": self._clock.now()}
        mine = sa.and_(brought.c.item_id.in_(list(item_ids)), _THERE)
        await asyncio.to_thread(self._change, mine, values)

    @override
    async def brought_item(self, item_id: str) -> BroughtItem | None:
        found = await self._list(sa.select(brought).where(brought.c.item_id == item_id))
        return found[0] if found else None

    @override
    async def brought_of(self, transfer_id: str) -> list[BroughtItem]:
        mine = sa.select(brought).where(brought.c.transfer_id == transfer_id)
        return await self._list(mine.order_by(brought.c.seq))

    @override
    async def hindrances(self) -> dict[str, str]:
        # Older ones are of workers that have not looked since.
        lately = hindered_places.c.noted_at > self._clock.now() - _HINDERED

        def found() -> dict[str, str]:
            with reading(self._engine) as connection:
                rows = fetch(connection, sa.select(hindered_places).where(lately))
                return {row["place"]: row["message"] for row in rows}

        return await asyncio.to_thread(found)

    @override
    async def note_hindrance(self, place: str, message: str) -> None:
        await asyncio.to_thread(self._note_hindrance, place, message)

    @override
    async def used_bytes(self, owner: str, place: str) -> int:
        def used() -> int:
            with reading(self._engine) as connection:
                return _used(connection, owner, place)

        return await asyncio.to_thread(used)

    @override
    async def expired(self, place: str, now: datetime, limit: int = 500) -> list[BroughtItem]:
        due = sa.select(brought).where(
            _THERE, brought.c.place == place, brought.c.expires_at <= now
        )
        return await self._list(due.order_by(brought.c.expires_at).limit(limit))

    @override
    async def abandoned(self, limit: int = 500) -> list[BroughtItem]:
        over = sa.select(items.c.id).where(items.c.state.in_(_OVER))
        left = sa.select(brought).where(
            _THERE, brought.c.mark == "", brought.c.item_id.in_(over)
        )
        return await self._list(left.order_by(brought.c.seq).limit(limit))

    @override
    async def unbrought(self, limit: int = 500) -> list[str]:
        ready = (
            sa.select(items.c.id)
            .join(transfers, transfers.c.id == items.c.transfer_id)
            .where(items.c.state == str(ItemState.READY), transfers.c.brought_to != "")
        )

        def found() -> list[str]:
            with reading(self._engine) as connection:
                return list(connection.execute(ready.limit(limit)).scalars())

        return await asyncio.to_thread(found)

    @override
    async def exports_at(self, place: str) -> list[tuple[str, str]]:
        here = sa.select(brought.c.owner, brought.c.export).distinct()
        here = here.where(_THERE, brought.c.place == place, brought.c.mark != "")

        def found() -> list[tuple[str, str]]:
            with reading(self._engine) as connection:
                return [(row["owner"], row["export"]) for row in fetch(connection, here)]

        return await asyncio.to_thread(found)

    @override
    async def export_gone(self, owner: str, place: str, export: str) -> int:
        gone = sa.and_(
            _THERE,
            brought.c.mark != "",
            brought.c.owner == owner,
            brought.c.place == place,
            brought.c.export == export,
        )
        return await asyncio.to_thread(self._change, gone, {"removed_at": self._clock.now()})

    @override
    async def notify_expiry(self, place: str, before: datetime) -> int:
        return await asyncio.to_thread(self._notify_expiry, place, before)

    def _note_hindrance(self, place: str, message: str) -> None:
        mine = hindered_places.c.place == place
        values = {"message": message, "noted_at": self._clock.now()}
        with writing(self._engine) as connection:
            if not message:
                connection.execute(hindered_places.delete().where(mine))
            elif not connection.execute(
                hindered_places.update().where(mine).values(values)
            ).rowcount:
                # Another worker may be faster: its word is as good.
                with suppress(sa.exc.IntegrityError), connection.begin_nested():
                    connection.execute(hindered_places.insert().values(place=place, **values))

    def _free_export(self, owner: str, place: str, export: str) -> str:
        mine = sa.select(transfers.c.brought_to).where(
            transfers.c.owner == owner, transfers.c.brought_to != ""
        )
        with reading(self._engine) as connection:
            taken = {text.casefold() for text in connection.execute(mine).scalars()}
        names = (f"{export} ({number})" if number > 1 else export for number in count(1))
        return next(n for n in names if str(BroughtTo(place, n)).casefold() not in taken)

    def _reserve(self, item: BroughtItem, quota_bytes: int) -> bool:
        try:
            with writing(self._engine) as connection:
                _one_at_a_time(connection)
                mine = brought.c.item_id == item.item_id
                before = fetch_one(connection, sa.select(brought).where(mine))
                used = _used(connection, item.owner, item.place, but=item.item_id)
                if quota_bytes and used + item.size_bytes > quota_bytes:
                    raise _over_quota(item, used, quota_bytes)
                if before is None:
                    connection.execute(brought.insert().values(**_values(item)))
                elif before["removed_at"] is not None or before["mark"] == "":
                    connection.execute(brought.update().where(mine).values(**_values(item)))
        except sa.exc.IntegrityError:
            return False
        return True

    def _change(self, which: sa.ColumnElement[bool], values: dict[str, Any]) -> int:
        with writing(self._engine) as connection:
            return connection.execute(brought.update().where(which).values(**values)).rowcount

    def _notify_expiry(self, place: str, before: datetime) -> int:
        unnotified = sa.and_(
            _THERE,
            brought.c.place == place,
            brought.c.notified_at.is_(None),
            brought.c.expires_at <= before,
        )
        notified = 0
        with reading(self._engine) as connection:
            ids = connection.execute(
                sa.select(brought.c.transfer_id).where(unnotified).distinct()
            )
            due = list(ids.scalars())
        for transfer_id in due:
            notified += self._notify(
                transfer_id, sa.and_(unnotified, brought.c.transfer_id == transfer_id)
            )
        return notified

    def _notify(self, transfer_id: str, unnotified: sa.ColumnElement[bool]) -> int:
        """Tell of one export in one transaction: notified and noted, or neither."""
        now = self._clock.now()
        with writing(self._engine) as connection:
            query = sa.select(transfers).where(transfers.c.id == transfer_id)
            transfer = fetch_one(connection, query.with_for_update())
            first = sa.select(brought).where(unnotified).order_by(brought.c.expires_at).limit(1)
            item = fetch_one(connection, first)
            if transfer is None or item is None:
                return 0
            connection.execute(brought.update().where(unnotified).values(notified_at=now))
            write_events(connection, [_notice(now, transfer, item)])
        return 1

    async def _list(self, query: sa.Select[Any]) -> list[BroughtItem]:
        def found() -> list[BroughtItem]:
            with reading(self._engine) as connection:
                return [_item_of(row) for row in fetch(connection, query)]

        return await asyncio.to_thread(found)


def _one_at_a_time(connection: sa.Connection) -> None:
    """Two items of one person must not both take the last of her room."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def _used(connection: sa.Connection, owner: str, place: str, but: str = "") -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(brought.c.size_bytes), 0)).where(
        _THERE, brought.c.owner == owner, brought.c.place == place, brought.c.item_id != but
    )
    return int(connection.scalar(query) or 0)


def _over_quota(item: BroughtItem, used: int, quota_bytes: int) -> QuotaExceeded:
    return QuotaExceeded(
        f"At '{item.place}' you may have {quota_bytes:,} bytes. {used:,} lie there or are on"
        f" the way, and this has {item.size_bytes:,}. Delete there whole exports that you do"
        " not need any more; a few minutes later press Retry."
    )


def _notice(now: datetime, transfer: Row, item: Row) -> dict[str, Any]:
    """Return the event that something of an export will be removed."""
    place, when = item["place"], f"{item['expires_at']:%Y-%m-%d %H:%M} UTC"
    return {
        "kind": str(EventKind.ITEM_PROBLEM),
        "owner": transfer["owner"],
        "transfer_id": transfer["id"],
        "item_id": item["item_id"],
        "state": transfer["state"],
        "title": f"Removed soon: {transfer['name']}",
        "message": (
            f"What was brought to '{place}' in the folder '{item['export']}' is removed there"
            f" from {when} on. Copy what you still need. What you put beside it stays."
        ),
        "created_at": now,
    }


def _values(item: BroughtItem) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "transfer_id": item.transfer_id,
        "owner": item.owner,
        "place": item.place,
        "export": item.export,
        "inside": item.inside,
        "size_bytes": item.size_bytes,
        "mark": item.mark,
        "expires_at": item.expires_at,
        "notified_at": None,
        "removed_at": item.removed_at,
    }


def _item_of(row: Row) -> BroughtItem:
    return BroughtItem(
        item_id=row["item_id"],
        transfer_id=row["transfer_id"],
        owner=row["owner"],
        place=row["place"],
        export=row["export"],
        inside=row["inside"],
        size_bytes=row["size_bytes"],
        mark=row["mark"],
        expires_at=row["expires_at"],
        removed_at=row["removed_at"],
    )
