"""The queue for administrators: list, stop, let go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, say, show_json, show_table
from transferapp.client.admin import AdminClient
from transferapp.taskqueue.port import Task, TaskState

R = TypeVar("R")

app = typer.Typer(help="Tasks, targets and workers; for administrators.", no_args_is_help=True)

TaskId = Annotated[str, typer.Argument(help="The task's id, as 'queue list' shows it.")]


def _ask(function: Callable[[AdminClient], Awaitable[R]]) -> R:
    async def work() -> R:
        async with (
            signed_in.server_client() as (server, _),
            AdminClient(server.base_url, server.token) as admin,
        ):
            return await function(admin)

    return asyncio.run(work())


@app.command("list")
@command
def list_tasks(
    state: Annotated[list[TaskState] | None, typer.Option(help="Only these.")] = None,
    target: Annotated[str, typer.Option(help="Only of this target.")] = "",
    owner: Annotated[str, typer.Option(help="Only of this person.")] = "",
    after: Annotated[str, typer.Option(help="The last id of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """List tasks, newest first."""
    states = state or []
    _show(
        _ask(
            lambda admin: admin.tasks(
                states=states, target=target, owner=owner, after=after, limit=limit
            )
        ),
        as_json=as_json,
    )


@app.command()
@command
def show(task_id: TaskId, *, as_json: AsJson = False) -> None:
    """Show all of one task."""
    task = _ask(lambda admin: admin.task(task_id))
    if as_json:
        show_json(task)
        return
    names = ("id", "kind", "target", "owner", "state", "attempts", "crashes", "step")
    more = ("progress", "note", "retry_at", "error_code", "error", "created_at", "updated_at")
    show_table(("", ""), [(name, getattr(task, name)) for name in (*names, *more)])


@app.command()
@command
def cancel(task_id: TaskId, *, as_json: AsJson = False) -> None:
    """Stop a task for good."""
    _act(task_id, "cancel", as_json=as_json)


@app.command()
@command
def pause(task_id: TaskId, *, as_json: AsJson = False) -> None:
    """Set a task aside; what it has done is kept."""
    _act(task_id, "pause", as_json=as_json)


@app.command()
@command
def resume(task_id: TaskId, *, as_json: AsJson = False) -> None:
    """Let a paused or cancelled task go on."""
    _act(task_id, "resume", as_json=as_json)


@app.command()
@command
def redrive(task_id: TaskId, *, as_json: AsJson = False) -> None:
    """Run a dead task again, from its failed step."""
    _act(task_id, "redrive", as_json=as_json)


@app.command("pause-target")
@command
def pause_target(
    target: Annotated[str, typer.Argument(help="Such as: repository")],
    *,
    go_on: Annotated[bool, typer.Option("--resume", help="Start its tasks again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start no tasks for a target; running ones go on."""
    _ask(lambda admin: admin.pause_target(target, paused=not go_on))
    if as_json:
        show_json({"target": target, "paused": not go_on})
    else:
        say(f"{target}: {'goes on' if go_on else 'paused'}.")


@app.command()
@command
def workers(*, as_json: AsJson = False) -> None:
    """List the workers and how long each has been silent."""
    found = _ask(lambda admin: admin.workers())
    if as_json:
        show_json(found)
    else:
        show_table(
            ("Worker", "Process", "Silent for"),
            [(one.id, one.pid, f"{one.silent_s:.1f} s") for one in found],
        )


def _act(task_id: str, action: str, *, as_json: bool) -> None:
    _show([_ask(lambda admin: admin.act_on_task(task_id, action))], as_json=as_json)


def _show(tasks: list[Task], *, as_json: bool) -> None:
    if as_json:
        show_json(tasks)
        return
    rows = [
        (t.id, t.kind, t.target, t.owner, t.state, t.attempts, t.step or t.error_code)
        for t in tasks
    ]
    show_table(("Task", "Kind", "Target", "Owner", "State", "Attempts", "Step"), rows)
