"""Put the workstation service together from its parts."""

from __future__ import annotations

from functools import cache

import httpx

from transferapp.agent.changes import Changes
from transferapp.agent.outbox import open_outbox
from transferapp.agent.progress import Progress
from transferapp.agent.services import AgentServices
from transferapp.agent.settings import AgentSettings
from transferapp.agent.slots import Slots
from transferapp.client.pace import RateLimit
from transferapp.client.server import ServerClient
from transferapp.client.transport import bulk_client
from transferapp.host.clock import SystemClock


def make_workbench(settings: AgentSettings) -> AgentServices:
    """Open the outbox and make what the submissions share. Blocks."""
    connections = settings.parallel_files * 3

    @cache
    def bulk(server_url: str) -> httpx.Client:
        return bulk_client(server_url, connections=connections)

    return AgentServices(
        settings=settings,
        outbox=open_outbox(settings.outbox, SystemClock()),
        slots=Slots(settings.parallel_files),
        progress=Progress(),
        changes=Changes(),
        rate_limit=RateLimit(settings.bytes_per_s or None),
        connect=ServerClient,
        bulk=bulk,
    )
