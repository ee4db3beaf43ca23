"""How a server is, as anyone may ask it."""

from __future__ import annotations

from transferapp.protocol.messages import Message


class RepositoryState(Message):
    """How the image repository is, as the server sees it."""

    #: ``progressing`` when all is well; see ``HealthState``.
    state: str
    detail: str


class ServerHealth(Message):
    """What anyone may know of how a server is: "ok", or a sentence, for each part."""

    #: "ok", or "degraded" when any part is not.
    status: str
    database: str
    queue: str
    #: Whether any worker is at work; without one, imports and exports wait.
    workers: str = "ok"
    #: Whether events reach those who follow them.
    events: str = "ok"
    #: Whether background work of the server or a worker keeps failing.
    background: str = "ok"
    repository: RepositoryState
