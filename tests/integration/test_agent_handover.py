"""Imports and exports handed to a real workstation service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.agent_process import (
    AgentProcess,
    agent,
    home,
    server,
    until,
    write,
)
from tests.support.export_env import arrived, is_manifest, manifests
from tests.support.fake_server import FakeServer
from tests.support.small_disks import small_disk
from transferapp.client.agent import AgentClient
from transferapp.client.importing import (
    ExportPlan,
    ImportPlan,
    hand_over_export,
    hand_over_import,
)
from transferapp.client.server import ServerClient
from transferapp.errors import AgentUnreachable
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.model.containers import ContainerRef

__all__ = ["agent", "home", "server"]


async def test_export_arrives_in_place_and_never_replaces(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: b"pixels" * 1000, 8: b"more" * 500}
    destination = tmp_path / "not there yet"
    destination.mkdir()
    (destination / "image 7.tif").write_bytes(b"mine")
    async with await agent.start() as client, ServerClient(server.url) as env:
        plan = ExportPlan("out", (7, 8), destination)
        view = await hand_over_export(env, client, plan)
        assert not view.safe_to_switch_off
        done = await until(client, view.transfer_id, lambda v: v.state == "delivered")
        assert done.safe_to_switch_off
        assert done.files_done == 2
    assert (destination / "image 7.tif").read_bytes() == b"mine"
    assert (destination / "image 7 (2)" / "image 7.tif").read_bytes() == server.images[7]
    assert (destination / "image 8.tif").read_bytes() == server.images[8]
    assert sorted(p.name for p in destination.iterdir() if not is_manifest(p.name)) == [
        "image 7 (2)",
        "image 7.tif",
        "image 8.tif",
    ]


async def test_export_waits_for_a_folder_that_cannot_be_written(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: b"pixels"}
    destination = tmp_path / "drive"
    destination.write_bytes(b"a file where the folder should be")
    async with await agent.start() as client, ServerClient(server.url) as env:
        view = await hand_over_export(env, client, ExportPlan("out", (7,), destination))
        await until(
            client, view.transfer_id, lambda v: v.trouble_code == "destination-unwritable"
        )
        destination.unlink()
        await until(client, view.transfer_id, lambda v: v.state == "delivered")
    assert (destination / "image 7.tif").read_bytes() == b"pixels"


@pytest.mark.export_bad_input
async def test_export_waits_while_the_disk_is_full(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: b"pixels" * 500_000}
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        (disk / "filler").write_bytes(bytes(3 << 20))
        async with await agent.start() as client, ServerClient(server.url) as env:
            view = await hand_over_export(env, client, ExportPlan("out", (7,), disk))
            full = await until(
                client, view.transfer_id, lambda v: v.trouble_code == "storage-full"
            )
            assert full.state == "waiting"
            (disk / "filler").unlink()
            await until(client, view.transfer_id, lambda v: v.state == "delivered")
        assert (disk / "image 7.tif").read_bytes() == server.images[7]
        assert list(arrived(disk)) == ["image 7.tif"]
        assert len(manifests(disk)) == 3


async def test_a_cancelled_export_leaves_nothing_half_done(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.images = {7: bytes(8 << 20)}
    async with (
        await agent.start(bytes_per_s=str(1 << 20)) as client,
        ServerClient(server.url) as env,
    ):
        view = await hand_over_export(env, client, ExportPlan("out", (7,), tmp_path / "out"))
        await until(client, view.transfer_id, lambda v: v.bytes_done > 0)
        cancelled = await client.cancel(view.transfer_id)
        assert (cancelled.state, cancelled.safe_to_switch_off) == ("cancelled", True)
    assert list((tmp_path / "out").iterdir()) == []


async def test_hand_over_is_repeatable(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "exp 1"
    folder.mkdir()
    for n in range(3):
        write(folder / f"{n}.tif", 100 + n, n)
    plan = ImportPlan("exp 1", ContainerRef.parse("Dataset:1"), tuple(group(scan([folder]))))
    async with ServerClient(server.url) as env:
        async with AgentClient(agent.socket) as nobody:
            with pytest.raises(AgentUnreachable):
                await hand_over_import(env, nobody, plan)
        assert server.details == {}, "nothing may be registered without an agent"
        async with await agent.start() as client:
            first = await hand_over_import(env, client, plan)
            again = await hand_over_import(env, client, plan)
            assert again.transfer_id == first.transfer_id
            assert first.owner == f"alice@{server.url}"
            await until(client, first.transfer_id, lambda v: v.state == "imported")
    assert server.content("exp 1/1.tif") == (folder / "1.tif").read_bytes()
    assert set(server.seals.values()) == {1}
