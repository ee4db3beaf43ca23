"""What window, command line and workstation service offer is what the table of moves allows.

Each door is tried in every state, against a real server with a real ledger.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from tests.support.agent_process import home, register, write
from tests.support.fake_server import FakeServer
from tests.support.rest_server import RestServer, server, submitted
from transferapp.agent.service import Agent
from transferapp.agent.settings import AgentSettings
from transferapp.agent.wiring import make_workbench
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.client.server import ServerClient
from transferapp.desktop.transfers.rows import TransferRow, merge
from transferapp.errors import StateConflict
from transferapp.ledger.port import ItemChange
from transferapp.model.moves import (
    FINAL_STATES,
    HELD_UP_STATES,
    IN_LINE_STATES,
    RETRY,
    can_cancel,
    can_retry,
)
from transferapp.model.transfers import ENDED_STATES, ItemState, Transfer, TransferDetails
from transferapp.testing.moves import PUT_ANYHOW

__all__ = ["home", "server"]

#: A server says it of no item: windows show it of an agent that is silent.
REPORTED = [state for state in ItemState if state is not ItemState.STALLED]


@pytest.fixture
async def ada(
    server: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServerClient:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    client = await server.signed_in()
    await signed_in.remember(server.url, "ada", SecretStr(str(client.token)), in_file=True)
    return client


async def put(ada: ServerClient, server: RestServer, state: ItemState) -> TransferDetails:
    """Return a transfer of one item in this state."""
    details = (await submitted(ada, 5)).details
    (item,) = details.items
    await server.parts.ledger.move(item.id, PUT_ANYHOW, ItemChange(state))
    return await ada.transfer(item.transfer_id)


def row_of(transfer: Transfer) -> TransferRow:
    return merge(transfer, None, now=datetime.now(UTC))


async def command(*arguments: str) -> Result:
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, [*arguments]))


async def test_cancel_is_offered_where_it_stops_something(
    ada: ServerClient, server: RestServer
) -> None:
    offered, stopped, left = {}, {}, set()
    for state in REPORTED:
        details = await put(ada, server, state)
        offered[state] = row_of(details.transfer).can_cancel
        done = await ada.cancel(details.transfer.id, details.items[0].id)
        stopped[state] = done.items[0].state is not state
        left.add(row_of(done.transfer).can_cancel)
    assert offered == stopped == {state: can_cancel(state) for state in REPORTED}
    assert left == {False}


async def test_retry_is_offered_where_it_lets_something_go_on(
    ada: ServerClient, server: RestServer
) -> None:
    for state in REPORTED:
        details = await put(ada, server, state)
        offered = row_of(details.transfer).can_retry
        assert offered is can_retry(state), state
        try:
            after = await ada.retry(details.transfer.id, details.items[0].id)
        except StateConflict:
            moved = taken = False
        else:
            moved, taken = after.items[0].state is not state, True
        assert moved is (state in RETRY.start), state
        # One that is sent anew is uploading before the server hears of the retry.
        in_vain = IN_LINE_STATES | {ItemState.UPLOADING}
        assert taken is (state in RETRY.start | in_vain), state
        # What is held up the server leaves alone: a retry wakes its workstation.
        assert offered is (moved or state in HELD_UP_STATES), state


async def test_the_command_line_states_where_a_retry_moves_nothing(
    ada: ServerClient, server: RestServer
) -> None:
    for state in REPORTED:
        details = await put(ada, server, state)
        tried = await command("transfers", "retry", details.transfer.id, "--json")
        assert ("nothing is tried again" in tried.stderr) is (state not in RETRY.start), state
        moved = (await ada.transfer(details.transfer.id)).items[0].state is not state
        assert moved is (state in RETRY.start), state


async def test_the_workstation_goes_on_unless_it_is_final(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(home))
    with FakeServer() as far:
        orders = {
            state: register(far, write(tmp_path / f"{state}.tif", 1000))[1]
            for state in ItemState
        }
    bench = make_workbench(AgentSettings())
    service, outbox = Agent(bench), bench.outbox
    try:
        for state, order in orders.items():
            outbox.add(order)
            outbox.set_state(order.transfer_id, state, ended=state in ENDED_STATES)
            await service.retry(order.transfer_id)
            goes_on = not outbox.submission(order.transfer_id).ended
            assert goes_on is (state not in FINAL_STATES), state
            assert goes_on or not can_retry(state), state
    finally:
        await service.stop()
        outbox.close()
