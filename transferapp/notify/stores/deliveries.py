"""Deliveries in SQLite or PostgreSQL: the unique key is what makes telling exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from typing_extensions import override

from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade
from transferapp.host.sparing import readable_rows, sparing
from transferapp.notify.port import (
    Batch,
    Batches,
    Deliveries,
    NotableEvent,
    NotificationChannel,
    OldDeliveries,
    Preferences,
    Topic,
)
from transferapp.notify.stores.preferences import preferences_of
from transferapp.notify.stores.schema import SCHEMA, deliveries, notable_event_of_row, positions
from transferapp.notify.texts import topic_of

#: Troubles of one transfer within this time are one notification.
COLLAPSE_WITHIN = timedelta(minutes=15)
_LEDGER = "ledger"
#: Rows that one transaction forgets: on SQLite everybody else waits for it.
_PAGE = 1000
_open = deliveries.c.settled_at.is_(None)


class SqlDeliveries(Deliveries, Batches, OldDeliveries):
    """The deliveries' port on one database; makes or upgrades its tables."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)

    @override
    async def position(self) -> int | None:
        return await asyncio.to_thread(self._position)

    @override
    async def begin_at(self, event_id: int) -> None:
        await asyncio.to_thread(self._begin_at, event_id)

    @override
    async def record(self, after: int, upto: int, notables: Sequence[NotableEvent]) -> bool:
        return await asyncio.to_thread(self._record, after, upto, notables)

    @override
    async def plan(self, mail_delay_s: float) -> list[Batch]:
        due = self._clock.now() - timedelta(seconds=mail_delay_s)
        return await asyncio.to_thread(self._plan, due)

    @override
    async def queued(self, batch_id: str) -> None:
        await asyncio.to_thread(self._change, batch_id, {"queued": True})

    @override
    async def batch(self, batch_id: str) -> Batch | None:
        return await asyncio.to_thread(self._batch, batch_id)

    @override
    async def sent(self, batch_id: str) -> None:
        await asyncio.to_thread(self._change, batch_id, {"settled_at": self._clock.now()})

    @override
    async def failed(self, batch_id: str, error: str) -> None:
        # Still open: an administrator may redrive its task.
        await asyncio.to_thread(self._change, batch_id, {"error": error})

    @override
    async def forget(self, before: datetime) -> int:
        total = 0
        while done := await asyncio.to_thread(self._forget, before):
            total += done
        return total

    def _position(self) -> int | None:
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(positions.c.event_id))

    def _begin_at(self, event_id: int) -> None:
        try:
            with writing(self._engine) as connection:
                row = {"name": _LEDGER, "event_id": event_id}
                connection.execute(positions.insert().values(**row))
        except sa.exc.IntegrityError:
            return

    def _record(self, after: int, upto: int, notables: Sequence[NotableEvent]) -> bool:
        moved = positions.update().where(positions.c.event_id == after)
        with writing(self._engine) as connection:
            # First: it locks the row, so that a second process waits and finds it moved.
            if connection.execute(moved.values(event_id=upto)).rowcount == 0:
                return False
            for notable in notables:
                # One that cannot be told must not keep everybody from hearing anything.
                with sparing("outcome", str(notable.event_id)), connection.begin_nested():
                    preferences = preferences_of(connection, notable.username)
                    for channel in channels_for(preferences, topic_of(notable)):
                        self._add(connection, notable, channel)
        return True

    def _add(
        self, connection: sa.Connection, notable: NotableEvent, channel: NotificationChannel
    ) -> None:
        now = self._clock.now()
        if notable.collapses and _collapsed(connection, notable, channel, now):
            return
        row = {
            "event_id": notable.event_id,
            "username": notable.username,
            "channel": str(channel),
            "kind": notable.kind,
            "transfer_id": notable.transfer_id,
            "state": notable.state,
            "title": notable.title,
            "text": notable.text,
            "count": notable.count,
            "at": notable.at,
            "links": list(notable.links),
            "recorded_at": now,
            # Being in this table is being in the inbox.
            "settled_at": now if channel is NotificationChannel.INBOX else None,
        }
        connection.execute(deliveries.insert().values(**row))

    def _plan(self, mail_due: datetime) -> list[Batch]:
        waiting = sa.select(deliveries.c.id).where(_open, deliveries.c.queued.is_(False))
        with reading(self._engine) as connection:
            if connection.execute(waiting.limit(1)).first() is None:
                return []
        with writing(self._engine) as connection:
            _assign(connection, mail_due)
            query = (
                sa.select(deliveries.c.batch, deliveries.c.channel, deliveries.c.username)
                .where(_open, deliveries.c.queued.is_(False), deliveries.c.batch != "")
                .distinct()
            )
            return readable_rows(connection, query, deliveries.c.batch, _batch_of, "batch")

    def _batch(self, batch_id: str) -> Batch | None:
        query = sa.select(deliveries).where(_open, deliveries.c.batch == batch_id)
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(deliveries.c.id)).mappings().all()
        if not rows:
            return None
        notables = tuple(notable_event_of_row(row) for row in rows)
        return replace(_batch_of(rows[0]), notables=notables)

    def _forget(self, before: datetime) -> int:
        done = sa.or_(sa.not_(_open), deliveries.c.error != "")
        old = sa.select(deliveries.c.id).where(deliveries.c.recorded_at < before, done)
        page = old.order_by(deliveries.c.id).limit(_PAGE)
        with writing(self._engine) as connection:
            return connection.execute(
                deliveries.delete().where(deliveries.c.id.in_(page))
            ).rowcount

    def _change(self, batch_id: str, values: dict[str, object]) -> None:
        mine = deliveries.update().where(_open, deliveries.c.batch == batch_id)
        with writing(self._engine) as connection:
            connection.execute(mine.values(**values))


