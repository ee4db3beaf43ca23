"""What administrators ask of the queue, and what it answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from transferapp.protocol.messages import Message, Name


class ResourceCeiling(Message):
    """How many tasks may run at once for a target at most."""

    ceiling: int = Field(ge=1, le=10_000)


class RedriveRequest(Message):
    """Which dead tasks run again: those that fit all that is given."""

    task_ids: list[Name] = Field(default=[], max_length=10_000)
    error_code: Annotated[str, StringConstraints(max_length=64)] = ""
    target: Annotated[str, StringConstraints(max_length=256)] = ""
    #: Must be set when nothing else is given: all dead tasks are a lot to do by mistake.
    everything: bool = False


class Redriven(Message):
    """How many tasks run again."""

    count: int


class WorkerView(Message):
    """A worker as administrators see it; ``silent_s`` since its last sign of life."""

    id: str
    pid: int
    silent_s: float
    #: What of its background work keeps failing, as a sentence.
    trouble: str = ""
