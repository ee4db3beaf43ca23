"""What the command line is made of: the one place here where adapters are met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferapp.client.agent import AgentClient
from transferapp.host.paths import host_paths, private_folder

if TYPE_CHECKING:
    from transferapp.repositories.local.administration import Administration


def agent_client() -> AgentClient:
    """Return a client of this account's workstation service."""
    return AgentClient(host_paths().agent_socket)


def local_people() -> Administration:
    """Return the administration of the embedded repository on this machine."""
    # The extra 'server' may be absent on a workstation.
    from transferapp.repositories.local.administration import (  # noqa: PLC0415
        Administration,
    )
    from transferapp.server.settings import ServerSettings  # noqa: PLC0415

    return Administration(private_folder(ServerSettings().repository_folder))
