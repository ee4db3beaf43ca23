"""Serve a sandbox over Ice: tcp, ssl, ws and wss on ports that the caller or Ice chooses."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import Any

import Glacier2
import Ice
import omero
from omero import ObjectFactoryRegistrar

from transferapp.errors import Conflict, SettingsInvalid, TransferAppError
from transferapp.sandbox.omero_sandbox.dispatch import Network
from transferapp.sandbox.omero_sandbox.router import Router
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.services.repository import (
    SharedRepository,
    repository_identity,
)
from transferapp.sandbox.omero_sandbox.services.tables import register_columns

_PATHS = {"tcp": "", "ssl": "", "ws": " -r /omero-ws", "wss": " -r /omero-wss"}
_PROPERTIES = {
    "Ice.MessageSizeMax": "250000",
    "Ice.ThreadPool.Server.Size": "10",
    "Ice.ThreadPool.Server.SizeMax": "50",
    "Ice.ACM.Server.Timeout": "0",
    "Ice.Warn.Connections": "0",
    "Ice.Override.Timeout": "-1",
}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Ports by transport (0: any free one), and a PEM file of certificate and key."""

    host: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=dict)
    certificate: str = ""

    @property
    def text(self) -> str:
        """What Ice is told."""
        return ":".join(
            f"{kind} -h {self.host} -p {port}{_PATHS[kind]}"
            for kind, port in self.ports.items()
        )


class IceServer:
    """The sandbox on the network."""

    def __init__(self, sandbox: Sandbox, endpoints: Endpoints) -> None:
        """Listen and serve in Ice's threads; raises Conflict for a port that is in use,
        SettingsInvalid for any other place where nobody can listen.
        """
        try:
            self._communicator = Ice.initialize(_initialization(endpoints))
            adapter = self._communicator.createObjectAdapter("Sandbox")
        except Ice.LocalException as error:
            raise _not_listening(endpoints, error) from error
        ObjectFactoryRegistrar.registerObjectFactory(self._communicator, None)
        register_columns(self._communicator)
        for factory in omero.rtypes.ObjectFactories.values():
            factory.register(self._communicator)
        network = Network(sandbox, adapter)
        self.router = Router(network)
        network.add(Glacier2.Router, self.router, Ice.Identity("router", "OMERO.Glacier2"))
        network.open.add(("OMERO.Glacier2", "router"))
        shared = SharedRepository(network)
        network.add(omero.grid.ManagedRepository, shared, repository_identity(network))
        self.ports = dict(zip(endpoints.ports, _ports(adapter), strict=True))
        tcp = self.ports.get("tcp")
        if tcp is not None:
            # Clients that sign in over TLS are told where to go on without it.
            plain = f"OMERO.Glacier2/router:tcp -p {tcp} -h @omero.host@"
            sandbox.settings["omero.router.insecure"] = plain
        adapter.activate()

    def wait(self) -> None:
        """Return when ``stop`` was called."""
        self._communicator.waitForShutdown()
        self._communicator.destroy()

    def stop(self) -> None:
        """Stop serving."""
        self._communicator.shutdown()


def _not_listening(endpoints: Endpoints, error: Any) -> TransferAppError:
    """Return what tells a person why nobody can listen there."""
    stated = ", ".join(f"--{kind} {port}" for kind, port in endpoints.ports.items())
    number = getattr(error, "error", 0)
    if number == errno.EADDRINUSE:
        return Conflict(
            f"{stated}: another process on {endpoints.host} listens on a port of these, or two"
            " of them are the same. Choose another, or 0 for any free one."
        )
    if isinstance(error, Ice.SocketException) and number:
        why = os.strerror(number)
    else:
        why = getattr(error, "reason", "") or getattr(error, "str", "") or type(error).__name__
    return SettingsInvalid(
        f"--host {endpoints.host}, {stated}: nobody can listen there ({' '.join(why.split())})."
    )


def _ports(adapter: Any) -> list[int]:
    return [endpoint.getInfo().port for endpoint in adapter.getEndpoints()]


def _initialization(endpoints: Endpoints) -> Any:
    properties = Ice.createProperties()
    secure = {
        "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
        "IceSSL.VerifyPeer": "0",
        "IceSSL.CertFile": endpoints.certificate,
    }
    wanted = {**_PROPERTIES, "Sandbox.Endpoints": endpoints.text}
    if endpoints.ports.keys() & {"ssl", "wss"}:
        wanted |= secure
    for name, value in wanted.items():
        properties.setProperty(name, value)
    made = Ice.InitializationData()
    made.properties = properties
    return made
