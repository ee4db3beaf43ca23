"""A facility with commands: an allow-list, a server with people, and real workers."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.support.rest_server import PASSWORD, RestServer, rest_server
from transferapp.client.commands import CommandsClient
from transferapp.protocol.commands import CommandRunView
from transferapp.repositories.local.accounts.administration import Administration

ADMIN = "root"
SECRET = "hush-hush-0815"
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
_WORKER = """
import asyncio
from transferapp.host.logging import configure_logging
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings
configure_logging("worker", json=True)
asyncio.run(run(WorkerSettings()))
"""


class CommandEnv:
    """What a test of commands may use."""

    def __init__(self, folder: Path, server: RestServer) -> None:
        self.folder = folder
        self.server = server

    async def client(self, username: str = "ada") -> CommandsClient:
        """Return a client of a person."""
        client = CommandsClient(self.server.url)
        await client.sign_in(username, PASSWORD)
        self.server.clients.append(client)
        return client

    @asynccontextmanager
    async def worker(self, **more: str) -> AsyncIterator[Process]:
        """Run a worker; it is killed at the end if it has not ended."""
        environment = os.environ | {
            "TRANSFERAPP_DATA": str(self.folder),
            "TRANSFERAPP_SMTP_SENDER": SECRET,
            "SOME_PASSWORD": SECRET,
            **more,
        }
        with (self.folder / "worker.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _WORKER, env=environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def until(
        self,
        client: CommandsClient,
        run_id: str,
        holds: Callable[[CommandRunView], bool],
        within_s: float = 60,
    ) -> CommandRunView:
        """Wait until something holds of a run."""
        deadline = time.monotonic() + within_s
        while not holds(view := await client.command_run(run_id)):
            assert time.monotonic() < deadline, view
            await asyncio.sleep(0.05)
        return view

    async def ended(self, client: CommandsClient, run_id: str) -> CommandRunView:
        """Wait until a run has ended."""
        return await self.until(client, run_id, lambda view: view.ended_at is not None)

    async def printed(self, client: CommandsClient, run_id: str, text: str) -> str:
        """Wait until a run has printed something; returns all its output."""
        async with asyncio.timeout(60):
            while text not in (output := await client.command_output(run_id)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return output


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


async def gone(*pids: int, within_s: float = 60) -> None:
    """Wait until none of the processes runs."""
    deadline = time.monotonic() + within_s
    while there := [pid for pid in pids if alive(pid)]:
        assert time.monotonic() < deadline, there
        await asyncio.sleep(0.02)


def pids_of(output: str) -> list[int]:
    """Return the numbers that lines 'pid N' of an output tell."""
    sentence = output.split()
    return [int(sentence[at + 1]) for at, term in enumerate(sentence) if term == "pid"]


@asynccontextmanager
async def command_env(
    folder: Path, allow_list: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[CommandEnv]:
    """Open a facility with this allow-list; ``root`` is its administrator."""
    file = folder / "commands.toml"
    file.write_text(allow_list, encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv("TRANSFERAPP_COMMANDS_FILE", str(file))
    async with rest_server(folder) as server:
        people = Administration(server.parts.settings.repository_folder)
        await people.add_experimenter(ADMIN, "Root", PASSWORD, is_admin=True)
        yield CommandEnv(folder, server)
