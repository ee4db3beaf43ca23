"""Who is signed in where, and whether the server answers: all pages watch this one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from transferapp.client.events import follow_events
from transferapp.client.importing import owner_key
from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.remembered import ServerProfile
from transferapp.errors import (
    Denied,
    Internal,
    Invalid,
    NotFound,
    SettingsInvalid,
    TransferAppError,
    Unavailable,
)
from transferapp.protocol.addresses import check_address

if TYPE_CHECKING:
    from transferapp.client.agent import AgentClient
    from transferapp.client.inbox import InboxClient
    from transferapp.desktop.session.remembered import DesktopSettings, SettingsFile
    from transferapp.host.credentials import Credentials, Keeping
    from transferapp.host.supervise import Supervisor
    from transferapp.model.events import Event
    from transferapp.model.identity import Identity


class Connection(StrEnum):
    """What the header shows."""

    SIGNED_OUT = "signed-out"
    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class SessionParts:
    """What a session is made of; ``wiring`` fills it in."""

    connect: Callable[[str, str | None], InboxClient]
    agent: AgentClient
    credentials: Credentials
    settings_file: SettingsFile


class SessionPresenter:
    """The session: sign in and out, the clients, the stream of events.

    ``changed`` tells of a new person or connection state, ``events`` of each event of the
    person (exactly once, in order), ``missed`` of a time so long away that its events are
    not kept any more (read anew what is shown), ``settings_changed`` of saved settings.
    """

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts
        self._server: InboxClient | None = None
        self._following: Supervisor | None = None
        #: Up to which event the person's pages have heard.
        self._heard: int | None = None
        self._writing = asyncio.Lock()
        self._saving: asyncio.Task[None] | None = None
        self._position = 0
        self.settings: DesktopSettings = parts.settings_file.load()
        self.identity: Identity | None = None
        self.server_url = self.settings.last_profile.url
        self.connection = Connection.SIGNED_OUT
        self.trouble: TransferAppError | None = None
        self.changed: Listeners[[]] = Listeners()
        self.events: Listeners[[Event]] = Listeners()
        self.missed: Listeners[[]] = Listeners()
        self.settings_changed: Listeners[[]] = Listeners()

    @property
    def signed_in(self) -> bool:
        """True when there is a person."""
        return self.identity is not None

    @property
    def server(self) -> InboxClient:
        """The client of the signed-in person; raises Denied when nobody is signed in."""
        if self._server is None:
            raise Denied("Sign in first.")
        return self._server

    @property
    def agent(self) -> AgentClient:
        """The client of the workstation service."""
        return self._parts.agent

    @property
    def username(self) -> str:
        """The signed-in person's user name, or an empty text."""
        return self.identity.experimenter.username if self.identity else ""

    @property
    def owner(self) -> str:
        """``user@server`` as the agent lists submissions, or an empty text."""
        return owner_key(self.username, self.server_url) if self.identity else ""

    async def sign_in(
        self, server_url: str, username: str, password: str, *, remember: bool
    ) -> Keeping | None:
        """Open a session; returns where its token is kept when that was wished.

        Raises SignInFailed, ServerUnreachable, SettingsInvalid (not a TransferApp server).
        """
        url = normal_url(server_url)
        client = self._parts.connect(url, None)
        try:
            await _check_server(client)
            signed_in = await client.sign_in(username, password, remember=remember)
        except BaseException:
            await client.aclose()
            raise
        await self._enter(client, url, signed_in.identity)
        await self.save_settings(
            replace(self.settings.with_profile(ServerProfile(url, username)), remember=remember)
        )
        if not remember:
            await self._parts.credentials.forget(url, username)
            return None
        return await self._parts.credentials.keep(url, username, signed_in.token)

    async def resume(self) -> bool:
        """Continue the remembered session; False when there is none or it has ended.

        Raises Unavailable when the server does not answer: the token is kept.
        """
        profile = self.settings.last_profile
        if not profile.username:
            return False
        token = await self._parts.credentials.token(profile.url, profile.username)
        if token is None:
            return False
        client = self._parts.connect(profile.url, token)
        try:
            identity = await client.identity()
        except Denied:
            await client.aclose()
            await self._parts.credentials.forget(profile.url, profile.username)
            return False
        except BaseException:
            await client.aclose()
            raise
        if self.signed_in:  # She was quicker and has signed in herself.
            await client.aclose()
            return True
        await self._enter(client, profile.url, identity)
        return True

    async def sign_out(self) -> None:
        """End the session here and, if it answers, on the server. Transfers go on."""
        client, url, username = self._server, self.server_url, self.username
        await self._stop_following()
        self._server, self.identity = None, None
        self._set(Connection.SIGNED_OUT, None)
        if client is None:
            return
        await self._parts.credentials.forget(url, username)
        try:
            await client.sign_out()
        except TransferAppError:
            pass  # The token runs out by itself; the person is signed out here.
        finally:
            await client.aclose()

    async def save_settings(self, settings: DesktopSettings) -> None:
        """Make settings the present ones and write them down."""
        self.settings = settings
        self.settings_changed.notify()
        async with self._writing:  # One after the other: the last write has the last word.
            await asyncio.to_thread(self._parts.settings_file.save, self.settings)

    async def forget_token(self, profile: ServerProfile) -> None:
        """Delete the session that this computer may keep for a server."""
        if profile.username:
            await self._parts.credentials.forget(profile.url, profile.username)

    async def mark_seen(self, event_id: int) -> None:
        """Remember the last event that the signed-in person was told of."""
        if self.owner:
            await self.save_settings(self.settings.with_seen(self.owner, event_id))

    async def close(self) -> None:
        """Stop following and close the client; the session itself stays valid."""
        client, self._server = self._server, None
        await self._stop_following()
        if client is not None:
            await client.aclose()

    async def _enter(self, client: InboxClient, url: str, identity: Identity) -> None:
        await self.close()
        self._server, self.server_url, self.identity = client, url, identity
        self._heard = self.settings.seen_events.get(self.owner)
        self._following = kept_going("following events", lambda: self._follow(client))
        self._following.start()
        self._set(Connection.ONLINE, None)

    async def _stop_following(self) -> None:
        # Awaited: a stream that is left open closes in another task, with a traceback.
        following, self._following = self._following, None
        if following is not None:
            await following.stop()

    def _set(self, connection: Connection, problem: TransferAppError | None) -> None:
        self.connection, self.trouble = connection, problem
        self.changed.notify()

    async def _follow(self, client: InboxClient) -> None:
        """Pass on the server's events for ever, through outages."""
        try:
            async with aclosing(
                follow_events(
                    client,
                    self._heard,
                    on_connection=self._connection_changed,
                    on_open=self._opened,
                    on_missed=self._missed,
                )
            ) as events:
                async for event in events:
                    # First: a page that fails over an event does not get it again.
                    self._heard = event.id
                    self.events.notify(event)
        except Denied as error:
            self._following = None
            self._server, self.identity = None, None
            self._set(Connection.SIGNED_OUT, error)
            await client.aclose()

    def _opened(self, position: int) -> None:
        """Remember where a new person's events begin: what ends later will be told."""
        self._position = self._heard = position
        if self.owner not in self.settings.seen_events:
            self._saving = asyncio.create_task(self.mark_seen(position))

    def _missed(self) -> None:
        """What came of it is in the inbox; from here on nothing is missed again."""
        self._saving = asyncio.create_task(self.mark_seen(self._position))
        self.missed.notify()

    def _connection_changed(self, problem: Unavailable | None) -> None:
        if problem is None:
            self._set(Connection.ONLINE, None)
        else:
            self._set(Connection.OFFLINE, problem)


async def _check_server(client: InboxClient) -> None:
    """Make sure that a TransferApp server answers, before a password is sent there."""
    try:
        await client.server_info()
    except (NotFound, Invalid, Internal, Denied) as error:
        raise SettingsInvalid(
            f"Something other than a TransferApp server answers at {client.base_url}."
            " Check the address."
        ) from error


def normal_url(text: str) -> str:
    """Return a server address as ``https://host[:port]``; raises SettingsInvalid.

    A bare name gets https, a bare loopback address gets http.
    """
    text = check_address(text.strip())
    if "://" not in text:
        loopback = text.split(":")[0] in {"localhost", "127.0.0.1", "[::1]"}
        text = f"{'http' if loopback else 'https'}://{text}"
    parts = urlsplit(text)
    try:
        bad = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError:
        bad = True
    if bad:
        raise SettingsInvalid("Write the server address like https://images.example.org.")
    return text.rstrip("/")
