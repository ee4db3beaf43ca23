"""Exports by a real workstation service: each fileset whole, in a place of its own."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.agent_process import AgentProcess, agent, home, server, until
from tests.support.export_env import (
    Contents,
    arrived,
    companion,
    is_manifest,
    placed_as,
    tree,
    zarr,
)
from tests.support.fake_server import FakeServer
from transferapp.client.agent import AgentClient
from transferapp.client.importing import ExportPlan, hand_over_export
from transferapp.client.names import part_name
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemState

__all__ = ["agent", "home", "server"]

SAME_NAMES = {
    1: companion("mon/Position1", 1),
    2: companion("tue/Position1", 2),
    3: zarr("mouse1/image.ome.zarr", 3),
    4: zarr("mouse2/image.ome.zarr", 4),
    5: {"mon/cells.czi": b"monday" * 99},
    6: {"tue/cells.czi": b"tuesday" * 99},
}
PLACED = {
    **placed_as("Position1 (mon)", SAME_NAMES[1], "mon/Position1"),
    **placed_as("Position1 (tue)", SAME_NAMES[2], "tue/Position1"),
    **placed_as("image (mouse1).ome.zarr", SAME_NAMES[3], "mouse1/image.ome.zarr"),
    **placed_as("image (mouse2).ome.zarr", SAME_NAMES[4], "mouse2/image.ome.zarr"),
    "cells (mon)/cells.czi": b"monday" * 99,
    "cells (tue)/cells.czi": b"tuesday" * 99,
}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def second_agent() -> Iterator[AgentProcess]:
    with tempfile.TemporaryDirectory(prefix="ta-") as folder:
        process = AgentProcess(Path(folder))
        yield process
        process.kill()


def big(folder: str, seed: int) -> Contents:
    """A fileset that takes a while when it is slowed."""
    return {f"{folder}/{name}": bytes([seed, n]) * (1 << 20) for n, name in enumerate("abcd")}


def listed(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not is_manifest(path.name))


async def export(client: AgentClient, server: FakeServer, to: Path, *ids: int) -> str:
    async with ServerClient(server.url) as env:
        view = await hand_over_export(env, client, ExportPlan("out", ids, to))
    return view.transfer_id


async def delivered(client: AgentClient, *transfer_ids: str) -> None:
    for transfer_id in transfer_ids:
        await until(client, transfer_id, lambda v: v.state == "delivered")


@pytest.mark.export_bad_input
async def test_folders_of_one_name_never_mix(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.filesets = SAME_NAMES
    async with await agent.start() as client:
        transfer_id = await export(client, server, out, *SAME_NAMES)
        await delivered(client, transfer_id)
        placements = await client.placements(transfer_id)
    assert arrived(out) == PLACED
    assert {Path(one.path).relative_to(out).parts[0] for one in placements} == {
        path.partition("/")[0] for path in PLACED
    }
    assert all(one.placed for one in placements)


async def test_two_services_at_once_into_one_folder(
    agent: AgentProcess, second_agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.filesets = {n: big(f"day{n}/Position1", n) for n in range(1, 5)}
    async with await agent.start() as one, await second_agent.start() as other:
        orders = [
            (client, await export(client, server, out, *ids))
            for client, ids in ((one, [1]), (other, [2]), (one, [3]), (other, [4]))
        ]
        await asyncio.gather(*(delivered(client, name) for client, name in orders))
    folders = listed(out)
    assert [folder.name for folder in folders] == [
        "Position1", "Position1 (2)", "Position1 (3)", "Position1 (4)",
    ]  # fmt: skip
    found = [tree(folder) for folder in folders]
    for number, contents in server.filesets.items():
        whole = {path.rpartition("/")[2]: content for path, content in contents.items()}
        assert found.count(whole) == 1, number


async def test_killed_in_the_middle_it_goes_on_in_the_same_place(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.filesets = {n: big(f"day{n}/Position1", n) for n in (1, 2, 3)}
    async with await agent.start(bytes_per_s=str(16 << 20)) as client:
        transfer_id = await export(client, server, out, 1, 2, 3)
        await until(client, transfer_id, lambda v: v.files_done >= 5)
        # The first is whole and has its name; nothing else has one.
        named = [path.name for path in listed(out) if not path.name.startswith(".")]
        assert set(named) <= {"Position1 (day1)", "Position1 (day2)"}
        agent.kill()
    assert any(path.name.startswith(".") for path in listed(out))
    fetched = len([r for r in server.requests if r.endswith("/content")])
    async with await agent.start() as client:
        placements = await client.placements(transfer_id)
        assert [Path(one.path).name for one in placements] == [
            "Position1 (day1)", "Position1 (day2)", "Position1 (day3)",
        ]  # fmt: skip
        await delivered(client, transfer_id)
    again = len([r for r in server.requests if r.endswith("/content")]) - fetched
    assert again < 12, "what had arrived was fetched again"
    assert arrived(out) == {
        **placed_as("Position1 (day1)", server.filesets[1], "day1/Position1"),
        **placed_as("Position1 (day2)", server.filesets[2], "day2/Position1"),
        **placed_as("Position1 (day3)", server.filesets[3], "day3/Position1"),
    }


async def test_nothing_is_written_through_links_that_others_plant(
    agent: AgentProcess, server: FakeServer, out: Path, tmp_path: Path
) -> None:
    victim, elsewhere = tmp_path / "victim", tmp_path / "elsewhere"
    victim.write_bytes(b"precious")
    elsewhere.mkdir()
    server.filesets = {1: big("mon/Position1", 1), 2: {"mon/cells.czi": b"cells" * 400_000}}
    async with await agent.start(bytes_per_s=str(2 << 20)) as client:
        transfer_id = await export(client, server, out, 1, 2)
        files = server.details[transfer_id].files
        # Where older releases put parts, and every folder that has a part now.
        for file in files:
            name = Path(file.client_path).name
            for folder in (out, out / "Position1"):
                folder.mkdir(parents=True, exist_ok=True)
                (folder / part_name(name, file.id)).symlink_to(victim)
        await until(client, transfer_id, lambda v: v.bytes_done > 1 << 20)
        for part in filter(Path.is_dir, listed(out)):
            for file in files:
                name = Path(file.client_path).name
                for planted in (name, part_name(name, file.id)):
                    with contextlib.suppress(FileExistsError):
                        (part / planted).symlink_to(victim)
        agent.kill()
    async with await agent.start() as client:
        await until(client, transfer_id, lambda v: v.trouble_code != "")
        await client.cancel(transfer_id)
    assert victim.read_bytes() == b"precious"
    assert listed(elsewhere) == []


async def test_a_part_swapped_for_a_link_is_not_entered(
    agent: AgentProcess, server: FakeServer, out: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    server.filesets = {1: big("mon/Position1", 1)}
    async with await agent.start(bytes_per_s=str(2 << 20)) as client:
        transfer_id = await export(client, server, out, 1)
        await until(client, transfer_id, lambda v: v.bytes_done > 1 << 20)
        agent.kill()
    (part,) = listed(out)
    before = listed(part)
    part.rename(elsewhere)
    part.symlink_to(elsewhere)
    async with await agent.start() as client:
        reported = await until(client, transfer_id, lambda v: v.trouble_code != "")
        assert reported.trouble_code == "destination-unwritable"
        assert "is in the way" in reported.trouble
        assert [path.name for path in listed(elsewhere)] == [path.name for path in before]
        part.unlink()
        elsewhere.rename(part)
        await delivered(client, transfer_id)
    assert arrived(out) == placed_as("Position1", server.filesets[1], "mon/Position1")


async def test_an_item_cancelled_at_the_server_leaves_nothing(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.filesets = {1: big("mon/Position1", 1), 2: big("tue/Position1", 2)}
    async with await agent.start(bytes_per_s=str(4 << 20), parallel_files="1") as client:
        transfer_id = await export(client, server, out, 1, 2)
        await until(client, transfer_id, lambda v: v.bytes_done > 1 << 20)
        first = server.item(transfer_id).id
        server.set_item(transfer_id, first, state=ItemState.CANCELLED)
        await until(client, transfer_id, lambda v: v.state == "cancelled")
    assert arrived(out) == placed_as("Position1 (tue)", server.filesets[2], "tue/Position1")


async def test_an_item_that_failed_before_its_files_were_known_can_be_retried(
    agent: AgentProcess, server: FakeServer, out: Path
) -> None:
    server.filesets = {1: companion("mon/Position1", 1), 2: companion("tue/Position2", 2)}
    server.export_state = ItemState.FAILED
    async with await agent.start() as client:
        transfer_id = await export(client, server, out, 1, 2)
        await until(client, transfer_id, lambda v: v.state == "failed")
        for number in (0, 1):
            item_id = server.item(transfer_id, number).id
            server.set_item(transfer_id, item_id, state=ItemState.READY)
        await client.retry(transfer_id)
        await delivered(client, transfer_id)
    assert arrived(out) == {
        **placed_as("Position1", server.filesets[1], "mon/Position1"),
        **placed_as("Position2", server.filesets[2], "tue/Position2"),
    }
