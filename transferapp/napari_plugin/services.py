"""What the dock asks of server and workstation service; no Qt, lives on the event thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from transferapp.client.agent import AgentClient
from transferapp.client.importing import ExportPlan, export_request, hand_over_export
from transferapp.client.inbox import InboxClient
from transferapp.client.previews import signed_url
from transferapp.desktop.session.presenter import Connection, SessionParts, SessionPresenter
from transferapp.desktop.session.remembered import SettingsFile
from transferapp.desktop.viewer.pyramid import RemoteImage, open_image
from transferapp.desktop.viewer.store import RenewableToken
from transferapp.errors import TransferAppError
from transferapp.host.credentials import Credentials, Kept
from transferapp.host.paths import HostPaths
from transferapp.model.containers import Container, ContainerRef
from transferapp.model.images import ImageSummary
from transferapp.protocol import routes
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import Page
from transferapp.protocol.signed_urls import SignedUrl

PAGE_SIZE = 200


@dataclass(frozen=True, slots=True)
class PluginState:
    """Who is signed in where; ``person`` is empty when nobody is."""

    server_url: str
    username: str
    person: str = ""
    online: bool = True
    remember: bool = True
    export_folder: str = ""
    trouble: TransferAppError | None = None


class PluginServices:
    """The session that the desktop has too, and what can be done in it.

    ``changed`` is called on the event thread with each new state.
    """

    def __init__(self, paths: HostPaths, changed: Callable[[PluginState], None]) -> None:
        """Read what this computer remembers; blocking."""
        self._file = SettingsFile(paths.desktop_settings)
        self._agent = AgentClient(paths.agent_socket)
        self._session = SessionPresenter(
            SessionParts(InboxClient, self._agent, Credentials(), self._file)
        )
        self._changed = changed
        #: By ``user@server``: open images go on when the same person signs in again.
        self._tokens: dict[str, RenewableToken] = {}
        self._session.changed.listen(self._session_changed)

    @property
    def state(self) -> PluginState:
        """How it is now."""
        session = self._session
        profile = session.settings.last_profile
        identity = session.identity
        return PluginState(
            server_url=session.server_url if identity else profile.url,
            username=session.username or profile.username,
            person=identity.experimenter.full_name or session.username if identity else "",
            online=session.connection is Connection.ONLINE,
            remember=session.settings.remember,
            export_folder=session.settings.export_folder,
            trouble=session.trouble,
        )

    async def resume(self) -> PluginState:
        """Continue the session that this computer keeps; raises Unavailable."""
        await self._session.resume()
        return self.state

    async def sign_in(
        self, server_url: str, username: str, password: str, *, remember: bool
    ) -> str:
        """Sign in; returns a sentence when the session could not be kept, else nothing.

        Raises SignInFailed, ServerUnreachable, SettingsInvalid.
        """
        await self._read_settings()
        kept = await self._session.sign_in(server_url, username, password, remember=remember)
        return kept.reason if kept is not None and kept.where is Kept.MEMORY else ""

    async def sign_out(self) -> None:
        """End the session, of the desktop too; transfers go on."""
        await self._session.sign_out()

    async def containers(self, parent: ContainerRef | None) -> list[Container]:
        """List what is in a container, or (None) the tops; raises as ServerClient does."""
        return await self._session.server.containers(parent)

    async def images(
        self, container: ContainerRef | None, text: str, after: str
    ) -> Page[ImageSummary]:
        """List images of a container (None: all); raises as ServerClient does."""
        return await self._session.server.images(
            container, text=text, after=after, limit=PAGE_SIZE
        )

    async def open_image(self, image_id: int) -> RemoteImage:
        """Read an image's documents; its pixels are read when they are drawn.

        Raises ImageNotFound, GrantRefused, ServerUnreachable.
        """
        server = self._session.server
        url = f"{server.base_url}{routes.image_zarr(image_id)}"
        return await asyncio.to_thread(open_image, url, self._token())

    async def export_summary(self, image: ImageSummary) -> ExportSummary:
        """Say what an export of an image would bring; nothing is queued. Raises as ServerClient
        does.
        """
        plan = ExportPlan(image.name, (image.id,), Path())
        return await self._session.server.export_summary(export_request(plan))

    async def export(self, image: ImageSummary, folder: Path) -> None:
        """Queue an image's original files into a folder of this computer.

        Raises AgentUnreachable, ServerUnreachable, Denied.
        """
        plan = ExportPlan(image.name, (image.id,), folder)
        session = self._session
        await hand_over_export(session.server, self._agent, plan, owner=session.username)
        await self._read_settings()
        settings = replace(session.settings, export_folder=str(folder))
        await session.save_settings(settings)

    async def signed_url(self, image_id: int) -> SignedUrl:
        """Return an image's address for other programs; raises ImageNotFound."""
        return await signed_url(self._session.server, image_id)

    async def close(self) -> None:
        """Let go of the connections; the session stays."""
        await self._session.close()
        await self._agent.aclose()

    async def _read_settings(self) -> None:
        # The desktop writes the same file.
        self._session.settings = await asyncio.to_thread(self._file.load)

    def _token(self) -> RenewableToken:
        value = self._session.server.token or ""
        owner = self._session.owner
        if owner not in self._tokens:
            # Nobody is asked for a fresh one: the dock shows that the session has ended.
            self._tokens[owner] = RenewableToken(value, lambda: None)
        return self._tokens[owner]

    def _session_changed(self) -> None:
        session = self._session
        token = self._tokens.get(session.owner)
        if token is not None and session.signed_in and session.server.token:
            token.renew(session.server.token)
        self._changed(self.state)
