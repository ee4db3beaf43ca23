"""Commands that do their worker no harm: one server and one worker run them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.command_env import (
    ALLOW_LIST,
    SECRET,
    CommandEnv,
    alive,
    command_env,
    gone,
    pids_of,
)
from transferapp.protocol.commands import CommandRunView

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def env(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[CommandEnv]:
    folder = tmp_path_factory.mktemp("commands")
    with pytest.MonkeyPatch.context() as patch:
        async with command_env(folder, ALLOW_LIST, patch) as env, env.worker():
            yield env


async def test_output_comes_while_it_runs(env: CommandEnv) -> None:
    client = await env.client()
    queued = await client.run_command("count", {"times": "8"})
    assert queued.state == "queued"
    reported: list[str] = []
    seen_running = False
    async for one in client.follow_command(queued.id):
        if isinstance(one, CommandRunView):
            assert (one.state, one.exit_code, one.attempts) == ("done", 0, 1)
            break
        reported.append(one)
        seen_running |= (await client.command_run(queued.id)).state == "running"
    assert seen_running
    assert len(reported) > 1
    text = "".join(reported)
    assert [line.split("Z ")[1] for line in text.splitlines()] == [
        f"line {n}" for n in range(1, 9)
    ]
    assert await client.command_output(queued.id) == text
    assert await client.command_output(queued.id, 10) == text[10:]


async def test_a_value_is_one_argument(env: CommandEnv) -> None:
    client = await env.client()
    values = ["; rm -rf / #", "$(id) `id` && id", "*", "a  b", "{text}"]
    wanted = [await client.run_command("say", {"text": text}) for text in values]
    for run, text in zip(wanted, values, strict=True):
        assert (await env.ended(client, run.id)).state == "done"
        output = await client.command_output(run.id)
        assert output.split("Z ", 1)[1] == f"{text}\n"


async def test_time_out_ends_the_whole_family(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("slow", {})
    view = await env.ended(client, run.id)
    assert (view.state, view.message) == (
        "failed",
        "It took longer than 1 second and was stopped.",
    )
    output = await client.command_output(run.id)
    assert view.message in output
    pids = pids_of(output)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


async def test_cancel_ends_the_whole_family(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("family", {})
    pids = pids_of(await env.printed(client, run.id, "pid"))
    assert (await client.cancel_command_run(run.id)).state == "cancelled"
    await gone(*pids)
    view = await env.ended(client, run.id)
    assert (view.state, view.message) == ("cancelled", "It was stopped on request.")
    assert "It was stopped before it ended." in await client.command_output(run.id)


async def test_it_is_tried_again_as_often_as_allowed(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("again", {})
    view = await env.ended(client, run.id)
    assert (view.state, view.exit_code, view.attempts) == ("failed", 1, 2)
    assert view.message == "It ended with exit code 1."
    output = await client.command_output(run.id)
    assert output.count("Z try\n") == 2
    assert "[transferapp] Attempt 2." in output


async def test_environment_is_clean_and_secrets_are_hidden(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("environment", {})
    assert (await env.ended(client, run.id)).state == "done"
    output = await client.command_output(run.id)
    assert SECRET not in output
    assert "TRANSFERAPP_" not in output
    assert "LAB_SHARE=//nas/share" in output
    assert "LAB_TOKEN=[hidden]" in output
    folder = next(line for line in output.splitlines() if "HOME=" in line).split("HOME=")[1]
    assert f"Z {folder}\n" in output
    assert not await asyncio.to_thread(Path(folder).exists)


async def test_output_is_cut_at_its_limit(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("loud", {})
    view = await env.ended(client, run.id)
    assert (view.state, view.truncated) == ("done", True)
    output = await client.command_output(run.id)
    assert len(output) == view.output_bytes < 2300
    assert "It printed more than the 2.0 KiB that are kept" in output.splitlines()[-1]


async def test_a_program_that_is_not_there_is_named(env: CommandEnv) -> None:
    client = await env.client()
    run = await client.run_command("missing", {})
    view = await env.ended(client, run.id)
    assert view.state == "failed"
    assert view.message == (
        "It could not be run: No such file or directory: /opt/nothing/here."
    )
