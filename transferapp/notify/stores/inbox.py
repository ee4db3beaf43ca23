"""The inbox: the deliveries of one channel, as their person reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import NotFound
from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade
from transferapp.host.sparing import readable_rows
from transferapp.notify.port import Inbox, InboxEntry, NotificationChannel
from transferapp.notify.stores.schema import SCHEMA, deliveries, notable_event_of_row


class SqlInbox(Inbox):
    """The inbox' port on one database; makes or upgrades its tables."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)

    @override
    async def entries(
        self, username: str, *, unread: bool = False, before: int = 0, limit: int = 50
    ) -> list[InboxEntry]:
        wanted = [_mine(username)]
        if unread:
            wanted.append(deliveries.c.read_at.is_(None))
        if before:
            wanted.append(deliveries.c.id < before)
        query = sa.select(deliveries).where(*wanted).order_by(deliveries.c.id.desc())
        return await asyncio.to_thread(self._list, query.limit(limit))

    @override
    async def mark_read(self, username: str, entry_id: int) -> bool:
        return await asyncio.to_thread(self._mark_read, username, entry_id)

    @override
    async def mark_all_read(self, username: str, upto: int) -> bool:
        return await asyncio.to_thread(self._mark_all_read, username, upto)

    def _list(self, query: sa.Select[tuple[object, ...]]) -> list[InboxEntry]:
        with reading(self._engine) as connection:
            return readable_rows(connection, query, deliveries.c.id, _entry, "notification")

    def _mark_read(self, username: str, entry_id: int) -> bool:
        mine = (_mine(username), deliveries.c.id == entry_id)
        with writing(self._engine) as connection:
            if self._read(connection, mine):
                return True
            if connection.execute(sa.select(deliveries.c.id).where(*mine)).first() is None:
                raise NotFound("There is no such notification of yours.")
            return False

    def _mark_all_read(self, username: str, upto: int) -> bool:
        with writing(self._engine) as connection:
            return self._read(connection, (_mine(username), deliveries.c.id <= upto))

    def _read(self, connection: sa.Connection, which: Iterable[sa.ColumnElement[bool]]) -> bool:
        """Mark those that are new; when they were read first is kept."""
        new = deliveries.update().where(*which, deliveries.c.read_at.is_(None))
        return connection.execute(new.values(read_at=self._clock.now())).rowcount > 0


def _entry(row: sa.RowMapping) -> InboxEntry:
    return InboxEntry(row["id"], notable_event_of_row(row), row["read_at"])


def _mine(username: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        deliveries.c.username == username,
        deliveries.c.channel == str(NotificationChannel.INBOX),
    )
