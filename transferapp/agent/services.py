"""What every running submission works with, filled in by ``wiring``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from transferapp.agent.changes import Changes
from transferapp.agent.outbox import Outbox
from transferapp.agent.progress import Progress
from transferapp.agent.settings import AgentSettings
from transferapp.agent.slots import Slots
from transferapp.client.pace import RateLimit
from transferapp.client.server import ServerClient
from transferapp.host.clock import Clock, SystemClock


@dataclass(frozen=True, slots=True)
class AgentServices:
    """Shared by all submissions of one workstation service.

    ``connect`` makes a client of a server for one grant, ``bulk`` returns the one client
    for bytes of a server.
    """

    settings: AgentSettings
    outbox: Outbox
    slots: Slots
    progress: Progress
    changes: Changes
    rate_limit: RateLimit
    connect: Callable[[str, str], ServerClient]
    bulk: Callable[[str], httpx.Client]
    clock: Clock = field(default_factory=SystemClock)
