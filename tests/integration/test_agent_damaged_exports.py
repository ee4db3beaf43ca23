"""An original that the repository itself holds damaged: it is told, and the rest arrives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.agent_process import AgentProcess, agent, home, server, until
from tests.support.fake_server import FakeServer
from transferapp.client.importing import ExportPlan, hand_over_export
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemState

__all__ = ["agent", "home", "server"]


@pytest.mark.export_bad_input
async def test_the_rest_arrives_and_the_file_is_named(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    names = {n: f"lab/{name}.tif" for n, name in enumerate(("rotten", "a", "b"), 1)}
    server.filesets = {n: {path: bytes([n]) * 1000} for n, path in names.items()}
    server.export_state = ItemState.PREPARING
    async with await agent.start(retry_max_s="0.1") as client:
        async with ServerClient(server.url) as env:
            plan = ExportPlan("out", tuple(names), tmp_path / "out")
            view = await hand_over_export(env, client, plan)
        details = server.details[view.transfer_id]
        [rotten] = (file for file in details.files if file.client_path == names[1])
        server.arrived[rotten.id][500] ^= 1
        for item in details.items:
            server.set_item(view.transfer_id, item.id, state=ItemState.READY)
        ended = await until(client, view.transfer_id, lambda v: v.state == "needs-attention")
        await until(
            client,
            view.transfer_id,
            lambda _: (
                {i.state for i in server.details[view.transfer_id].items}
                == {ItemState.NEEDS_ATTENTION, ItemState.DELIVERED}
            ),
        )
        states = [item.state for item in server.details[view.transfer_id].items]
        assert states.count(ItemState.DELIVERED) == 2
    assert "'lab/rotten.tif'" in ended.trouble
    assert "Ask your administrator" in ended.trouble
    assert not (tmp_path / "out" / "rotten.tif").exists()
