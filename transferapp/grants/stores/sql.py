"""Grants in SQLite or PostgreSQL: tokens are kept as hashes and checked on every use."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from uuid import uuid4

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import GrantRefused, NotFound
from transferapp.grants.port import TOKEN_PREFIX, Grant, Grants, Minted, Scope
from transferapp.host.clock import Clock
from transferapp.host.database import UtcDateTime, reading, writing
from transferapp.host.migrations import Schema, upgrade

metadata = sa.MetaData()
#: A change of the table needs a migration there.
SCHEMA = Schema("transferapp.grants.stores.migrations", "grants_schema", "grants")

_grants = sa.Table(
    "grants",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("transfer_id", sa.String(32)),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("last_used_at", UtcDateTime),
    sa.Column("revoked_at", UtcDateTime),
    sa.Index("grants_username", "username", "created_at"),
    sa.Index("grants_expiry", "expires_at"),
)

#: How exact the time of last use is: a write for every request would cost more than it tells.
USE_NOTED_EVERY = timedelta(minutes=1)
#: Grants that are forgotten in one transaction.
_PAGE = 500


class SqlGrants(Grants):
    """The grants' port on one database; makes or upgrades its table."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the table; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)

    @override
    async def mint(
        self,
        scope: Scope,
        username: str,
        lifetime: timedelta,
        *,
        transfer_id: str | None = None,
    ) -> Minted:
        """Make a grant; the token is in the answer and nowhere else."""
        now = self._clock.now()
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        grant = Grant(uuid4().hex, scope, username, transfer_id, now, now + lifetime)
        await asyncio.to_thread(self._insert, grant, _hash(token))
        return Minted(grant, token)

    @override
    async def check(self, token: str) -> Grant:
        """Return the live grant of a token; raises GrantRefused, always in the same words."""
        if not token.startswith(TOKEN_PREFIX):
            raise GrantRefused
        # Looked up by the hash of 256 random bits: timing tells nothing about a token.
        return await asyncio.to_thread(self._check, _grants.c.token_hash == _hash(token))

    @override
    async def live(self, grant_id: str) -> Grant:
        """Return the live grant of an id; raises GrantRefused, always in the same words."""
        return await asyncio.to_thread(self._check, _grants.c.id == grant_id)

    @override
    async def owned_by(self, username: str) -> list[Grant]:
        """List a person's grants, newest first."""
        query = (
            sa.select(_grants)
            .where(_grants.c.username == username)
            .order_by(_grants.c.created_at.desc(), _grants.c.id)
        )
        return await asyncio.to_thread(self._list, query)

    @override
    async def revoke(self, grant_id: str, username: str) -> None:
        """End a grant at once; ending it again changes nothing."""
        await asyncio.to_thread(self._revoke, grant_id, username)

    @override
    async def forget_expired(self, age: timedelta) -> int:
        """Forget what expired so long ago, in small transactions."""
        return await asyncio.to_thread(self._forget, self._clock.now() - age)

    def _insert(self, grant: Grant, token_hash: str) -> None:
        values = {
            "id": grant.id,
            "token_hash": token_hash,
            "scope": str(grant.scope),
            "username": grant.username,
            "transfer_id": grant.transfer_id,
            "created_at": grant.created_at,
            "expires_at": grant.expires_at,
        }
        with writing(self._engine) as connection:
            connection.execute(_grants.insert().values(**values))

    def _check(self, which: sa.ColumnElement[bool]) -> Grant:
        found = self._list(sa.select(_grants).where(which))
        now = self._clock.now()
        if not found or found[0].revoked_at is not None or found[0].expires_at <= now:
            raise GrantRefused
        grant = found[0]
        if grant.last_used_at is None or now - grant.last_used_at >= USE_NOTED_EVERY:
            self._note_use(grant.id, now)
        return grant

    def _note_use(self, grant_id: str, now: datetime) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                _grants.update().where(_grants.c.id == grant_id).values(last_used_at=now)
            )

    def _list(self, query: sa.Select[Any]) -> list[Grant]:
        with reading(self._engine) as connection:
            return [_grant_of(row) for row in connection.execute(query)]

    def _revoke(self, grant_id: str, username: str) -> None:
        mine = (_grants.c.id == grant_id) & (_grants.c.username == username)
        first = sa.func.coalesce(_grants.c.revoked_at, self._clock.now())
        with writing(self._engine) as connection:
            done = connection.execute(_grants.update().where(mine).values(revoked_at=first))
            # rowcount is on every result of an UPDATE; the typed API hides it.
            if cast("sa.CursorResult[Any]", done).rowcount == 0:
                raise NotFound("There is no such permission of yours.")

    def _forget(self, before: datetime) -> int:
        count = 0
        expired = sa.select(_grants.c.id).where(_grants.c.expires_at < before)
        # What another worker forgets just now is left to it.
        old = expired.limit(_PAGE).with_for_update(skip_locked=True)
        while True:
            with writing(self._engine) as connection:
                ids = connection.execute(old).scalars().all()
                connection.execute(_grants.delete().where(_grants.c.id.in_(ids)))
            count += len(ids)
            if len(ids) < _PAGE:
                return count


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _grant_of(row: sa.Row[Any]) -> Grant:
    return Grant(
        row.id,
        Scope(row.scope),
        row.username,
        row.transfer_id,
        row.created_at,
        row.expires_at,
        row.last_used_at,
        row.revoked_at,
    )
