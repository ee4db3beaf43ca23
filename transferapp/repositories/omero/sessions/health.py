"""Say whether OMERO is alive, in the three words of the port."""

from __future__ import annotations

from typing import Any

from transferapp.errors import TransferAppError
from transferapp.repositories.heartbeat import HeartbeatWatch
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import Glacier2
from transferapp.repositories.omero.sessions.gateway import Gateway, open_client, shut
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.port import HealthState, RepositoryHealth

#: Each question must be answered within so long (seconds).
_LIMIT_S = 5.0


def knock(settings: OmeroSettings) -> None:
    """Ask the router for a sign of life, without signing in; raises RepositoryUnavailable."""
    # Its leaving is a call, too, and must not wait long for a frozen server either.
    quick = {"call_timeout_s": _LIMIT_S, "connect_timeout_s": _LIMIT_S}
    client = open_client(settings.model_copy(update=quick))
    try:
        with translated():
            proxy: Any = client.getCommunicator().getDefaultRouter()
            Glacier2.RouterPrx.uncheckedCast(proxy).ice_ping()
    finally:
        shut(client)


def ask(gateway: Gateway) -> None:
    """Ask the services and the database behind the router; raises what is wrong."""
    with translated():
        gateway.config().ice_invocationTimeout(int(_LIMIT_S * 1000)).getDatabaseTime()


def version(gateway: Gateway) -> str:
    """Return the server's version, such as "5.6.17-ice36-b42"; raises what is wrong."""
    with translated():
        config = gateway.config().ice_invocationTimeout(int(_LIMIT_S * 1000))
        return str(config.getVersion())


def unreachable(error: TransferAppError) -> RepositoryHealth:
    """OMERO, or a part of it, gives no answer."""
    return RepositoryHealth(HealthState.UNREACHABLE, error.message)


def answering(heartbeats: HeartbeatWatch) -> RepositoryHealth:
    """OMERO answers; say whether its imports move."""
    since = heartbeats.silent_since()
    if since is None:
        return RepositoryHealth(HealthState.PROGRESSING, "OMERO answers.")
    waiting = heartbeats.queued()
    what = f"{waiting} imports wait in its own queue" if waiting else "its imports do not move"
    return RepositoryHealth(
        HealthState.SILENT, f"OMERO answers, but {what} since {since:%Y-%m-%d %H:%M} UTC."
    )
