"""Say whether OMERO is alive, in the three words of the port."""

from __future__ import annotations

from typing import Any

from transferapp.errors import TransferAppError
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.foreign import Glacier2
from transferapp.repositories.omero.gateway import Gateway, open_client, shut
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.omero.vigil import Vigil
from transferapp.repositories.port import HealthState, RepositoryHealth

#: Each question must be answered within so long.
_LIMIT_MS = 5000


def knock(settings: OmeroSettings) -> None:
    """Ask the router for a sign of life, without signing in; raises RepositoryUnavailable."""
    client = open_client(settings)
    try:
        with translated():
            proxy: Any = client.getCommunicator().getDefaultRouter()
            router = Glacier2.RouterPrx.uncheckedCast(proxy)
            router.ice_invocationTimeout(_LIMIT_MS).ice_ping()
    finally:
        shut(client)


def ask(gateway: Gateway) -> None:
    """Ask the services and the database behind the router; raises what is wrong."""
    with translated():
        gateway.config().ice_invocationTimeout(_LIMIT_MS).getDatabaseTime()


def unreachable(error: TransferAppError) -> RepositoryHealth:
    """OMERO, or a part of it, gives no answer."""
    return RepositoryHealth(HealthState.UNREACHABLE, error.message)


def answering(vigil: Vigil) -> RepositoryHealth:
    """OMERO answers; say whether its imports move."""
    since = vigil.silent_since()
    if since is None:
        return RepositoryHealth(HealthState.PROGRESSING, "OMERO answers.")
    waiting = vigil.queued()
    what = f"{waiting} imports wait in its own queue" if waiting else "its imports do not move"
    return RepositoryHealth(
        HealthState.SILENT, f"OMERO answers, but {what} since {since:%Y-%m-%d %H:%M} UTC."
    )
