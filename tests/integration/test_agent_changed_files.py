"""Files that change after they were submitted, or sent: *Retry* takes them as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
from transferapp.client.agent import AgentClient
from transferapp.errors import Unavailable
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import Submission

__all__ = ["agent", "home", "server"]


async def test_a_changed_file_is_taken_as_it_is_after_retry(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 20 << 20, 1)
    _, order = register(server, path)
    file_id = order.items[0].files[0].file_id
    # What has arrived is of the file as it was before.
    server.arrived[file_id] = bytearray(path.read_bytes()[: 16 << 20])
    write(path, 20 << 20, 2)
    os.utime(path, ns=(1, 1))
    async with await agent.start() as client:
        await client.submit(order)
        await until(client, order.transfer_id, lambda v: v.trouble_code == "changed-file")
        await client.retry(order.transfer_id)
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    assert server.content("a.tif") == path.read_bytes()


async def test_a_file_that_grew_says_what_helps_and_is_sent_anew(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 1000, 1)
    _, order = register(server, path)
    write(path, 2000, 1)
    async with await agent.start() as client:
        await client.submit(order)
        view = await until(client, order.transfer_id, lambda v: bool(v.trouble))
        assert "then retry" in view.trouble
        assert "then retry" in server.reports[-1][1], "and so it is told by every other door"
        await client.send_changed_anew(order.transfer_id)
        await client.retry(order.transfer_id)
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    assert server.content("a.tif") == path.read_bytes()
    assert server.anew == [("a.tif", 2000)]


async def test_what_failed_is_sent_as_it_is_now(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    """Also a good copy of the same size and time, as a backup brings it back."""
    bad, same = write(tmp_path / "bad.tif", 1000, 1), write(tmp_path / "same.tif", 500, 2)
    async with await agent.start() as client:
        order = await _failed(client, server, bad, same)
        times = (bad.stat().st_atime_ns, bad.stat().st_mtime_ns)
        write(tmp_path / "good.tif", 1000, 3).replace(bad)
        os.utime(bad, ns=times)
        await client.send_changed_anew(order.transfer_id)
        await client.retry(order.transfer_id)
        server.imports_at_once = True
        await until(
            client, order.transfer_id, lambda _: server.content("bad.tif") == bad.read_bytes()
        )
    assert server.anew == [("bad.tif", 1000)], "what did not change is not sent again"


async def test_only_the_item_that_is_tried_again_is_sent_anew(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    paths = [write(tmp_path / name, 1000, 1) for name in ("a.tif", "b.tif")]
    async with await agent.start() as client:
        order = await _failed(client, server, *paths)
        for path in paths:
            write(path, 1500, 2)
        await client.send_changed_anew(order.transfer_id, order.items[1].item_id)
    assert server.anew == [("b.tif", 1500)]


async def test_a_file_that_is_gone_is_tried_with_what_was_sent(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 1000, 1)
    async with await agent.start() as client:
        order = await _failed(client, server, path)
        path.unlink()
        await client.send_changed_anew(order.transfer_id)
    assert server.anew == []


async def test_an_answer_that_is_lost_costs_nothing(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tif", 1000, 1)
    async with await agent.start() as client:
        order = await _failed(client, server, path)
        write(path, 3000, 2)
        server.loses_answers, server.imports_at_once = True, True
        with pytest.raises(Unavailable):
            await client.send_changed_anew(order.transfer_id)
    agent.kill()
    async with await agent.start() as client:
        await until(client, order.transfer_id, lambda v: v.state == "imported")
    assert server.content("a.tif") == path.read_bytes()


async def _failed(client: AgentClient, server: FakeServer, *paths: Path) -> Submission:
    """Send files, and let every item fail at the server."""
    server.imports_at_once = False
    _, order = register(server, *paths)
    await client.submit(order)
    await until(client, order.transfer_id, lambda v: v.files_done == len(paths))
    for item in order.items:
        server.set_item(order.transfer_id, item.item_id, state=ItemState.FAILED)
    await until(client, order.transfer_id, lambda v: v.state == "failed")
    return order
