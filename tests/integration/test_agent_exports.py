"""Exports by a real workstation service: each fileset whole, in a place of its own."""

from __future__ import annotations

from pathlib import Path

from tests.support.agent_process import AgentProcess, agent, home, server, until
from tests.support.fake_server import FakeServer
from transferapp.client.agent import AgentClient
from transferapp.client.importing import ExportPlan, hand_over_export
from transferapp.client.server import ServerClient

__all__ = ["agent", "home", "server"]

Contents = dict[str, bytes]


def companion(folder: str, number: int, size: int = 3000) -> Contents:
    """A companion set: three files that name each other."""
    names = ("img.companion.ome", "img_C0.ome.tif", "img_C1.ome.tif")
    return {f"{folder}/{name}": f"{number} {name} ".encode() * (size // 10) for name in names}


def zarr(folder: str, number: int) -> Contents:
    """An OME-Zarr of a few files."""
    names = ("zarr.json", "0/zarr.json", "0/c/0/0", "0/c/0/1", "1/c/0/0")
    return {f"{folder}/{name}": f"{number} {name}".encode() * 50 for name in names}


def tree(folder: Path) -> Contents:
    """Every file below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def below(name: str, contents: Contents, root: str) -> Contents:
    """What a fileset looks like once its folder ``root`` stands as ``name``."""
    return {f"{name}/{path.removeprefix(f'{root}/')}": c for path, c in contents.items()}


async def export(client: AgentClient, server: FakeServer, ids: list[int], to: Path) -> str:
    """Hand an export over and return its id."""
    async with ServerClient(server.url) as desk:
        view = await hand_over_export(desk, client, ExportPlan("out", tuple(ids), to))
    return view.transfer_id


async def delivered(client: AgentClient, transfer_id: str) -> None:
    await until(client, transfer_id, lambda v: v.state == "delivered")


async def test_folders_of_one_name_never_mix(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.filesets = {
        1: companion("mon/Position1", 1),
        2: companion("tue/Position1", 2),
        3: zarr("mouse1/image.ome.zarr", 3),
        4: zarr("mouse2/image.ome.zarr", 4),
        5: {"mon/cells.czi": b"monday" * 99},
        6: {"tue/cells.czi": b"tuesday" * 99},
    }
    out = tmp_path / "out"
    async with await agent.start() as client:
        await delivered(client, await export(client, server, [1, 2, 3, 4, 5, 6], out))
    assert tree(out) == {
        **below("Position1", server.filesets[1], "mon/Position1"),
        **below("Position1 (tue)", server.filesets[2], "tue/Position1"),
        **below("image.ome.zarr", server.filesets[3], "mouse1/image.ome.zarr"),
        **below("image (mouse2).ome.zarr", server.filesets[4], "mouse2/image.ome.zarr"),
        "cells.czi": b"monday" * 99,
        "cells (tue)/cells.czi": b"tuesday" * 99,
    }
