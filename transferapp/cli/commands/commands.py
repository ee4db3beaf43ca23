"""The facility's commands: what you may run, running it, and what it printed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.event_lines import show_event
from transferapp.cli.output import ExitCode, command, echo, show_json, show_table
from transferapp.client.commands import CommandsClient
from transferapp.errors import Invalid
from transferapp.protocol.commands import CommandRunView, CommandView

R = TypeVar("R")

app = typer.Typer(help="Commands that your facility offers.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(help="The run's id, as 'commands runs' shows it.")]
Follow = Annotated[bool, typer.Option("--follow", help="Print what it prints, to its end.")]


def _ask(function: Callable[[CommandsClient], Awaitable[R]]) -> R:
    async def work() -> R:
        async with (
            signed_in.server_client() as (server, _),
            CommandsClient(server.base_url, server.token) as client,
        ):
            return await function(client)

    return asyncio.run(work())


@app.command("list")
@command
def list_commands(*, as_json: AsJson = False) -> None:
    """List the commands that you may run, with their parameters."""
    found = _ask(lambda client: client.commands())
    if as_json:
        show_json(found)
        return
    rows = [(one.name, _parameters(one), one.description) for one in found]
    show_table(("Command", "Parameters", ""), rows)


@app.command()
@command
def run(
    name: Annotated[str, typer.Argument(help="As 'commands list' shows it.")],
    parameters: Annotated[list[str] | None, typer.Argument(help="KEY=VALUE ...")] = None,
    *,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Queue a run of a command."""
    given = dict(_pair(text) for text in parameters or [])

    async def work(client: CommandsClient) -> CommandRunView:
        queued = await client.run_command(name, given)
        if not follow:
            return queued
        if as_json:
            show_event("queued", run_id=queued.id)
        else:
            echo(f"Run {queued.id} is queued.")
        return await _follow(client, queued.id, as_json=as_json)

    view = _ask(work)
    _show(view, as_json=as_json, as_line=follow)
    if follow and view.state != "done":
        raise typer.Exit(ExitCode.SOME_FAILED)


@app.command()
@command
def runs(
    after: Annotated[str, typer.Option(help="The last id of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List your runs, newest first."""
    page = _ask(lambda client: client.command_runs(after=after, limit=limit))
    if as_json:
        show_json(page)
        return
    rows = [
        (one.id, one.command, one.state, f"{one.created_at:%Y-%m-%d %H:%M}", one.message)
        for one in page.items
    ]
    show_table(("Run", "Command", "State", "When (UTC)", ""), rows)


@app.command()
@command
def show(run_id: RunId, *, as_json: AsJson = False) -> None:
    """Show all of one run."""
    _show(_ask(lambda client: client.command_run(run_id)), as_json=as_json)


@app.command()
@command
def output(
    run_id: RunId,
    after: Annotated[int, typer.Option(min=0, help="Leave out so many bytes.")] = 0,
    *,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Print what a run has printed."""

    async def work(client: CommandsClient) -> None:
        if follow:
            view = await _follow(client, run_id, after=after, as_json=as_json)
            if as_json:
                show_json(view, as_line=True)
            return
        text = await client.command_output(run_id, after)
        if as_json:
            show_json({"text": text})
        else:
            sys.stdout.write(text)

    _ask(work)


@app.command()
@command
def cancel(run_id: RunId, *, as_json: AsJson = False) -> None:
    """Stop a run; its output stays."""
    _show(_ask(lambda client: client.cancel_command_run(run_id)), as_json=as_json)


async def _follow(
    client: CommandsClient, run_id: str, *, after: int = 0, as_json: bool = False
) -> CommandRunView:
    view = await client.command_run(run_id)
    async for reported in client.follow_command(run_id, after):
        if isinstance(reported, CommandRunView):
            view = reported
        elif as_json:
            show_event("output", run_id=run_id, text=reported)
        else:
            sys.stdout.write(reported)
            sys.stdout.flush()
    return view


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Invalid(f"'{text}' is no KEY=VALUE.")
    return name, value


def _parameters(one: CommandView) -> list[str]:
    return [
        f"{p.name}: {p.words}" + (f" [{p.default}]" if p.default is not None else "")
        for p in one.parameters
    ]


def _show(view: CommandRunView, *, as_json: bool, as_line: bool = False) -> None:
    if as_json:
        show_json(view, as_line=as_line)
        return
    names = ("id", "command", "owner", "parameters", "state", "exit_code", "message")
    more = ("attempts", "created_at", "started_at", "ended_at", "output_bytes", "truncated")
    show_table(("", ""), [(name, getattr(view, name)) for name in (*names, *more)])
