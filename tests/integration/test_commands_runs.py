"""Commands as a facility runs them: a real server, real workers, real processes."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.support.command_house import (
    SECRET,
    CommandHouse,
    alive,
    command_house,
    gone,
    pids_of,
)
from transferapp.errors import StateConflict
from transferapp.protocol.commands import CommandRunView

#: A child and a grandchild in a session of its own; both ignore SIGTERM.
FAMILY = (
    "trap '' TERM; setsid sh -c \"trap '' TERM; echo pid $$; echo pid \\$\\$;"
    ' while :; do sleep 0.1; done" & wait'
)
ALLOW_LIST = f"""
[commands.count]
argv = ["/bin/sh", "-c", "for n in $(seq $0); do echo line $n; sleep 0.2; done", "{{times}}"]
allowed = ["everyone"]
[commands.count.parameters.times]
pattern = "\\\\d{{1,3}}"
description = "a number"

[commands.say]
argv = ["/bin/echo", "{{text}}"]
allowed = ["lab"]
limit = 3
[commands.say.parameters.text]
pattern = ".*"

[commands.slow]
argv = ["/bin/sh", "-c", '''{FAMILY}''']
allowed = ["everyone"]
timeout_s = 1.0
grace_s = 0.2

[commands.family]
argv = ["/bin/sh", "-c", '''{FAMILY}''']
allowed = ["everyone"]
grace_s = 0.2

[commands.again]
argv = ["/bin/sh", "-c", "echo try; test -e /nonexistent"]
allowed = ["everyone"]
retries = 1

[commands.environment]
argv = ["/bin/sh", "-c", "env; pwd; ls -A; cat /proc/$PPID/environ | tr '\\\\0' '\\\\n'"]
allowed = ["everyone"]
environment = {{ LAB_TOKEN = "{SECRET}-lab", LAB_SHARE = "//nas/share" }}

[commands.loud]
argv = ["/bin/sh", "-c", "yes loud | head -c 3000000; echo never"]
allowed = ["everyone"]
output_limit_bytes = 2048

[commands.missing]
argv = ["/opt/nothing/here"]
allowed = ["everyone"]

[commands.reserved]
argv = ["/bin/true"]
"""


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CommandHouse]:
    async with command_house(tmp_path, ALLOW_LIST, monkeypatch) as house:
        yield house


async def test_output_comes_while_it_runs(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        queued = await client.run_command("count", {"times": "8"})
        assert queued.state == "queued"
        told: list[str] = []
        seen_running = False
        async for one in client.follow_command(queued.id):
            if isinstance(one, CommandRunView):
                assert (one.state, one.exit_code, one.attempts) == ("done", 0, 1)
                break
            told.append(one)
            seen_running |= (await client.command_run(queued.id)).state == "running"
    assert seen_running
    assert len(told) > 1
    text = "".join(told)
    assert [line.split("Z ")[1] for line in text.splitlines()] == [
        f"line {n}" for n in range(1, 9)
    ]
    assert await client.command_output(queued.id) == text
    assert await client.command_output(queued.id, 10) == text[10:]


async def test_a_value_is_one_argument(house: CommandHouse) -> None:
    client = await house.client()
    values = ["; rm -rf / #", "$(id) `id` && id", "*", "a  b", "{text}"]
    async with house.worker():
        wanted = [await client.run_command("say", {"text": text}) for text in values]
        for run, text in zip(wanted, values, strict=True):
            assert (await house.ended(client, run.id)).state == "done"
            output = await client.command_output(run.id)
            assert output.split("Z ", 1)[1] == f"{text}\n"


async def test_time_out_ends_the_whole_family(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("slow", {})
        view = await house.ended(client, run.id)
    assert (view.state, view.message) == (
        "failed",
        "It took longer than 1 second and was stopped.",
    )
    output = await client.command_output(run.id)
    assert view.message in output
    pids = pids_of(output)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


@pytest.mark.slow
async def test_cancel_ends_the_whole_family(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("family", {})
        pids = pids_of(await house.printed(client, run.id, "pid"))
        assert (await client.cancel_command_run(run.id)).state == "cancelled"
        await gone(*pids)
        view = await house.ended(client, run.id)
        assert (view.state, view.message) == ("cancelled", "It was stopped on request.")
    assert "It was stopped before it ended." in await client.command_output(run.id)


@pytest.mark.slow
async def test_stopped_worker_ends_it_and_says_so(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker() as worker:
        run = await client.run_command("family", {})
        pids = pids_of(await house.printed(client, run.id, "pid"))
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 20) == 0
        assert not any(alive(pid) for pid in pids)
    assert (await client.command_run(run.id)).state == "queued"
    async with house.worker():
        view = await house.ended(client, run.id)
    assert view.state == "failed"
    assert "worker was stopped" in view.message
    assert view.attempts == 1


@pytest.mark.slow
async def test_a_pause_is_no_failed_attempt(house: CommandHouse) -> None:
    """Without retries too it begins again when it is resumed, also by another worker."""
    client, queue = await house.client(), house.server.parts.queue
    async with house.worker() as worker:
        run = await client.run_command("count", {"times": "12"})
        for _ in range(2):
            await house.until(client, run.id, lambda view: view.state == "running")
            await asyncio.sleep(0.5)
            await queue.pause(run.id)
            view = await house.until(client, run.id, lambda view: "goes on" in view.message)
            assert (view.state, view.ended_at) == ("paused", None)
            assert not psutil.Process(worker.pid).children(recursive=True)
            await queue.resume(run.id)
        await house.until(client, run.id, lambda view: view.state == "running")
        await queue.pause(run.id)
        await house.until(client, run.id, lambda view: "goes on" in view.message)
    await queue.resume(run.id)
    async with house.worker():
        view = await house.ended(client, run.id)
        assert (view.state, view.exit_code, view.attempts) == ("done", 0, 1)
        assert (await client.command_output(run.id)).rstrip().endswith("line 12")


@pytest.mark.slow
async def test_killed_worker_leaves_no_orphan_and_it_is_not_run_twice(
    house: CommandHouse,
) -> None:
    client = await house.client()
    async with house.worker() as worker:
        run = await client.run_command("family", {})
        pids = pids_of(await house.printed(client, run.id, "pid"))
        assert all(alive(pid) for pid in pids)
        worker.kill()
        await gone(*pids)
    async with house.worker():
        view = await house.ended(client, run.id)
        assert (view.state, view.attempts) == ("failed", 1)
        assert "nobody knows how far it came" in view.message
    assert len(pids_of(await client.command_output(run.id))) == 2


async def test_only_one_at_a_time(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker(), house.worker():
        wanted = [await client.run_command("count", {"times": "4"}) for _ in range(3)]
        views = [await house.ended(client, run.id) for run in wanted]
    spans = sorted((view.started_at, view.ended_at) for view in views)
    for (_, ended), (began, _) in pairwise(spans):
        assert began is not None
        assert ended is not None
        assert began >= ended


@pytest.mark.slow
async def test_it_is_tried_again_as_often_as_allowed(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("again", {})
        view = await house.ended(client, run.id)
    assert (view.state, view.exit_code, view.attempts) == ("failed", 1, 2)
    assert view.message == "It ended with exit code 1."
    output = await client.command_output(run.id)
    assert output.count("Z try\n") == 2
    assert "[transferapp] Attempt 2." in output


async def redriven(house: CommandHouse, run_id: str) -> None:
    """Redrive a run's task, which ends a moment after the run."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(StateConflict):
                await house.server.parts.queue.redrive(run_id)
                return
            await asyncio.sleep(0.05)


