"""The workstation service as a process: who may talk to it, and what it gives away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.agent_process import (
    OWNER,
    AgentProcess,
    agent,
    home,
    register,
    server,
    until,
    write,
)
from tests.support.fake_server import FakeServer
from transferapp.errors import AgentUnreachable

__all__ = ["agent", "home", "server"]


async def test_follow_reports_changes_and_survives_a_restart(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    lost: list[AgentUnreachable] = []
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    other = order.model_copy(update={"transfer_id": "f" * 32, "owner": "bob@x"})
    client = await agent.start()
    async with client, asyncio.timeout(40):
        changes = client.follow(OWNER, on_lost=lost.append)
        first = asyncio.ensure_future(anext(changes))
        await client.submit(order)
        with contextlib.suppress(Exception):
            await client.submit(other)
        assert (await first).transfer_id == order.transfer_id
        async for view in changes:
            assert view.owner == OWNER
            if view.state == "imported":
                break
        agent.kill()
        await (await agent.start()).aclose()
        async for view in changes:
            assert view.state == "imported"
            break
        await changes.aclose()
    assert lost


async def test_grant_is_in_the_outbox_only(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    accepted, order = register(server, write(tmp_path / "a.tif", 1000))
    (tmp_path / "a.tif").unlink()
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.trouble_code != "")
        assert accepted.grant not in view.model_dump_json()
        assert accepted.grant not in repr(order)
        # A wrong request is refused without repeating it.
        broken = order.model_dump(mode="json") | {"grant": accepted.grant, "items": 5}
        answer = await client._http.post("/v1/submissions", json=broken)
        assert answer.status_code == 422
        assert accepted.grant not in answer.text
        clash = order.model_copy(update={"transfer_id": "e" * 32})
        with pytest.raises(Exception, match="another one"):
            await client.submit(clash)
        for path in agent.outbox.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(agent.outbox.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(agent.socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(agent.socket.parent.stat().st_mode) == 0o700
    assert agent.terminate() == 0
    log = agent.log.read_text()
    assert "submission taken" in log
    assert "ta1_" not in log
    assert "Traceback" not in log
    assert not agent.socket.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become someone else")
async def test_another_account_is_refused(agent: AgentProcess, home: Path) -> None:
    nobody = textwrap.dedent(
        f"""
        import os, socket
        os.setgid(65534); os.setuid(65534)
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect({str(agent.socket)!r})
            s.sendall(b"GET /v1/agent HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
            print("answer", len(s.recv(100)))
        except PermissionError:
            print("no entry")
        except ConnectionError:
            print("answer 0")
        """
    )

    def ask() -> str:
        command = [sys.executable, "-S", "-c", nobody]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    async with await agent.start() as client:
        assert (await asyncio.to_thread(ask)).strip() == "no entry"
        folders = (home, home / "data", agent.socket.parent)
        for path, mode in (*((folder, 0o755) for folder in folders), (agent.socket, 0o666)):
            path.chmod(mode)
        assert (await asyncio.to_thread(ask)).strip() == "answer 0"
        await client.info()
    assert "refused another account" in agent.log.read_text()


async def test_only_one_per_account(agent: AgentProcess) -> None:
    async with await agent.start() as client:
        second = AgentProcess(agent.home)
        with pytest.raises(AssertionError, match="already running"):
            async with asyncio.timeout(60):
                await _until_ended(second)
        await client.info()


async def _until_ended(process: AgentProcess) -> None:
    process.socket = process.home / "nowhere.sock"
    await process.start()
