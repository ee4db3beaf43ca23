"""Shapes of the commands of a facility and of their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from transferapp.protocol.messages import Message

ParameterText = Annotated[str, StringConstraints(max_length=4096)]

#: Events of a stream of output: a piece of it as a JSON string, the ended run.
OUTPUT_EVENT = "output"
ENDED_EVENT = "ended"


class CommandRequest(Message):
    """Ask for a run."""

    parameters: dict[str, ParameterText] = Field(default_factory=dict, max_length=64)


class ParameterView(Message):
    """What a person may put in for a parameter."""

    name: str
    #: What fits, in words.
    words: str
    choices: list[str] | None
    #: Taken when nothing is given; None: it must be given.
    default: str | None


class CommandView(Message):
    """A command that the caller may run; what it starts is not shown."""

    name: str
    description: str
    parameters: list[ParameterView]
    timeout_s: float
    #: How many may run at once.
    limit: int


class CommandRunView(Message):
    """A run of a command."""

    id: str
    command: str
    owner: str
    parameters: dict[str, str]
    #: queued, running, waiting, paused, done, failed or cancelled.
    state: str
    exit_code: int | None
    #: Why it does not run or did not end well.
    message: str
    attempts: int
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: Since when its worker gives no sign of life.
    stalled_since: datetime | None
    output_bytes: int
    #: Whether it printed more than is kept.
    truncated: bool
    #: Where its output is.
    output: str
