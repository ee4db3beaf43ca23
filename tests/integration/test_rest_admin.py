"""The queue over HTTP and by command line: for administrators and for nobody else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from tests.support.rest_server import PASSWORD, RestServer, rest_server
from tests.support.rest_uploads import bearer
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.client.admin import AdminClient
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.server.settings import ServerSettings
from transferapp.taskqueue.port import NewTask, TaskState

ROUTES = [
    ("GET", "/v1/admin/tasks"),
    ("GET", "/v1/admin/tasks/t1"),
    *(("POST", f"/v1/admin/tasks/t1/{a}") for a in ("cancel", "pause", "resume", "redrive")),
    ("POST", "/v1/admin/tasks/redrive"),
    ("GET", "/v1/admin/targets"),
    ("PUT", "/v1/admin/targets/repository"),
    ("POST", "/v1/admin/targets/repository/pause"),
    ("POST", "/v1/admin/targets/repository/resume"),
    ("GET", "/v1/admin/workers"),
]


class Nothing(BaseModel):
    """A payload."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    async with rest_server(tmp_path) as running:
        people = Administration(running.parts.settings.repository_folder)
        await people.add_experimenter("root", "Root", PASSWORD, is_admin=True)
        await people.add_member("root", "lab")
        for number in range(3):
            task = NewTask(f"t{number}", "none", Nothing(), "repository", "ada")
            await running.parts.queue.enqueue(task)
        yield running


async def admin_of(server: RestServer) -> AdminClient:
    client = AdminClient(server.url)
    await client.sign_in("root", PASSWORD)
    server.clients.append(client)
    return client


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_others_are_refused(server: RestServer, method: str, path: str) -> None:
    token = str((await server.signed_in()).token)
    async with httpx.AsyncClient(base_url=server.url) as http:
        answer = await http.request(method, path, headers=bearer(token))
    assert (answer.status_code, answer.json()["code"]) == (403, "permission-denied")
    assert (await server.parts.queue.get("t1")).state is TaskState.QUEUED


async def test_the_table_names_every_route(server: RestServer) -> None:
    paths = server.app.openapi()["paths"]
    known = {
        (method.upper(), path)
        for path, methods in paths.items()
        if path.startswith("/v1/admin")
        for method in methods
    }
    filled = {
        (method, path.format(task_id="t1", target="repository", action=action))
        for method, path in known
        for action in ("cancel", "pause", "resume", "redrive")
    }
    impossible = {
        ("POST", f"/v1/admin/targets/repository/{action}") for action in ("cancel", "redrive")
    }
    assert filled - impossible == set(ROUTES)


async def test_an_administrator_stops_tasks_and_lets_them_go_on(server: RestServer) -> None:
    admin = await admin_of(server)
    assert [task.id for task in await admin.tasks()] == ["t2", "t1", "t0"]
    assert [task.id for task in await admin.tasks(after="t2", limit=1)] == ["t1"]
    assert (await admin.act_on_task("t1", "pause")).state is TaskState.PAUSED
    assert [task.id for task in await admin.tasks(states=[TaskState.PAUSED])] == ["t1"]
    assert await admin.tasks(resource="elsewhere") == []
    assert (await admin.act_on_task("t1", "resume")).state is TaskState.QUEUED
    assert (await admin.act_on_task("t1", "cancel")).state is TaskState.CANCELLED
    await admin.pause_resource("repository", paused=True)
    await admin.pause_resource("repository", paused=False)
    assert await admin.workers() == []


async def test_metrics_count_and_name_nobody(server: RestServer) -> None:
    async with httpx.AsyncClient(base_url=server.url) as http:
        text = (await http.get("/metrics")).text
    assert 'transferapp_tasks{state="queued",target="repository"} 3.0' in text
    assert 'transferapp_oldest_waiting_task_seconds{target="repository"}' in text
    assert "ada" not in text


async def test_metrics_ask_for_their_token(server: RestServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("figures\n")
    file.chmod(0o600)
    settings = server.parts.settings.model_copy(update={"metrics_token_file": file})
    assert isinstance(settings, ServerSettings)
    object.__setattr__(server.parts, "settings", settings)
    async with httpx.AsyncClient(base_url=server.url) as http:
        for token, status in (("", 401), ("wrong", 401), ("figures", 200)):
            answer = await http.get("/metrics", headers=bearer(token) if token else {})
            assert answer.status_code == status


def test_the_command_line_states_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["queue", "list", "--json"])
    assert done.exit_code == ExitCode.DENIED
    assert json.loads(done.stdout)["code"] == "denied"
