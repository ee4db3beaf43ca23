"""The service factory: what a signed-in client asks for its services."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import Ice
import omero
from omero.rtypes import rlong

from transferapp.sandbox.omero_sandbox.commands import submit
from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, register
from transferapp.sandbox.omero_sandbox.services.account import IConfig, ISession
from transferapp.sandbox.omero_sandbox.services.admin import IAdmin
from transferapp.sandbox.omero_sandbox.services.information import (
    ILdap,
    IRepositoryInfo,
    IScript,
    ITimeline,
)
from transferapp.sandbox.omero_sandbox.services.metadata import IMetadata
from transferapp.sandbox.omero_sandbox.services.query import (
    IContainer,
    IQuery,
    IRoi,
    ITypes,
    IUpdate,
)
from transferapp.sandbox.omero_sandbox.services.rawfiles import RawFileStore
from transferapp.sandbox.omero_sandbox.services.rawpixels import IPixels, RawPixelsStore
from transferapp.sandbox.omero_sandbox.services.rendering import RenderingEngine
from transferapp.sandbox.omero_sandbox.services.rendering_settings import IRenderingSettings
from transferapp.sandbox.omero_sandbox.services.repository import SharedResources
from transferapp.sandbox.omero_sandbox.services.thumbnails import ThumbnailStore
from transferapp.sandbox.omero_sandbox.sessions import Session

_STATELESS: dict[str, type[Service]] = {
    service.__name__: service
    for service in (
        IAdmin, IConfig, IContainer, ILdap, IMetadata, IPixels, IQuery, IRenderingSettings,
        IRepositoryInfo, IRoi, IScript, ISession, ITimeline, ITypes, IUpdate,
    )
}  # fmt: skip
_STATEFUL: dict[str, type[Service]] = {
    service.__name__: service
    for service in (RawFileStore, RawPixelsStore, RenderingEngine, ThumbnailStore)
}


class ServiceFactory(Service):
    """The session as one client sees it."""

    def __init__(self, network: Network, session: Session, client: str) -> None:
        """Serve a client that has joined a session."""
        super().__init__(network, session)
        self._client, self._detached = client, False
        self.own_identity = Ice.Identity(session.uuid, f"session-{client}")

    def leave(self) -> None:
        """The client is gone, and its stateless services; stateful ones stay for others."""
        self.network.remove(self.own_identity)
        for name in [name for name in self.session.servants if self._client in name]:
            self.network.remove(Ice.Identity(name, self.session.uuid))
            del self.session.servants[name]
        self.sandbox.sessions.leave(self.session, detached=self._detached)

    def getByName(self, name: str) -> Any:
        short = name.rpartition(".")[2]
        interface = getattr(omero.api, short)
        identity = Ice.Identity(self._client + name, self.session.uuid)
        # Once for a client: to make it anew would leave a moment in which nobody answers.
        present = self.network.present(interface, identity)
        if present is not None:
            return present
        service = _STATELESS.get(short, Service)(self.network, self.session)
        return register(self.network, interface, service, identity)

    def createByName(self, name: str) -> Any:
        short = name.rpartition(".")[2]
        kind = _STATEFUL.get(short)
        if kind is None:
            text = f"sandbox: the service {short} is not implemented"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
        service = kind(self.network, self.session)
        return self.register(getattr(omero.api, short), service, name)

    def __getattr__(self, name: str) -> Callable[[], Any]:
        """``getQueryService`` and ``createRawFileStore`` are ways to say a name."""
        if name.startswith("get") and name.endswith("Service"):
            return lambda: self.getByName(f"omero.api.I{name[3:-7]}")
        if name.startswith("create") and name[6:] in _STATEFUL:
            return lambda: self.createByName(f"omero.api.{name[6:]}")
        raise AttributeError(name)

    def setCallback(self, callback: Any) -> None:
        """Never call back."""

    def subscribe(self, topic: str, proxy: Any) -> None:
        """Never publish."""

    def closeOnDestroy(self) -> None:
        self._detached = False

    def detachOnDestroy(self) -> None:
        self._detached = True

    def keepAlive(self, proxy: Any) -> bool:
        """Refresh the session, as any call does; True only for a living service."""
        return proxy is not None and self.network.has(proxy.ice_getIdentity())

    def keepAllAlive(self, _proxies: list[Any]) -> int:
        return 0

    def activeServices(self) -> list[str]:
        return [name for name, kind in self.session.servants.items() if kind in _STATEFUL]

    def getSecurityContexts(self) -> list[Any]:
        groups = self.store.all("ExperimenterGroup")
        return [self.out(group) for group in groups if group.id in self.caller.member_of]

    def setSecurityContext(self, group: Any) -> Any:
        caller, wanted = self.caller, group._id._val
        if wanted not in caller.member_of | ({wanted} if caller.admin else set()):
            text = f"User {caller.user} is not a member of group {wanted}"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        old, self.session.group = self.session.group, wanted
        return omero.model.ExperimenterGroupI(rlong(old), False)

    def sharedResources(self) -> Any:
        service = SharedResources(self.network, self.session)
        return self.register(omero.grid.SharedResources, service, "SharedResources")

    def submit(self, request: Any) -> Any:
        return submit(self, request, Ice.Identity(f"{uuid.uuid4()}Handle", self.session.uuid))

    def destroy(self) -> None:
        self.sandbox.sessions.leave(self.session, detached=self._detached)
