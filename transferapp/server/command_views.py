"""Commands and their runs as they travel."""

from __future__ import annotations

from transferapp.commands.allow_list import Command
from transferapp.operations.command_requests import SeenRun
from transferapp.protocol import routes
from transferapp.protocol.commands import CommandRunView, CommandView, ParameterView


def run_view(seen: SeenRun) -> CommandRunView:
    """Return a run as it travels."""
    one = seen.run
    return CommandRunView(
        id=one.id,
        command=one.command,
        owner=one.owner,
        parameters=dict(one.parameters),
        state=str(seen.state),
        exit_code=one.exit_code,
        message=seen.message,
        attempts=one.attempts,
        created_at=one.created_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        stalled_since=seen.stalled_since,
        output_bytes=one.output_bytes,
        truncated=one.truncated,
        output=routes.command_output(one.id),
    )


def command_view(name: str, command: Command) -> CommandView:
    """Return a command; what it starts is nobody's business."""
    parameters = [
        ParameterView(name=key, words=one.described(), choices=one.choices, default=one.default)
        for key, one in command.parameters.items()
    ]
    return CommandView(
        name=name,
        description=command.description,
        parameters=parameters,
        timeout_s=command.timeout_s,
        limit=command.limit,
    )