async def test_an_administrator_lets_a_failed_run_go_again(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("missing", {})
        first = await house.ended(client, run.id)
        file = house.folder / "commands.toml"
        file.write_text(ALLOW_LIST.replace("/opt/nothing/here", "/bin/true"))
        await redriven(house, run.id)
        view = await house.until(client, run.id, lambda view: view.state == "done")
    assert (first.state, view.exit_code, view.attempts) == ("failed", 0, 1)


async def test_a_frozen_workers_command_mixes_nothing_in(house: CommandHouse) -> None:
    """It is thought dead, its run ends as failed, and when it thaws it stops its command."""
    client = await house.client()
    async with house.worker(TRANSFERAPP_WORKER_DEAD_AFTER_S="2") as frozen:
        run = await client.run_command("count", {"times": "999"})
        await house.printed(client, run.id, "line 2")
        frozen.send_signal(signal.SIGSTOP)
        children = psutil.Process(frozen.pid).children(recursive=True)
        async with house.worker(TRANSFERAPP_WORKER_DEAD_AFTER_S="2"):
            view = await house.ended(client, run.id)
            assert view.state == "failed"
            frozen.send_signal(signal.SIGCONT)
            await gone(*(child.pid for child in children))
        assert (await client.command_run(run.id)).output_bytes == view.output_bytes


async def test_environment_is_clean_and_secrets_are_hidden(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("environment", {})
        assert (await house.ended(client, run.id)).state == "done"
    output = await client.command_output(run.id)
    assert SECRET not in output
    assert "TRANSFERAPP_" not in output
    assert "LAB_SHARE=//nas/share" in output
    assert "LAB_TOKEN=[hidden]" in output
    folder = next(line for line in output.splitlines() if "HOME=" in line).split("HOME=")[1]
    assert f"Z {folder}\n" in output
    assert not await asyncio.to_thread(Path(folder).exists)


async def test_output_is_cut_at_its_limit(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("loud", {})
        view = await house.ended(client, run.id)
    assert (view.state, view.truncated) == ("done", True)
    output = await client.command_output(run.id)
    assert len(output) == view.output_bytes < 2300
    assert "It printed more than the 2.0 KiB that are kept" in output.splitlines()[-1]


async def test_a_program_that_is_not_there_is_named(house: CommandHouse) -> None:
    client = await house.client()
    async with house.worker():
        run = await client.run_command("missing", {})
        view = await house.ended(client, run.id)
    assert view.state == "failed"
    assert view.message == (
        "It could not be run: No such file or directory: /opt/nothing/here."
    )


async def test_the_worker_decides_by_its_own_list(house: CommandHouse) -> None:
    """What the server took and the worker's file does not allow is refused."""
    other = house.folder / "other.toml"
    other.write_text('[commands.count]\nargv = ["/bin/true"]\n')
    other.chmod(0o600)
    client = await house.client()
    run = await client.run_command("count", {"times": "1"})
    async with house.worker(TRANSFERAPP_COMMANDS_FILE=str(other)):
        view = await house.ended(client, run.id)
    assert view.state == "failed"
    assert "no command 'count' that you may run" in view.message
