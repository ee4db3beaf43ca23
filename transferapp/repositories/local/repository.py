"""The embedded image repository: SQLite and a folder, used by several processes at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from typing_extensions import override

from transferapp.bioformats.port import BioFormats
from transferapp.errors import TransferAppError
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.host.clock import Clock
from transferapp.host.database import reading
from transferapp.model.identity import Identity
from transferapp.repositories.local.accounts.people import check_password, load_caller
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.readers.installed import installed_formats
from transferapp.repositories.local.session import LocalSession
from transferapp.repositories.local.store import (
    LocalRepositoryStore,
    in_thread,
    open_local_store,
)
from transferapp.repositories.port import (
    Capability,
    HealthState,
    Repository,
    RepositoryHealth,
    RepositorySession,
)


class LocalRepository(Repository):
    """A complete image repository in one folder."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        name: str = "local",
        bio_formats: BioFormats | None = None,
    ) -> None:
        """Use the repository in ``folder``; it is made at the first call.

        ``bio_formats`` reads what our readers do not; it is closed with the repository.
        """
        self.name = name
        self.capabilities = frozenset(
            {
                Capability.TILES,
                Capability.SCREENS,
                Capability.DESCRIPTIONS,
                Capability.ATTACHMENTS,
                Capability.RESTORING,
                Capability.DIRECT_FILES,
                Capability.DIRECT_PIXELS,
            }
        )
        self._folder, self._clock = folder, clock
        self.bio_formats = bio_formats
        self._formats: RepositoryFormats | None = None
        self._local_store: LocalRepositoryStore | None = None
        self._opening = asyncio.Lock()

    @override
    async def sign_in(self, username: str, password: str) -> Identity:
        """Verify a person; raises SignInFailed."""
        local_store = await self._open()

        def verify() -> Identity:
            with reading(local_store.engine) as connection:
                check_password(connection, username, password)
                return load_caller(connection, username, None).identity

        return await in_thread(verify)

    @override
    async def identity(self, username: str) -> Identity:
        """Return a person's present groups and rights; raises PermissionDenied."""
        return (await self._caller(await self._open(), username, None)).identity

    @override
    @asynccontextmanager
    async def session(
        self, username: str, group_id: int | None = None
    ) -> AsyncIterator[RepositorySession]:
        """Act as this person; raises PermissionDenied (closed, unknown, not a member)."""
        local_store = await self._open()
        yield LocalSession(local_store, await self._caller(local_store, username, group_id))

    @override
    async def health(self) -> RepositoryHealth:
        """Say whether the folder and its database answer; never raises."""
        try:
            local_store = await self._open()
            await in_thread(_ask, local_store)
        except TransferAppError as error:
            return RepositoryHealth(HealthState.UNREACHABLE, error.message)
        return RepositoryHealth(HealthState.PROGRESSING, "The repository answers.")

    @override
    async def formats(self) -> RepositoryFormats:
        """Say which formats have a reader that is installed here."""
        if self._formats is None:
            found = await in_thread(installed_formats, self.bio_formats)
            if self.bio_formats is not None and not found.read_by:
                return found  # It did not come up; perhaps it does the next time.
            self._formats = found
        return self._formats

    @override
    async def close(self) -> None:
        """Close files and connections; a later call opens them again."""
        async with self._opening:
            local_store, self._local_store = self._local_store, None
        if local_store is not None:
            await in_thread(local_store.close)

    async def _open(self) -> LocalRepositoryStore:
        async with self._opening:
            if self._local_store is None:
                self._local_store = await in_thread(
                    open_local_store, self._folder, self._clock, self.bio_formats
                )
            return self._local_store

    async def _caller(
        self, local_store: LocalRepositoryStore, username: str, group_id: int | None
    ) -> Caller:
        def load() -> Caller:
            with reading(local_store.engine) as connection:
                return load_caller(connection, username, group_id)

        return await in_thread(load)


def _ask(local_store: LocalRepositoryStore) -> None:
    local_store.originals.folder.stat()
    with reading(local_store.engine) as connection:
        connection.execute(sa.select(1))
