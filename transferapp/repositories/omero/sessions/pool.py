"""Keep one live OMERO session per person, in memory only.

With an importer account (a restricted administrator with only *Sudo*) sessions are minted
when they are needed. Without one, the session of a person who signed in is kept alive, and
nobody can be acted for after this process has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import ParamSpec, TypeVar

import structlog

from transferapp.errors import (
    PermissionDenied,
    SessionLost,
    SettingsInvalid,
    SignInFailed,
)
from transferapp.host.clock import Clock
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import in_thread
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.password import importer_password
from transferapp.repositories.omero.sessions.turns import Turns
from transferapp.repositories.omero.settings import OmeroSettings

P = ParamSpec("P")
R = TypeVar("R")
_SUDO = "Sudo"
#: A session with an import under way is kept for so long without use.
_IMPORTING_IDLE = timedelta(hours=1)
_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _PooledSession:
    """A gateway, how many use it now, when it was last given back."""

    gateway: Gateway
    used_at: datetime
    users: int = 0


class SessionPool:
    """Gives gateways and takes them back; dead ones are replaced, idle ones closed."""

    def __init__(self, settings: OmeroSettings, clock: Clock, threads: Executor) -> None:
        """Keep sessions of the server in ``settings``."""
        self._settings, self._clock, self._threads = settings, clock, threads
        self._held: dict[str, _PooledSession] = {}
        self._turns = Turns()

    @property
    def acts_for_people(self) -> bool:
        """Whether there is an importer account."""
        return bool(self._settings.importer)

    async def sign_in(self, username: str, password: str) -> Gateway:
        """Open a session by password; the caller closes it or has it kept."""
        return await self._in_thread(Gateway.sign_in, self._settings, username, password)

    async def keep(self, username: str, gateway: Gateway) -> None:
        """Keep a person's own session, in place of an earlier one."""
        async with self._turns.of(username):
            earlier = self._held.get(username)
            self._held[username] = _PooledSession(gateway, self._clock.now())
        if earlier is not None and not earlier.users:
            await self._end(earlier.gateway)

    @asynccontextmanager
    async def session_for(self, username: str) -> AsyncIterator[Gateway]:
        """Give the person's gateway, minted when there is none; raises PermissionDenied."""
        pooled = await self._take(username, self._mint)
        try:
            yield pooled.gateway
        finally:
            await self._give_back(pooled)

    @asynccontextmanager
    async def importer(self) -> AsyncIterator[Gateway]:
        """Give the importer's own gateway; raises PermissionDenied."""
        pooled = await self._take("", self._importer)
        try:
            yield pooled.gateway
        finally:
            await self._give_back(pooled)

    async def close(self) -> None:
        """End all sessions."""
        pooled, self._held = list(self._held.values()), {}
        for one in pooled:
            await self._end(one.gateway)

    async def _take(
        self, username: str, make: Callable[[str], Awaitable[Gateway]]
    ) -> _PooledSession:
        await self._sweep()
        async with self._turns.of(username):
            pooled = self._held.get(username)
            if pooled is None or not await self._still_good(username, pooled):
                pooled = _PooledSession(await make(username), self._clock.now(), users=1)
                self._held[username] = pooled
            return pooled

    async def _still_good(self, username: str, pooled: _PooledSession) -> bool:
        """Take it when OMERO still knows it; else forget it."""
        # Taken before OMERO is asked: the sweep of another user must not end it meanwhile.
        pooled.users += 1
        try:
            good = await self._alive(pooled)
        except BaseException:
            pooled.users -= 1
            raise
        if not good:
            self._forget(username, pooled)
            # Who still uses it ends it when the last one gives it back.
            await self._give_back(pooled)
        return good

    def _forget(self, username: str, pooled: _PooledSession) -> bool:
        """Hold it no more; False when that was done already."""
        if self._held.get(username) is not pooled:
            return False
        del self._held[username]
        return True

    async def _alive(self, pooled: _PooledSession) -> bool:
        """Ask OMERO whether the session is still there."""
        if pooled.gateway.lost:
            return False
        try:
            await in_thread(self._threads, pooled.gateway, pooled.gateway.check_alive)
        except SessionLost:
            _log.info("an omero session has ended; another one is opened")
            return False
        return True

    async def _give_back(self, pooled: _PooledSession) -> None:
        pooled.users -= 1
        pooled.used_at = self._clock.now()
        replaced = pooled not in self._held.values()
        if replaced and not pooled.users:
            await self._end(pooled.gateway)

    async def _mint(self, username: str) -> Gateway:
        if not self.acts_for_people:
            raise PermissionDenied(
                "Sign in to TransferApp again: this server has no OMERO importer account, so"
                " it can act for you only while you are signed in."
            )
        async with self.importer() as importer:
            return await in_thread(
                self._threads, importer, _minted, importer, self._settings, username
            )

    async def _importer(self, _: str) -> Gateway:
        return await self._in_thread(_open_importer, self._settings)

    async def _sweep(self) -> None:
        now = self._clock.now()
        for username, pooled in list(self._held.items()):
            # Others sweep, too, while a session is being ended here.
            unused = not pooled.users and self._expired(pooled, now) and self.acts_for_people
            if unused and self._forget(username, pooled):
                await self._end(pooled.gateway)

    def _expired(self, pooled: _PooledSession, now: datetime) -> bool:
        limit = timedelta(seconds=self._settings.idle_session_s)
        if pooled.gateway.processes:
            limit = max(limit, _IMPORTING_IDLE)
        return now - pooled.used_at > limit

    async def _end(self, gateway: Gateway) -> None:
        await self._in_thread(gateway.close)

    async def _in_thread(
        self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))


def _open_importer(settings: OmeroSettings) -> Gateway:
    secret = importer_password(settings)
    try:
        gateway = Gateway.sign_in(settings, settings.importer, secret.get_secret_value())
    except SignInFailed as error:
        raise SettingsInvalid(
            f"OMERO refuses the importer '{settings.importer}'. Check its password; see"
            " docs/omero.md."
        ) from error
    with translated():
        privileges = list(gateway.event_context().adminPrivileges)
    if _SUDO not in privileges:
        gateway.close()
        raise SettingsInvalid(
            f"The OMERO importer '{settings.importer}' has not the privilege Sudo. See:"
            " transferapp omero grant-importer"
        )
    more = sorted(set(privileges) - {_SUDO})
    if more:
        _log.warning("the omero importer may do more than Sudo; take this away", more=more)
    _log.info("omero importer signed in", importer=settings.importer)
    return gateway


def _minted(importer: Gateway, settings: OmeroSettings, username: str) -> Gateway:
    principal = omero.sys.Principal(name=username, group="", eventType="User")
    idle_ms = int(settings.minted_idle_s * 1000)
    made = importer.sessions().createSessionWithTimeouts(principal, 0, idle_ms)
    return Gateway.join(settings, made.getUuid().getValue())
