"""The workstation service as a real process uploads to a real HTTP server."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.agent_process import (
    AgentProcess,
    agent,
    home,
    register,
    server,
    until,
    write,
)
from tests.support.fake_server import FakeServer
from transferapp.errors import StateConflict, TransferNotFound
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import DropOnDisk

__all__ = ["agent", "home", "server"]


async def test_imports_and_keeps_its_promises(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.imports_at_once = False
    paths = [write(tmp_path / f"{n} 🔬.tif", 50_000 + n, n) for n in range(6)]
    _, order = register(server, *paths)
    async with await agent.start() as client:
        first = await client.submit(order)
        assert (first.safe_to_log_off, first.safe_to_delete_source) == (True, False)
        received = await until(client, order.transfer_id, lambda v: v.state == "received")
        assert received.safe_to_switch_off
        assert not received.safe_to_delete_source
        server.import_all(order.transfer_id)
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.safe_to_delete_source
        assert (done.files_done, done.bytes_done) == (6, done.bytes_total)
    for path in paths:
        assert server.content(path.name) == path.read_bytes()
    assert set(server.seals.values()) == {1}


async def test_kill_in_the_middle_of_an_upload_leaves_one_right_copy(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.tif", 48 << 20)
    _, order = register(server, path)
    async with await agent.start(bytes_per_s=str(24 << 20)) as client:
        await client.submit(order)
        # The second part is under way: one is at the server, the rest is not.
        await until(client, order.transfer_id, lambda v: v.bytes_done > 17 << 20)
        agent.kill()
    file_id = order.items[0].files[0].file_id
    assert 0 < len(server.arrived[file_id]) < path.stat().st_size
    before = len([r for r in server.requests if r.startswith("PATCH")])
    async with await agent.start() as client:
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    patches = len([r for r in server.requests if r.startswith("PATCH")]) - before
    assert patches == 2, "the first part was sent again"
    assert server.content("big.tif") == path.read_bytes()
    assert server.seals == {file_id: 1}


async def test_goes_on_by_itself_after_an_outage(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    server.stop()
    async with await agent.start() as client:
        await client.submit(order)
        waiting = await until(client, order.transfer_id, lambda v: v.state == "waiting")
        assert waiting.trouble_code == "server-unreachable"
        assert waiting.trouble
        assert waiting.safe_to_log_off
        assert not waiting.safe_to_switch_off
        server.start()
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.trouble == ""


async def test_a_refused_grant_waits_for_a_fresh_one(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    fresh = server.accepted(order.transfer_id)
    async with await agent.start() as client:
        await client.submit(order)
        refused = await until(
            client, order.transfer_id, lambda v: v.trouble_code == "grant-refused"
        )
        assert refused.state == "needs-attention"
        renewed = order.model_copy(update={"grant": SecretStr(fresh.grant)})
        await client.submit(renewed)
        await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert len(await client.submissions()) == 1


async def test_a_source_problem_is_reported_and_the_others_go_on(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    gone, fine = write(tmp_path / "gone.tif", 1000, 1), write(tmp_path / "fine.tif", 1000, 2)
    _, order = register(server, gone, fine)
    content = gone.read_bytes()
    modified = gone.stat().st_mtime_ns
    gone.unlink()
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.state == "needs-attention")
        assert (view.trouble_code, view.files_done) == ("vanished-file", 1)
        assert server.reports[0][0] == "vanished-file"
        assert not view.safe_to_switch_off
        gone.write_bytes(content)
        os.utime(gone, ns=(modified, modified))
        await client.retry(order.transfer_id)
        done = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert done.trouble_code == ""
    # Told by the agent, or by the bytes that arrived before it could.
    problems = [item.trouble for item in server.details[order.transfer_id].items]
    assert problems == [None, None]
    assert server.content("gone.tif") == content


async def test_a_source_that_changes_later_takes_the_promise_back(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    day = tmp_path / "day 3"
    day.mkdir()
    path = write(day / "a.tif", 1000, 1)
    _, order = register(server, path)
    order = order.model_copy(update={"drop": DropOnDisk(roots=[str(day)])})
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.state == "imported")
        assert view.safe_to_delete_source
        assert server.polls[-1].files == 1
        assert server.polls[-1].text == ""
        write(day / "b.tif", 1000, 2)
        view = await until(client, order.transfer_id, lambda v: not v.safe_to_delete_source)
        assert view.safe_to_delete_imported
        assert server.polls[-1].text == "1 file came into the folder since: 'day 3/b.tif'"
        write(path, 1000, 3)
        view = await until(client, order.transfer_id, lambda v: not v.safe_to_delete_imported)
        assert (server.polls[-1].changed, server.polls[-1].added) == (1, 1)
        (day / "b.tif").unlink()
        write(path, 1000, 1)
        await until(client, order.transfer_id, lambda v: v.safe_to_delete_source)
        assert server.polls[-1].text == ""


async def test_who_follows_is_reported_of_a_changed_source_by_itself(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 1000, 1)
    _, order = register(server, path)
    async with await agent.start(sources_every_s="1") as client:
        await client.submit(order)
        await until(client, order.transfer_id, lambda v: v.safe_to_delete_source)
        async with aclosing(client.follow()) as views, asyncio.timeout(60):
            async for view in views:
                if view.safe_to_delete_source:
                    write(path, 1000, 2)
                else:
                    break
    assert server.polls[-1].changed == 1


async def test_cancel_stops_and_forget_drops(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "big.tif", 20 << 20)
    _, order = register(server, path)
    async with await agent.start(bytes_per_s=str(1 << 20)) as client:
        await client.submit(order)
        await until(client, order.transfer_id, lambda v: v.state == "uploading")
        with pytest.raises(StateConflict):
            await client.forget(order.transfer_id)
        view = await client.cancel(order.transfer_id)
        assert view.state == "cancelled"
        assert view.safe_to_switch_off
        assert not view.safe_to_delete_source
        assert server.item(order.transfer_id).state == "cancelled"
        await client.forget(order.transfer_id)
        with pytest.raises(TransferNotFound):
            await client.submission(order.transfer_id)
    assert server.seals == {}


async def test_an_item_cancelled_at_the_server_is_no_problem(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, order = register(server, write(tmp_path / "a.tif", 10), write(tmp_path / "b.tif", 10))
    item_id = order.items[0].item_id
    server.set_item(order.transfer_id, item_id, state=ItemState.CANCELLED)
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: v.state == "cancelled")
        assert view.files_done == 1
        assert not view.safe_to_delete_source
        assert (view.safe_to_delete_imported, view.files_verified) == (True, 1)
    assert order.items[0].files[0].file_id not in server.arrived


async def test_fair_between_submissions(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    big = [write(tmp_path / f"big{n}.tif", 8 << 20, n) for n in range(8)]
    small = write(tmp_path / "small.tif", 1000)
    _, slow = register(server, *big)
    _, quick = register(server, small)
    async with await agent.start(bytes_per_s=str(4 << 20)) as client:
        await client.submit(slow)
        await until(client, slow.transfer_id, lambda v: v.bytes_done > 0)
        await client.submit(quick)
        await until(client, quick.transfer_id, lambda v: v.state == "imported", 10)
        view = await client.submission(slow.transfer_id)
        assert view.files_done < len(big)
        assert 0 < view.bytes_per_s < 12 << 20
        await client.cancel(slow.transfer_id)
