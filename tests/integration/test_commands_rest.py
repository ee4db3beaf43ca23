"""Commands over HTTP and by command line: who may what, and what faults say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from tests.support.command_env import ADMIN, CommandEnv, command_env
from tests.support.rest_server import PASSWORD, rest_server
from tests.support.rest_uploads import bearer
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.client.commands import CommandsClient
from transferapp.errors import Invalid, NotFound, SettingsInvalid, StateConflict
from transferapp.protocol import routes
from transferapp.taskqueue.port import TaskState

ALLOW_LIST = """
[commands.count]
description = "Counts."
argv = ["/bin/sh", "-c", "seq $0; sleep 0.3; echo password=hunter2", "{times}"]
allowed = ["lab"]
limit = 2
[commands.count.parameters.times]
pattern = "[0-9]{1,3}"
description = "a number below 1000"
default = "3"

[commands.print]
argv = ["/bin/sh", "-c", "seq 12000"]
allowed = ["lab"]

[commands.clean-up]
argv = ["/bin/true"]
"""


@pytest.fixture
async def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CommandEnv]:
    async with command_env(tmp_path, ALLOW_LIST, monkeypatch) as env:
        yield env


async def test_everybody_sees_what_she_may_run(env: CommandEnv) -> None:
    count, _ = await (await env.client()).commands()
    assert (count.name, count.description, count.limit) == ("count", "Counts.", 2)
    (times,) = count.parameters
    assert (times.name, times.default) == ("times", "3")
    assert times.words == "a number below 1000 (the whole of it must match [0-9]{1,3})"
    names = [one.name for one in await (await env.client(ADMIN)).commands()]
    assert names == ["count", "print", "clean-up"]


async def test_answer_to_a_request(env: CommandEnv) -> None:
    client = await env.client()
    headers = bearer(str(client.token)) | {routes.IDEMPOTENCY_KEY: "monday"}
    async with httpx.AsyncClient(base_url=env.server.url, headers=headers) as http:
        answers = [
            await http.post("/v1/commands/count/runs", json={"parameters": {"times": times}})
            for times in ("5", "6")
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        first, second = answers
        assert first.json()["id"] == second.json()["id"]
        assert first.headers["location"] == f"/v1/command-runs/{first.json()['id']}"
        assert (await http.get(second.headers["location"])).json()["parameters"] == {
            "times": "5"
        }
        # The same key of another person is another request.
        other = bearer(str((await env.client("bob")).token))
        again = await http.post("/v1/commands/count/runs", json={}, headers=other)
        assert again.json()["id"] != first.json()["id"]
    task = await env.server.parts.queue.get(first.json()["id"])
    assert (task.target, task.owner, task.state) == ("command:count", "ada", TaskState.QUEUED)
    resources = {one.name: one.ceiling for one in await env.server.parts.queue.resources()}
    assert resources["command:count"] == 2


async def test_an_administrators_limit_outlasts_submissions_and_restarts(
    env: CommandEnv, tmp_path: Path
) -> None:
    """It holds until the file names another number than before."""
    client, queue = await env.client(), env.server.parts.queue

    async def ceiling() -> int:
        return {one.name: one.ceiling for one in await queue.resources()}["command:count"]

    async def worker_starts() -> None:
        async with env.worker(), asyncio.timeout(60):
            while b"worker ready" not in (env.folder / "worker.log").read_bytes():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        (env.folder / "worker.log").unlink()

    await client.run_command("count", {})
    assert await ceiling() == 2
    await queue.set_limit("command:count", 5)
    await client.run_command("count", {})
    assert await ceiling() == 5
    await worker_starts()
    assert await ceiling() == 5
    # A server that starts anew knows nothing but what is in the database.
    async with rest_server(tmp_path, with_people=False) as restarted:
        again = CommandsClient(restarted.url, client.token)
        await again.run_command("count", {})
        await again.aclose()
    assert await ceiling() == 5
    file = env.folder / "commands.toml"
    file.write_text(ALLOW_LIST.replace("limit = 2", "limit = 3"))
    await client.run_command("count", {})
    assert await ceiling() == 3
    await queue.set_limit("command:count", 1)
    await worker_starts()
    await client.run_command("count", {})
    assert await ceiling() == 1


async def test_faults_are_reported_in_text(env: CommandEnv) -> None:
    client = await env.client()
    for name in ("nothing", "clean-up"):
        with pytest.raises(NotFound, match=rf"no command '{name}'.*There are: count, print\."):
            await client.run_command(name, {})
    with pytest.raises(Invalid, match="'times' is not right: it must be a number below 1000"):
        await client.run_command("count", {"times": "1; rm -rf /"})
    with pytest.raises(Invalid, match="no parameter 'time'"):
        await client.run_command("count", {"time": "1"})
    assert (await client.command_runs()).items == []


async def test_a_bad_file_stops_nothing_else(env: CommandEnv) -> None:
    file = env.folder / "commands.toml"
    file.write_text(ALLOW_LIST.replace("limit = 2", "limit = 'two'"))
    client = await env.client()
    with pytest.raises(SettingsInvalid, match=r"commands\.count\.limit"):
        await client.commands()
    assert (await client.identity()).experimenter.username == "ada"
    async with env.worker() as worker:
        async with asyncio.timeout(60):
            while b"worker ready" not in (env.folder / "worker.log").read_bytes():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert worker.returncode is None
        file.write_text(ALLOW_LIST)
        run = await client.run_command("count", {})
        assert (await env.ended(client, run.id)).state == "done"
    assert "commands.count.limit" in (env.folder / "worker.log").read_text()


async def test_runs_are_their_owners_and_the_administrators(env: CommandEnv) -> None:
    ada, bob, root = [await env.client(name) for name in ("ada", "bob", ADMIN)]
    run = await ada.run_command("count", {})
    for call in (bob.command_run, bob.cancel_command_run, bob.command_output):
        with pytest.raises(NotFound, match="no such run of yours"):
            await call(run.id)
    assert (await bob.command_runs()).items == []
    assert [one.id for one in (await ada.command_runs()).items] == [run.id]
    assert (await root.command_run(run.id)).owner == "ada"
    assert (await root.cancel_command_run(run.id)).state == "cancelled"
    async with env.worker():
        await env.ended(ada, run.id)
    with pytest.raises(StateConflict, match="ended already"):
        await ada.cancel_command_run(run.id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/commands"),
        ("POST", "/v1/commands/count/runs"),
        ("GET", "/v1/command-runs"),
        ("GET", "/v1/command-runs/x"),
        ("DELETE", "/v1/command-runs/x"),
        ("GET", "/v1/command-runs/x/output"),
    ],
)
async def test_strangers_are_refused(env: CommandEnv, method: str, path: str) -> None:
    async with httpx.AsyncClient(base_url=env.server.url) as http:
        answer = await http.request(method, path, json={} if method == "POST" else None)
    assert (answer.status_code, answer.json()["code"]) == (401, "grant-refused")


async def test_ranges_of_an_output(env: CommandEnv) -> None:
    """A download that broke off goes on; what is outside is refused."""
    client = await env.client()
    async with env.worker():
        # More than one piece of what is read at once.
        run = await client.run_command("print", {})
        view = await env.ended(client, run.id)
    whole = (await client.command_output(run.id)).encode()
    size = view.output_bytes
    assert len(whole) == size > 3 * 65536
    async with httpx.AsyncClient(base_url=env.server.url) as http:
        path, mine = routes.command_output(run.id), bearer(str(client.token))

        async def get(**headers: str) -> httpx.Response:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.get(path, headers=mine | named)

        plain = await get()
        assert (plain.status_code, plain.content) == (200, whole)
        kept = ("accept-ranges", "content-type", "cache-control", "content-length")
        assert [plain.headers[name] for name in kept] == [
            *("bytes", "text/plain; charset=utf-8", "no-store", str(size))
        ]
        assert "content-disposition" not in plain.headers
        for first, last in ((0, 9), (65_530, 131_080), (size - 7, size - 1)):
            part = await get(range=f"bytes={first}-{last}")
            assert (part.status_code, part.content) == (206, whole[first : last + 1])
            assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        for asked, cut in ((f"bytes={size - 100_000}-", -100_000), ("bytes=-5", -5)):
            part = await get(range=asked, if_range=plain.headers["etag"])
            assert (part.status_code, part.content) == (206, whole[cut:])
        other = await get(range="bytes=5-", if_range='"another"')
        assert (other.status_code, other.content) == (200, whole)
        outside = await get(range=f"bytes={size}-")
        assert outside.status_code == 416
        assert outside.headers["content-range"] == f"bytes */{size}"
        later = await http.get(path, params={"after": "10"}, headers=mine)
        assert (later.status_code, later.content) == (200, whole[10:])
        beyond = await http.get(path, params={"after": str(size + 1)}, headers=mine)
        assert (beyond.status_code, beyond.content) == (200, b"")
        head = await http.head(path, headers=mine)
        assert (head.headers["content-length"], head.content) == (str(size), b"")


async def test_a_running_output_is_what_is_there(env: CommandEnv) -> None:
    """A range after what was printed so far is outside now, and inside later."""
    client = await env.client()
    async with env.worker():
        run = await client.run_command("count", {"times": "9"})
        path, mine = routes.command_output(run.id), bearer(str(client.token))
        async with httpx.AsyncClient(base_url=env.server.url, headers=mine) as http:
            early = await http.get(path, headers={"range": "bytes=5-"})
            assert early.status_code == 416
            await env.ended(client, run.id)
            late = await http.get(path, headers={"range": "bytes=5-"})
    assert late.status_code == 206
    assert late.text == (await client.command_output(run.id))[5:]


async def test_a_stream_goes_on_where_it_broke(env: CommandEnv) -> None:
    client = await env.client()
    async with env.worker():
        run = await client.run_command("count", {"times": "9"})
        await env.ended(client, run.id)
    whole = await client.command_output(run.id)
    assert "password=[hidden]" in whole
    path = routes.command_output(run.id)
    headers = bearer(str(client.token)) | {"Accept": "text/event-stream", "Last-Event-ID": "27"}
    async with httpx.AsyncClient(base_url=env.server.url, headers=headers) as http:
        answer = await http.get(path)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [
        dict(line.split(": ", 1) for line in block.splitlines())
        for block in answer.text.replace("\r\n", "\n").strip().split("\n\n")
    ]
    assert [one["event"] for one in events] == ["output", "ended"]
    assert json.loads(events[0]["data"]) == whole[27:]
    assert events[1]["id"] == str(len(whole))
    assert json.loads(events[1]["data"])["state"] == "done"


async def test_a_stream_does_not_hold_the_server_up(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("count", {})
    headers = bearer(str(client.token)) | {"Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=env.server.url, headers=headers) as http,
        http.stream("GET", routes.command_output(run.id)) as answer,
    ):
        assert answer.status_code == 200
        stopping = asyncio.create_task(env.server.stop())
        async for _ in answer.aiter_raw():
            pass
        await asyncio.wait_for(stopping, 5)


async def test_command_line(env: CommandEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(env.folder / "home"))
    token = (await (await env.client()).sign_in("ada", PASSWORD)).token

    async def call(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["commands", *arguments])
        return done.exit_code, done.stdout

    await signed_in.remember(env.server.url, "ada", SecretStr(token), in_file=True)
    code, shown = await call("list", "--json")
    assert (code, [one["name"] for one in json.loads(shown)]) == (0, ["count", "print"])
    async with env.worker():
        code, shown = await call("run", "count", "times=2", "--follow")
        assert code == ExitCode.DONE
        assert "Z 2\n" in shown
        assert "done" in shown
        code, shown = await call("run", "count", "times=2", "--follow", "--json")
        queued, *reported, end = (json.loads(line) for line in shown.splitlines())
        assert (code, end["state"], "event" in end) == (ExitCode.DONE, "done", False)
        assert queued == {"event": "queued", "run_id": end["id"]}
        assert {one["event"] for one in reported} == {"output"}
        assert "Z 2\n" in "".join(one["text"] for one in reported)
    code, shown = await call("output", end["id"], "--follow", "--json")
    *again, last = (json.loads(line) for line in shown.splitlines())
    assert last == end
    assert "".join(one["text"] for one in again) == "".join(one["text"] for one in reported)
    code, shown = await call("output", end["id"], "--json")
    assert json.loads(shown) == {"text": "".join(one["text"] for one in reported)}
    code, shown = await call("run", "count", "times", "--follow", "--json")
    assert (code, json.loads(shown.splitlines()[0])["detail"]) == (
        1,
        "'times' is no KEY=VALUE.",
    )
    code, shown = await call("runs", "--json")
    run_id = json.loads(shown)["items"][0]["id"]
    code, shown = await call("output", run_id)
    assert [line.split("Z ")[1] for line in shown.splitlines()] == [
        "1",
        "2",
        "password=[hidden]",
    ]
    code, shown = await call("show", run_id, "--json")
    assert json.loads(shown)["state"] == "done"
    code, shown = await call("cancel", run_id, "--json")
    assert (code, json.loads(shown)["code"]) == (ExitCode.PROBLEM, "state-conflict")
    code, shown = await call("run", "count", "times", "--json")
    assert (code, json.loads(shown)["detail"]) == (1, "'times' is no KEY=VALUE.")
