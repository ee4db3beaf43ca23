"""One OMERO session over one client: blocking, thread-safe, never used again once closed."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

from transferapp.errors import (
    RepositoryUnavailable,
    SessionLost,
    SignInFailed,
    TransferAppError,
)
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import Ice, omero
from transferapp.repositories.omero.sessions.ice_log import IceLog
from transferapp.repositories.omero.sessions.pixel_stores import PixelStores
from transferapp.repositories.omero.settings import OmeroSettings

#: Read across all groups that the person sees.
ALL_GROUPS = -1
_AGENT = "TransferApp"
#: A call every so often keeps a session from its idle end (seconds).
_KEEP_ALIVE_S = 60


def open_client(settings: OmeroSettings) -> Any:
    """Make a client that is not signed in yet; raises RepositoryUnavailable."""
    with translated():
        data = Ice.InitializationData()
        data.logger = IceLog()
        client = omero.client(
            id=data,
            host=settings.url,
            pmap=_properties(settings),
            args=["--Ice.Warn.Connections=0"],
        )
    client.setAgent(_AGENT)
    return client


def _properties(settings: OmeroSettings) -> dict[str, str]:
    properties = {
        "Ice.Override.ConnectTimeout": str(_ms(settings.connect_timeout_s)),
        "Ice.Default.InvocationTimeout": str(_ms(settings.call_timeout_s)),
    }
    if not settings.encrypted:
        return properties
    if settings.legacy_anonymous_tls:
        return {
            **properties,
            "IceSSL.VerifyPeer": "0",
            "IceSSL.Ciphers": "HIGH:ADH:@SECLEVEL=0",
        }
    if not settings.verify_tls:
        return {**properties, "IceSSL.VerifyPeer": "0"}
    properties |= {"IceSSL.VerifyPeer": "1", "IceSSL.CheckCertName": "1"}
    if settings.ca_file is not None:
        return {**properties, "IceSSL.CAs": str(settings.ca_file)}
    return {**properties, "IceSSL.UsePlatformCAs": "1"}


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


class Gateway:
    """A live session. Every proxy it gives carries a group and a time limit.

    All calls may raise what Ice and OMERO raise; run them inside ``translated``.
    """

    def __init__(self, client: Any, settings: OmeroSettings) -> None:
        """Take over a client that has a session."""
        self._client, self._settings = client, settings
        self._closing = threading.Lock()
        self._closed = False
        #: Open pixel stores.
        self.pixel_stores = PixelStores(self.pixels_store)
        #: Live import processes by fileset id; they end with the session.
        self.processes: dict[int, Any] = {}
        #: Open logs of imports by fileset id; they end with the session.
        self.logs: dict[int, Any] = {}
        #: Pixels that are known to be tied to their file (reading/tied.py).
        self.tied: set[int] = set()
        #: The session as OMERO names it: as good as a password, never shown.
        self.session_uuid = str(client.getSessionId())
        #: Whether it was minted, so that another worker may go on in it.
        self.minted = False
        #: Set when a call found that the session is gone.
        self.lost = False
        client.enableKeepAlive(_KEEP_ALIVE_S)

    @classmethod
    def sign_in(cls, settings: OmeroSettings, username: str, password: str) -> Gateway:
        """Open a session of one's own; raises SignInFailed, RepositoryUnavailable."""
        client = open_client(settings)
        try:
            with translated():
                client.createSession(username, password)
        except Exception:
            shut(client)
            raise
        return cls(client, settings)

    @classmethod
    def join(cls, settings: OmeroSettings, session_key: str) -> Gateway:
        """Join a session that was minted; its end is ours, so that a crash leaves a running
        import alone (OMERO ends the session when its idle time is over).

        Raises SessionLost, RepositoryUnavailable.
        """
        client = open_client(settings)
        try:
            with translated():
                client.joinSession(session_key)
                client.getSession().detachOnDestroy()
        except SignInFailed as error:
            # So OMERO says that the session has ended since it was minted: no password was
            # wrong, and another session can be had.
            shut(client)
            raise SessionLost from error
        except Exception:
            shut(client)
            raise
        joined = cls(client, settings)
        joined.minted = True
        return joined

    def query(self, group_id: int) -> Any:
        """IQuery in a group."""
        return self.bound(self._factory.getQueryService(), group_id)

    def update(self, group_id: int) -> Any:
        """IUpdate in a group."""
        return self.bound(self._factory.getUpdateService(), group_id)

    def admin(self) -> Any:
        """IAdmin."""
        return self.bound(self._factory.getAdminService(), None)

    def config(self) -> Any:
        """IConfig."""
        return self.bound(self._factory.getConfigService(), None)

    def sessions(self) -> Any:
        """ISession."""
        return self.bound(self._factory.getSessionService(), None)

    def file_store(self, group_id: int) -> Any:
        """A new RawFileStore; close it."""
        return self.bound(self._factory.createRawFileStore(), group_id)

    def pixels_store(self, group_id: int) -> Any:
        """A new RawPixelsStore; close it."""
        return self.bound(self._factory.createRawPixelsStore(), group_id)

    def rendering_engine(self, group_id: int) -> Any:
        """A new RenderingEngine; close it."""
        return self.bound(self._factory.createRenderingEngine(), group_id)

    def thumbnail_store(self, group_id: int) -> Any:
        """A new ThumbnailStore; close it."""
        return self.bound(self._factory.createThumbnailStore(), group_id)

    def repository(self, group_id: int) -> Any:
        """The managed repository in a group; raises RepositoryUnavailable while none runs."""
        found = self._live.getManagedRepository()
        if found is None:
            raise RepositoryUnavailable("OMERO has no managed repository running now.")
        return self.bound(found, group_id)

    def in_session(self, name: str) -> Any:
        """Return a proxy of what lives in this session under a name, there or not."""
        identity = Ice.Identity(name, self.session_uuid)
        return self._factory.ice_identity(identity)

    def submit(self, request: Any, group_id: int) -> Any:
        """Submit a command; returns its handle."""
        handle = self._factory.submit(request, {"omero.group": str(group_id)})
        return self.bound(handle, group_id)

    def bound(self, proxy: Any, group_id: int | None, timeout_s: float | None = None) -> Any:
        """Return the proxy with a group of its own and a time limit for each call."""
        limit = timeout_s or self._settings.call_timeout_s
        proxy = proxy.ice_invocationTimeout(_ms(limit))
        if group_id is None:
            return proxy
        context = self._live.getContext(group=group_id)
        return proxy.ice_context(context)

    def patient(self, proxy: Any) -> Any:
        """Return the proxy with the time limit of calls that hash a whole file."""
        return proxy.ice_invocationTimeout(_ms(self._settings.hash_timeout_s))

    def event_context(self) -> Any:
        """Who the session is: user, groups, privileges."""
        return self.admin().getEventContext()

    def check_alive(self) -> None:
        """Return when OMERO knows the session, within a short limit."""
        limit_s = self._settings.alive_timeout_s
        session = self._live.getSession().ice_invocationTimeout(_ms(limit_s))
        self.bound(session.getAdminService(), None, limit_s).getEventContext()

    def close(self) -> None:
        """End the session; never raises, and later calls do nothing. One with an import under
        way is left to OMERO: another worker joins it, or it ends when nobody has called.
        """
        with self._closing:
            if self._closed:
                return
            self._closed = True
        self.pixel_stores.close()
        left = self.minted and bool(self.processes)
        self.processes.clear()
        self.logs.clear()
        # When it is gone already there is nothing to end.
        with suppress(TransferAppError), translated():
            if not left:
                self._client.getSession().closeOnDestroy()
        shut(self._client)

    @property
    def _live(self) -> Any:
        if self._closed:
            raise SessionLost
        return self._client

    @property
    def _factory(self) -> Any:
        return self._live.getSession().ice_invocationTimeout(_ms(self._settings.call_timeout_s))


def shut(client: Any) -> None:
    """Close a client for good; never raises."""
    with suppress(TransferAppError), translated():
        client.closeSession()
