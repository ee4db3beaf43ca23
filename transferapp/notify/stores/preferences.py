"""How people wish to be told, and the codes that prove an address."""

from __future__ import annotations

import asyncio
from datetime import datetime

import sqlalchemy as sa
from typing_extensions import override

from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade
from transferapp.host.sparing import readable_rows
from transferapp.notify.port import (
    NotificationChannel,
    PendingCode,
    Preferences,
    PreferenceStore,
    Topic,
)
from transferapp.notify.stores.schema import SCHEMA, codes, preferences, silences


class SqlPreferenceStore(PreferenceStore):
    """The preferences' port on one database; makes or upgrades its tables."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)

    @override
    async def get(self, username: str) -> Preferences:
        return await asyncio.to_thread(self._get, username)

    @override
    async def put(self, preferences: Preferences) -> None:
        await asyncio.to_thread(self._put, preferences)

    @override
    async def codes_since(self, username: str, since: datetime) -> int:
        return await asyncio.to_thread(self._codes_since, username, since)

    @override
    async def add_code(self, username: str, address: str, code: PendingCode) -> None:
        await asyncio.to_thread(self._add_code, username, address, code)

    @override
    async def try_code(self, username: str, address: str) -> PendingCode | None:
        return await asyncio.to_thread(self._try_code, username, address)

    @override
    async def confirm(self, username: str, address: str) -> None:
        await asyncio.to_thread(self._confirm, username, address)

    def _get(self, username: str) -> Preferences:
        with reading(self._engine) as connection:
            return preferences_of(connection, username)

    def _put(self, wanted_preferences: Preferences) -> None:
        values = {
            "channels": sorted(str(channel) for channel in wanted_preferences.channels),
            "address": wanted_preferences.address,
            "address_verified": wanted_preferences.address_verified,
            "webhook_url": wanted_preferences.webhook_url,
            "webhook_secret": wanted_preferences.webhook_secret,
        }
        mine = preferences.c.username == wanted_preferences.username
        with writing(self._engine) as connection:
            changed = connection.execute(preferences.update().where(mine).values(**values))
            if changed.rowcount == 0:
                row = {"username": wanted_preferences.username, **values}
                connection.execute(preferences.insert().values(**row))
            _put_topics(connection, wanted_preferences)

    def _codes_since(self, username: str, since: datetime) -> int:
        mine = sa.and_(codes.c.username == username, codes.c.sent_at >= since)
        with reading(self._engine) as connection:
            query = sa.select(sa.func.count()).select_from(codes).where(mine)
            return connection.scalar(query) or 0

    def _add_code(self, username: str, address: str, code: PendingCode) -> None:
        row = {
            "username": username,
            "address": address,
            "code_hash": code.code_hash,
            "sent_at": self._clock.now(),
            "expires_at": code.expires_at,
            "tries": code.tries,
        }
        with writing(self._engine) as connection:
            connection.execute(codes.insert().values(**row))

    def _try_code(self, username: str, address: str) -> PendingCode | None:
        newest = (
            sa.select(codes)
            .where(codes.c.username == username)
            .order_by(codes.c.id.desc())
            .limit(1)
            .with_for_update()
        )
        with writing(self._engine) as connection:
            row = connection.execute(newest).first()
            if row is None or row.address != address:
                return None
            tried = codes.update().where(codes.c.id == row.id)
            connection.execute(tried.values(tries=row.tries + 1))
            return PendingCode(row.code_hash, row.expires_at, row.tries)

    def _confirm(self, username: str, address: str) -> None:
        mine = (preferences.c.username == username) & (preferences.c.address == address)
        with writing(self._engine) as connection:
            connection.execute(preferences.update().where(mine).values(address_verified=True))
            # Kept for counting how many were sent; a used one proves nothing any more.
            spent = codes.update().where(codes.c.username == username)
            connection.execute(spent.values(code_hash=""))


def preferences_of(connection: sa.Connection, username: str) -> Preferences:
    """Read a person's preferences in a transaction; the default ones when none are stored."""
    query = sa.select(preferences).where(preferences.c.username == username)
    topics = _topics(connection, username)

    def read(row: sa.RowMapping) -> Preferences:
        return Preferences(
            username=username,
            channels=frozenset(NotificationChannel(name) for name in row["channels"]),
            address=row["address"],
            address_verified=row["address_verified"],
            webhook_url=row["webhook_url"],
            webhook_secret=row["webhook_secret"],
            topics=topics,
        )

    # Wishes that cannot be read are as good as none: she still gets what is in the inbox.
    key = preferences.c.username
    found = readable_rows(connection, query, key, read, "wishes of a person")
    return found[0] if found else Preferences(username)


def _topics(connection: sa.Connection, username: str) -> frozenset[Topic]:
    query = sa.select(silences.c.topic).where(silences.c.username == username)
    silent = set(connection.execute(query).scalars())
    return frozenset(topic for topic in Topic if topic not in silent)


def _put_topics(connection: sa.Connection, wanted_preferences: Preferences) -> None:
    connection.execute(
        silences.delete().where(silences.c.username == wanted_preferences.username)
    )
    rows = [
        {"username": wanted_preferences.username, "topic": str(topic)}
        for topic in Topic
        if topic not in wanted_preferences.topics
    ]
    if rows:
        connection.execute(silences.insert(), rows)
