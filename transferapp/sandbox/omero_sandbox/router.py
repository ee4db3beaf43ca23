"""The Glacier2 router: clients sign in here, and leave, or are lost, here."""

from __future__ import annotations

import logging
from typing import Any

import Glacier2
import Ice
import omero

from transferapp.sandbox.omero_sandbox.dispatch import (
    Admitted,
    Network,
    current_call,
)
from transferapp.sandbox.omero_sandbox.services.factory import ServiceFactory
from transferapp.sandbox.omero_sandbox.sessions import SessionWanted

_log = logging.getLogger(__name__)
_SESSION_TIMEOUT_S = 600


class Router:
    """Router and services share one object adapter, so nothing is really routed; what each
    connection may call is filtered as Glacier2 does.
    """

    def __init__(self, network: Network) -> None:
        """Sign people in to a network of services."""
        self._network, self._sandbox = network, network.sandbox
        #: client uuid -> what it signed in to, and over which connection
        self._clients: dict[str, tuple[ServiceFactory, Any]] = {}

    def _client(self) -> str:
        return str(current_call().ctx.get("omero.client.uuid", "x"))

    def getClientProxy(self) -> Any:
        """Return none: clients then use the router's own endpoints."""
        return

    def getServerProxy(self) -> Any:
        return self._network.proxy(Ice.Identity("server", self._client()))

    def addProxies(self, _proxies: list[Any]) -> list[Any]:
        return []

    def getCategoryForClient(self) -> str:
        return self._client()

    def createSession(self, user: str, password: str) -> Any:
        context, client = current_call().ctx, self._client()
        wanted = SessionWanted(
            context.get("omero.group", ""), agent=context.get("omero.agent", "")
        )
        try:
            session = self._sandbox.sessions.login(user, password, wanted)
        except omero.SecurityViolation as error:
            raise Glacier2.PermissionDeniedException(error.message) from error
        connection = current_call().con
        factory = ServiceFactory(self._network, session, client)
        identity = factory.own_identity
        self._clients[client] = factory, connection
        categories = frozenset({session.uuid, identity.category})
        self._network.admitted.append(Admitted(connection, categories))
        connection.setCallback(_Gone(self, client, connection))
        session.closing.append(lambda: self._network.remove(identity))
        proxy = self._network.add(omero.api.ServiceFactory, factory, identity)
        return Glacier2.SessionPrx.uncheckedCast(proxy)

    def destroySession(self) -> None:
        if not self._leave(self._client()):
            raise Glacier2.SessionNotExistException

    def _leave(self, client: str) -> bool:
        factory, connection = self._clients.pop(client, (None, None))
        if factory is None:
            return False
        admitted = self._network.admitted_over(connection)
        if admitted is not None:
            self._network.admitted.remove(admitted)
        factory.leave()
        return True

    def lost(self, client: str, connection: Any) -> None:
        """Note that a client's connection is gone, as Glacier2 does."""
        with self._sandbox.lock:
            held = self._clients.get(client)
            if held is not None and held[1] == connection:
                _log.info("client %s was lost", client)
                self._leave(client)
        self._sandbox.commit()

    def drop_connections(self) -> int:
        """Close all connections at once; return how many."""
        with self._sandbox.lock:
            held = list(self._clients.items())
        for client, (_session, connection) in held:
            connection.close(True)
            self.lost(client, connection)
        return len(held)

    def refreshSession(self) -> None:
        """Do nothing: OMERO has its own keepAlive."""

    def getSessionTimeout(self) -> int:
        return _SESSION_TIMEOUT_S

    def getACMTimeout(self) -> int:
        return 0


class _Gone(Ice.ConnectionCallback):  # type: ignore[misc] # omero-py is not typed
    """Hears when a connection closes."""

    def __init__(self, router: Router, client: str, connection: Any) -> None:
        self._router, self._client, self._connection = router, client, connection

    def heartbeat(self, connection: Any) -> None:
        """Do nothing."""

    def closed(self, _connection: Any) -> None:
        """Tell the router."""
        self._router.lost(self._client, self._connection)
