"""Make and change accounts, groups and memberships of the embedded repository."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from transferapp.errors import Invalid, NameTaken, NotFound
from transferapp.host.database import writing
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.people import hash_password
from transferapp.repositories.local.storage.failures import translated
from transferapp.repositories.local.storage.schema import (
    experimenters,
    groups,
    memberships,
    open_repository_database,
)

R = TypeVar("R")


class Administration:
    """What an administrator does on the server itself; nobody is signed in for it.

    Unknown names raise NotFound, names that are in use NameTaken.
    """

    def __init__(self, folder: Path) -> None:
        """Administer the repository in ``folder``; made on first use."""
        self._folder = folder

    async def add_experimenter(
        self,
        username: str,
        full_name: str,
        password: str,
        email: str = "",
        *,
        is_admin: bool = False,
    ) -> int:
        """Make an account and return its id; raises Invalid without a name or password,
        NameTaken.
        """
        if not username.strip() or not password:
            raise Invalid("An account needs a user name and a password.")
        values = {
            "username": username,
            "full_name": full_name,
            "email": email,
            "is_admin": is_admin,
            "closed": False,
        }

        def add(connection: sa.Connection) -> int:
            hashed = hash_password(password)
            row = experimenters.insert().values(**values, password_hash=hashed)
            return _insert(connection, row, f"There is already an account '{username}'.")

        return await self._change(add)

    async def add_group(self, name: str, permissions: GroupPermissions) -> int:
        """Make a group and return its id."""
        row = groups.insert().values(name=name, permissions=str(permissions))
        taken = f"There is already a group '{name}'."
        return await self._change(lambda connection: _insert(connection, row, taken))

    async def add_member(self, username: str, group: str, *, owner: bool = False) -> None:
        """Put an account into a group; its first group is its default one.

        Repeating it only sets whether the person owns the group.
        """

        def add(connection: sa.Connection) -> None:
            person_id = _id_of(connection, experimenters.c.username, username)
            group_id = _id_of(connection, groups.c.name, group)
            here = sa.and_(
                memberships.c.experimenter_id == person_id, memberships.c.group_id == group_id
            )
            changed = connection.execute(
                memberships.update().where(here).values(is_owner=owner)
            )
            if not changed.rowcount:
                row = {"experimenter_id": person_id, "group_id": group_id, "is_owner": owner}
                connection.execute(memberships.insert().values(**row))

        await self._change(add)

    async def remove_member(self, username: str, group: str) -> None:
        """Take an account out of a group; its data there stays, unseen by it."""

        def remove(connection: sa.Connection) -> None:
            person_id = _id_of(connection, experimenters.c.username, username)
            group_id = _id_of(connection, groups.c.name, group)
            connection.execute(
                memberships.delete().where(
                    memberships.c.experimenter_id == person_id,
                    memberships.c.group_id == group_id,
                )
            )

        await self._change(remove)

    async def set_password(self, username: str, password: str) -> None:
        """Give an account a new password; raises Invalid for an empty one, NotFound."""
        if not password:
            raise Invalid("A password cannot be empty.")

        def change(connection: sa.Connection) -> None:
            person_id = _id_of(connection, experimenters.c.username, username)
            hashed = hash_password(password)
            row = experimenters.update().where(experimenters.c.id == person_id)
            connection.execute(row.values(password_hash=hashed))

        await self._change(change)

    async def close_account(self, username: str, *, closed: bool = True) -> None:
        """Let an account no longer (or again) sign in; its data stays."""

        def change(connection: sa.Connection) -> None:
            person_id = _id_of(connection, experimenters.c.username, username)
            row = experimenters.update().where(experimenters.c.id == person_id)
            connection.execute(row.values(closed=closed))

        await self._change(change)

    async def _change(self, change: Callable[[sa.Connection], R]) -> R:
        return await asyncio.to_thread(self._change_now, change)

    def _change_now(self, change: Callable[[sa.Connection], R]) -> R:
        with translated():
            engine = open_repository_database(self._folder)
            try:
                with writing(engine) as connection:
                    return change(connection)
            finally:
                engine.dispose()


def _insert(connection: sa.Connection, row: sa.Insert, taken: str) -> int:
    try:
        key = connection.execute(row).inserted_primary_key
    except sa.exc.IntegrityError as error:
        raise NameTaken(taken) from error
    return int(key[0]) if key else 0


def _id_of(connection: sa.Connection, column: sa.Column[str], name: str) -> int:
    found = connection.execute(sa.select(column.table.c.id).where(column == name)).scalar()
    if found is None:
        raise NotFound(f"There is no '{name}'. Check the spelling.")
    return int(found)