def _batch_of(row: sa.RowMapping) -> Batch:
    return Batch(row["batch"], NotificationChannel(row["channel"]), row["username"])


def _as_it_is(row: sa.RowMapping) -> sa.RowMapping:
    return row


def channels_for(preferences: Preferences, topic: Topic) -> Iterable[NotificationChannel]:
    """Yield where an outcome of this topic goes."""
    if NotificationChannel.INBOX in preferences.channels:
        yield NotificationChannel.INBOX
    if topic not in preferences.topics:
        return
    if NotificationChannel.MAIL in preferences.channels and preferences.address_verified:
        yield NotificationChannel.MAIL
    if NotificationChannel.WEBHOOK in preferences.channels and preferences.webhook_url:
        yield NotificationChannel.WEBHOOK


def _collapsed(
    connection: sa.Connection,
    notable: NotableEvent,
    channel: NotificationChannel,
    now: datetime,
) -> bool:
    """Count it with a young notification of the same transfer, if there is one."""
    young = sa.select(sa.func.max(deliveries.c.id)).where(
        deliveries.c.username == notable.username,
        deliveries.c.channel == str(channel),
        deliveries.c.transfer_id == notable.transfer_id,
        deliveries.c.kind == notable.kind,
        deliveries.c.recorded_at > now - COLLAPSE_WITHIN,
    )
    first = connection.scalar(young)
    if first is None:
        return False
    connection.execute(
        deliveries.update()
        .where(deliveries.c.id == first)
        .values(count=deliveries.c.count + notable.count)
    )
    return True


def _assign(connection: sa.Connection, mail_due: datetime) -> None:
    """Give deliveries to batches: webhooks one by one, a person's mails together."""
    columns = (deliveries.c.id, *deliveries.c["channel", "username", "recorded_at"])
    loose = (
        sa.select(*columns)
        .where(_open, deliveries.c.queued.is_(False), deliveries.c.batch == "")
        .order_by(deliveries.c.id)
        .with_for_update()
    )
    mails: dict[str, list[sa.RowMapping]] = {}
    for row in readable_rows(connection, loose, deliveries.c.id, _as_it_is, "delivery"):
        if row["channel"] == NotificationChannel.MAIL:
            mails.setdefault(row["username"], []).append(row)
        else:
            _put(connection, [row["id"]])
    for rows in mails.values():
        if rows[0]["recorded_at"] <= mail_due:
            _put(connection, [row["id"] for row in rows])


def _put(connection: sa.Connection, ids: list[int]) -> None:
    mine = deliveries.update().where(deliveries.c.id.in_(ids))
    connection.execute(mine.values(batch=uuid4().hex))
