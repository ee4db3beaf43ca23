"""Targets, limits and redriving many, over HTTP and by command line, for administrators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel, SecretStr
from typer.testing import CliRunner, Result

from tests.support.rest_server import PASSWORD, RestServer, rest_server
from tests.support.rest_uploads import bearer
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.client.admin import AdminClient
from transferapp.errors import Invalid
from transferapp.protocol.queue import RedriveRequest
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.taskqueue.port import NewTask, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue

#: Names that would end a path, or be taken for an action.
ODD = ("webhook:example.org", "https://x/y?z#w", "a/b/../c", "50% off/pause", "ü b")


class Nothing(BaseModel):
    """A payload."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    async with rest_server(tmp_path / "server") as running:
        people = Administration(running.parts.settings.repository_folder)
        await people.add_experimenter("root", "Root", PASSWORD, is_admin=True)
        await people.add_member("root", "lab")
        for number, resource in enumerate(("repository", "repository", *ODD)):
            task = NewTask(f"t{number}", "none", Nothing(), resource, "ada")
            await running.parts.queue.enqueue(task)
        yield running


@pytest.fixture
async def admin(server: RestServer) -> AdminClient:
    client = AdminClient(server.url)
    await client.sign_in("root", PASSWORD)
    server.clients.append(client)
    return client


@pytest.fixture
async def memory(server: RestServer) -> MemoryTaskQueue:
    """A queue whose tasks a test may put into any state."""
    queue = MemoryTaskQueue()
    object.__setattr__(server.parts, "queue", queue)
    for number in range(4):
        await queue.enqueue(NewTask(f"t{number}", "none", Nothing(), "repository", "ada"))
    return queue


def fail(memory: MemoryTaskQueue, *task_ids: str, code: str = "unavailable") -> None:
    for task_id in task_ids:
        memory.change(task_id, state=TaskState.DEAD, error_code=code)


async def states(admin: AdminClient) -> dict[str, TaskState]:
    return {task.id: task.state for task in await admin.tasks()}


@pytest.mark.parametrize("name", ODD)
async def test_targets_may_have_any_name(admin: AdminClient, name: str) -> None:
    async def resource() -> Any:
        (found,) = (one for one in await admin.resources() if one.name == name)
        return found

    assert not (await resource()).paused
    await admin.pause_resource(name, paused=True)
    assert (await resource()).paused
    await admin.pause_resource(name, paused=False)
    await admin.set_ceiling(name, 2)
    assert ((await resource()).paused, (await resource()).ceiling) == (False, 2)
    assert {one.name for one in await admin.resources()} == {"repository", *ODD}


async def test_a_limit_is_at_least_one(server: RestServer, admin: AdminClient) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers=bearer(str(admin.token))) as http:
        for body in ({"ceiling": 0}, {"ceiling": "many"}, {}):
            answer = await http.put("/v1/admin/targets/repository", json=body)
            assert answer.status_code == 422


async def test_redrives_what_fits_and_nothing_by_mistake(
    memory: MemoryTaskQueue, admin: AdminClient
) -> None:
    fail(memory, "t0", "t1")
    fail(memory, "t2", code="denied")
    with pytest.raises(Invalid, match="Say which"):
        await admin.redrive(RedriveRequest())
    fits = RedriveRequest(error_code="unavailable", target="elsewhere")
    assert await admin.redrive(fits) == 0
    redrive = RedriveRequest(error_code="unavailable", task_ids=["t1", "t2", "t3"])
    assert await admin.redrive(redrive) == 1
    found = await states(admin)
    assert (found["t0"], found["t1"], found["t2"]) == ("dead", "queued", "dead")
    assert await admin.redrive(RedriveRequest(everything=True)) == 2
    assert set((await states(admin)).values()) == {TaskState.QUEUED}


class Command:
    """``transferapp queue ...`` of a signed-in administrator."""

    async def __call__(self, *arguments: str) -> Result:
        return await asyncio.to_thread(lambda: CliRunner().invoke(app, ["queue", *arguments]))

    async def json(self, *arguments: str) -> Any:
        return json.loads((await self(*arguments, "--json")).stdout)


@pytest.fixture
async def queue(
    server: RestServer, admin: AdminClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "240")
    await signed_in.remember(server.url, "root", SecretStr(str(admin.token)), in_file=True)
    return Command()


async def test_the_command_line_limits_targets(queue: Command) -> None:
    shown = await queue.json("limits", "https://x/y?z#w=3", "repository=7")
    ceilings = {one["name"]: one["ceiling"] for one in shown}
    assert ceilings == {"repository": 7, "https://x/y?z#w": 3}
    assert "webhook:example.org" in (await queue("targets")).stdout
    assert len(await queue.json("limits")) == 1 + len(ODD)
    wrong = await queue("limits", "repository=0")
    assert wrong.exit_code == ExitCode.PROBLEM
    assert "TARGET=N" in wrong.stderr


async def test_the_command_line_redrives_one_some_and_all(
    memory: MemoryTaskQueue, queue: Command
) -> None:
    fail(memory, "t0", "t1", "t2", "t3")
    assert (await queue.json("redrive", "t0"))[0]["state"] == "queued"
    for wrong in (["t0"], [], ["--all", "--target", "x"]):
        assert (await queue("redrive", *wrong)).exit_code == ExitCode.PROBLEM
    assert await queue.json("redrive", "t0", "t1") == {"count": 1}
    assert await queue.json("redrive", "--error-code", "denied") == {"count": 0}
    assert "2 tasks run again" in (await queue("redrive", "--all")).stderr


async def test_the_command_line_shows_who_is_silent(
    memory: MemoryTaskQueue, queue: Command
) -> None:
    since = datetime(2023, 11, 14, 14, 2, tzinfo=UTC)
    text = f"running, silent since {since.astimezone():%Y-%m-%d %H:%M}"
    memory.change(
        "t3",
        state=TaskState.RUNNING,
        progress=0.25,
        bytes_done=3_000_000,
        note="step 2 of 6",
        stalled_since=since,
    )
    lines = (await queue("list")).stdout.splitlines()
    (row,) = (line for line in lines if line.startswith("t3"))
    assert text in row
    assert "25%, 3.0 MB, step 2 of 6" in row
    one = (await queue("show", "t3")).stdout
    assert text in one
    assert "last sign of life" in one
