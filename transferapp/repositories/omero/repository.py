"""OMERO behind the port of image repositories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path

from typing_extensions import override

from transferapp.errors import PermissionDenied, SessionLost, TransferAppError
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.host.clock import Clock
from transferapp.model.identity import Identity
from transferapp.repositories.heartbeat import HeartbeatWatch
from transferapp.repositories.omero.imports.places import path_rules
from transferapp.repositories.omero.links import open_links
from transferapp.repositories.omero.session import OmeroSession
from transferapp.repositories.omero.sessions import health
from transferapp.repositories.omero.sessions.context import OmeroSessionContext, in_thread
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.import_notes import ImportNotes
from transferapp.repositories.omero.sessions.import_sessions import ImportSessions
from transferapp.repositories.omero.sessions.password import importer_password
from transferapp.repositories.omero.sessions.people import not_a_member, read_identity
from transferapp.repositories.omero.sessions.pool import SessionPool
from transferapp.repositories.omero.sessions.server_statement import (
    OmeroServer,
    ServerStatement,
)
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.port import (
    Capability,
    Repository,
    RepositoryHealth,
    RepositorySession,
)

_ALWAYS = frozenset(
    {
        Capability.TILES,
        Capability.SCREENS,
        Capability.ATTACHMENTS,
        Capability.SKIPPING,
        Capability.DESCRIPTIONS,
        Capability.RESTORING,
    }
)


class OmeroRepository(Repository):
    """One OMERO.server."""

    def __init__(
        self,
        settings: OmeroSettings,
        clock: Clock,
        name: str = "OMERO",
        *,
        notes: Path | None = None,
    ) -> None:
        """Use the server in ``settings``; nothing is connected before the first call. In the
        private folder ``notes`` the workers tell each other where their imports live.
        """
        self.name = name
        self.image_page = settings.image_page
        in_place = {Capability.IN_PLACE_IMPORT} if settings.in_place else set()
        web = {Capability.WEB_PAGES} if self.image_page else set()
        mounted = {Capability.DIRECT_FILES} if settings.managed_repository else set()
        self.capabilities = _ALWAYS | in_place | web | mounted
        self._settings, self._clock = settings, clock
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="omero")
        self._closed = False
        self._pool = SessionPool(settings, clock, self._threads)
        self._heartbeats, self._links = HeartbeatWatch(clock), open_links(settings)
        self._import_sessions = ImportSessions(
            settings, ImportNotes(notes, partial(importer_password, settings)), clock
        )
        self._statement = ServerStatement(clock, self._ask_server)

    @override
    async def sign_in(self, username: str, password: str) -> Identity:
        """Verify a person; raises SignInFailed.

        With an importer account the session is closed again at once; without, it is kept.
        """
        gateway = await self._pool.sign_in(username, password)
        try:
            identity = await in_thread(self._threads, gateway, read_identity, gateway, username)
        except BaseException:
            await in_thread(self._threads, gateway, gateway.close)
            raise
        if self._pool.acts_for_people:
            await in_thread(self._threads, gateway, gateway.close)
        else:
            await self._pool.keep(username, gateway)
        return identity

    @override
    async def identity(self, username: str) -> Identity:
        """Return a person's present groups and rights; raises PermissionDenied."""
        try:
            return await self._ask_who(username)
        except SessionLost:
            # Noticed just now; the second time another session asks.
            return await self._ask_who(username)

    @override
    @asynccontextmanager
    async def session(
        self, username: str, group_id: int | None = None
    ) -> AsyncIterator[RepositorySession]:
        """Act as this person; raises PermissionDenied (closed, unknown, not a member)."""
        # Looked up first: OMERO's own answer for an unknown person is not as clear.
        identity = await self.identity(username)
        if group_id is not None and all(one.id != group_id for one in identity.groups):
            raise await self._not_a_member(identity, group_id)
        async with self._pool.session_for(username) as gateway:
            yield OmeroSession(
                OmeroSessionContext(
                    gateway,
                    identity,
                    group_id,
                    self._threads,
                    self._clock,
                    self._heartbeats,
                    self._import_sessions,
                    self._links,
                    self._settings.managed_repository,
                )
            )

    @override
    async def health(self) -> RepositoryHealth:
        """Ask the router, then the services and the database; never raises."""
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._threads, health.knock, self._settings)
            if self._pool.acts_for_people:
                async with self._pool.importer() as gateway:
                    await in_thread(self._threads, gateway, health.ask, gateway)
        except TransferAppError as error:
            return health.unreachable(error)
        return health.answering(self._heartbeats)

    @override
    async def formats(self) -> RepositoryFormats:
        """Say what Bio-Formats reads: OMERO itself does not tell its readers, but its own
        version, from which theirs is derived.
        """
        server = await self._statement.reported()
        return omero_formats(server.version, server.path_rules)

    @override
    async def close(self) -> None:
        """End all sessions; once is enough."""
        if self._closed:
            return
        self._closed = True
        await self._statement.close()
        await self._pool.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._import_sessions.close)
        self._threads.shutdown(wait=False)

    async def _ask_server(self) -> OmeroServer:
        """Ask as the importer; a person's session is not borrowed for it."""
        if not self._pool.acts_for_people:
            return OmeroServer()
        async with self._pool.importer() as gateway:
            return OmeroServer(
                await in_thread(self._threads, gateway, health.version, gateway),
                await in_thread(self._threads, gateway, path_rules, gateway),
            )

    async def _ask_who(self, username: str) -> Identity:
        async with self._asking_about(username) as gateway:
            return await in_thread(self._threads, gateway, read_identity, gateway, username)

    async def _not_a_member(self, identity: Identity, group_id: int) -> PermissionDenied:
        async with self._asking_about(identity.experimenter.username) as gateway:
            return await in_thread(
                self._threads, gateway, not_a_member, gateway, identity, group_id
            )

    def _asking_about(self, username: str) -> AbstractAsyncContextManager[Gateway]:
        if self._pool.acts_for_people:
            return self._pool.importer()
        return self._pool.session_for(username)
