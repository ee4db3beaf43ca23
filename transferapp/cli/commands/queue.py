"""The queue for administrators: list, stop, let go on, limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, TypeVar

import typer

from transferapp.cli import signed_in
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import command, echo, show_json, show_table
from transferapp.cli.task_texts import local_time, progress_of, state_of
from transferapp.client.admin import AdminClient
from transferapp.errors import Invalid
from transferapp.protocol.queue import RedriveRequest
from transferapp.taskqueue.port import Resource, Task, TaskState

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
                states=states, resource=target, owner=owner, after=after, limit=limit
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
    rows: list[tuple[str, object]] = [
        ("work class" if name == "lane" else name, getattr(task, name))
        for name in (
            *("id", "kind", "lane", "target", "owner", "priority"),
            *("worker", "attempts", "crashes", "step"),
        )
    ]
    rows[6:6] = [("state", state_of(task)), ("stalled since", local_time(task.stalled_since))]
    rows += [
        ("progress", progress_of(task)),
        ("next attempt", local_time(task.retry_at)),
        ("error", f"{task.error_code} {task.error}".strip()),
        ("created", local_time(task.created_at)),
        ("last sign of life", local_time(task.updated_at)),
    ]
    show_table(("", ""), rows)


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
def redrive(
    task_ids: Annotated[list[str] | None, typer.Argument(help="Ids of dead tasks.")] = None,
    error_code: Annotated[str, typer.Option(help="Only those that failed so.")] = "",
    target: Annotated[str, typer.Option(help="Only those of this target.")] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="All dead tasks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run dead tasks again from their failed step: those that fit all that is given."""
    ids = task_ids or []
    if len(ids) == 1 and not (error_code or target or everything):
        _act(ids[0], "redrive", as_json=as_json)  # It says why when it is not possible.
        return
    if everything and (ids or error_code or target):
        raise Invalid("--all goes with no ids and no other option.")
    which = RedriveRequest(
        task_ids=ids, error_code=error_code, target=target, everything=everything
    )
    count = _ask(lambda admin: admin.redrive(which))
    if as_json:
        show_json({"count": count})
    else:
        echo(f"{count} {'task runs' if count == 1 else 'tasks run'} again.")


@app.command("targets")
@command
def resources(*, as_json: AsJson = False) -> None:
    """List what tasks work on, and how hard it is pressed now."""
    _show_resources(_ask(lambda admin: admin.resources()), as_json=as_json)


@app.command()
@command
def limits(
    changes: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TARGET=N]...", help="Set how many may run at once."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show how many tasks may run at once for each target, or set it while they run."""
    requested = [_limit(change) for change in changes or []]

    async def work(admin: AdminClient) -> list[Resource]:
        for name, ceiling in requested:
            await admin.set_ceiling(name, ceiling)
        return await admin.resources()

    found = _ask(work)
    names = {name for name, _ in requested}
    chosen = [one for one in found if not names or one.name in names]
    _show_resources(chosen, as_json=as_json)


@app.command("pause-target")
@command
def pause_resource(
    target: Annotated[str, typer.Argument(help="Such as: repository")],
    *,
    go_on: Annotated[bool, typer.Option("--resume", help="Start its tasks again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start no tasks for a target; running ones go on."""
    _ask(lambda admin: admin.pause_resource(target, paused=not go_on))
    if as_json:
        show_json({"target": target, "paused": not go_on})
    else:
        echo(f"{target}: {'goes on' if go_on else 'paused'}.")


@app.command()
@command
def workers(*, as_json: AsJson = False) -> None:
    """List the workers and how long each has been silent."""
    found = _ask(lambda admin: admin.workers())
    if as_json:
        show_json(found)
    else:
        show_table(
            ("Worker", "Process", "Silent for", "Problem"),
            [(one.id, one.pid, f"{one.silent_s:.1f} s", one.trouble) for one in found],
        )


def _act(task_id: str, action: str, *, as_json: bool) -> None:
    _show([_ask(lambda admin: admin.act_on_task(task_id, action))], as_json=as_json)


def _show(tasks: list[Task], *, as_json: bool) -> None:
    if as_json:
        show_json(tasks)
        return
    rows = [
        (
            *(task.id, task.kind, task.target, task.owner, state_of(task), task.attempts),
            task.step or task.error_code,
            progress_of(task),
            local_time(task.updated_at),
        )
        for task in tasks
    ]
    titles = ("Task", "Kind", "Target", "Owner", "State", "Attempts", "Step", "Progress")
    show_table((*titles, "Last sign of life"), rows)


def _limit(change: str) -> tuple[str, int]:
    # From the right: a target's name may hold '=', a number does not.
    name, _, number = change.rpartition("=")
    if not name or not number.isdecimal() or not int(number):
        raise Invalid(f"'{change}' is not TARGET=N, with N from 1.")
    return name, int(number)


def _show_resources(found: Sequence[Resource], *, as_json: bool) -> None:
    if as_json:
        show_json(found)
        return
    rows = [
        (
            one.name,
            "paused" if one.paused else "",
            one.ceiling,
            one.limit,
            one.trouble or (f"out, tried again {local_time(one.probe_at)}" if one.out else ""),
        )
        for one in found
    ]
    show_table(("Target", "", "At most", "Now", ""), rows)
