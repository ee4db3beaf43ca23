"""What is wrong with one submission, or with one moment, ends no other's way."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import httpx
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
from transferapp.agent.api import make_api
from transferapp.agent.service import Agent
from transferapp.agent.settings import AgentSettings
from transferapp.agent.wiring import make_workbench
from transferapp.errors import StorageFull
from transferapp.host import database, supervise
from transferapp.host.backoff import Backoff
from transferapp.host.sqlite import sqlite3
from transferapp.protocol import routes
from transferapp.protocol.messages import AgentInfo

__all__ = ["agent", "home", "server"]


def damage(outbox: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(outbox)) as plain:
        assert plain.execute(statement, values).rowcount > 0
        plain.commit()


async def test_it_starts_and_works_past_rows_that_cannot_be_read(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    orders = []
    for number, name in enumerate(("odd.tif", "lost.tif", "good.tif")):
        _, order = register(server, write(tmp_path / name, 90_000, number))
        orders.append(order)
    odd, lost, good = orders
    server.imports_at_once = False
    async with await agent.start() as client:
        for order in orders:
            await client.submit(order)
        await until(client, lost.transfer_id, lambda v: v.state == "received")
    agent.kill()
    resting = "UPDATE submissions SET state = 'resting' WHERE transfer_id = ?"
    damage(agent.outbox, resting, odd.transfer_id)
    damage(
        agent.outbox, "UPDATE items SET stage = 'lost' WHERE transfer_id = ?", lost.transfer_id
    )
    async with await agent.start() as client:
        server.imports_at_once = True
        server.import_all(good.transfer_id)
        server.import_all(lost.transfer_id)
        await until(client, good.transfer_id, lambda v: v.state == "imported")
        shown = {view.transfer_id: view for view in await client.submissions()}
        assert set(shown) == {lost.transfer_id, good.transfer_id}
        assert not shown[lost.transfer_id].safe_to_delete_source, "nobody knows"
        changes = client.follow()
        async with asyncio.timeout(60):
            assert {(await anext(changes)).transfer_id for _ in range(2)} == set(shown)
        await changes.aclose()
    log = agent.log.read_text()
    assert log.count("submission cannot be read") == 1


async def test_a_server_address_that_is_none_ends_no_other_submission(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    _, odd = register(server, write(tmp_path / "odd.tif", 1000, 1))
    _, good = register(server, write(tmp_path / "good.tif", 1000, 2))
    async with await agent.start() as client:
        await client.submit(odd.model_copy(update={"server_url": "http://[broken"}))
        await client.submit(good)
        await until(client, good.transfer_id, lambda v: v.state == "imported")
        await until(client, odd.transfer_id, lambda v: v.trouble_code != "")


@pytest.mark.parametrize("error", [StorageFull("full"), RuntimeError("a defect")])
async def test_what_the_outbox_refuses_for_a_moment_ends_no_submission(
    home: Path,
    server: FakeServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    """It raised where the run says why it waits: nobody was left to go on with it."""
    monkeypatch.setattr(supervise, "PAUSES", Backoff(0.02, 0.05))
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    monkeypatch.setenv("TRANSFERAPP_HOME", str(home))
    env = make_workbench(AgentSettings(look_every_s=0.05, look_at_most_every_s=0.1))
    stated, refused = env.outbox.set_state, [0]

    def set_state(*arguments: object, **more: object) -> None:
        refused[0] += 1
        if refused[0] <= 4:
            raise error
        stated(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(env.outbox, "set_state", set_state)
    service = Agent(env)
    await service.start()
    try:
        await service.submit(order)
        async with asyncio.timeout(60):
            while (await service.view(order.transfer_id)).state != "imported":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    finally:
        await service.stop()
        env.outbox.close()


async def test_a_locked_outbox_is_not_a_full_disk(
    home: Path, server: FakeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0)
    monkeypatch.setenv("TRANSFERAPP_HOME", str(home))
    _, order = register(server, write(tmp_path / "a.tif", 1000))
    env = make_workbench(AgentSettings())
    with closing(sqlite3.connect(env.settings.outbox, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            Exception, match="Another program is using the workstation"
        ) as reported:
            env.outbox.add(order)
        other.execute("ROLLBACK")
    assert not isinstance(reported.value, StorageFull)
    assert env.outbox.add(order)
    env.outbox.close()


async def test_what_keeps_failing_in_the_service_is_reported_with_what_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "PAUSES", Backoff(0.01, 0.02))
    monkeypatch.setenv("TRANSFERAPP_HOME", str(home))
    env = make_workbench(AgentSettings())
    service = Agent(env)
    monkeypatch.setattr("transferapp.agent.service._REPORT_EVERY_S", "no number")
    api = httpx.ASGITransport(make_api(service))

    async def problem() -> str:
        async with httpx.AsyncClient(transport=api, base_url="http://agent") as http:
            return AgentInfo.model_validate((await http.get(routes.AGENT)).json()).trouble

    assert await problem() == ""
    await service.start()
    try:
        async with asyncio.timeout(60):
            stated = "telling of progress (A defect ended it (TypeError)"
            while stated not in await problem():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await service.stop()
        env.outbox.close()
    assert await problem() == ""
