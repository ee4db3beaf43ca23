"""kill -9 of agent and server in the middle of an export in which half the names are one."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD, USERNAME, Terminal
from tests.support.multi_file_images import companion_set, ome_zarr, put_into
from transferapp.client.agent import AgentClient
from transferapp.errors import TransferAppError
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.sandbox.local_installation import LocalInstallation

#: Filesets of one name, and as many of names of their own.
HALF = 30
#: Slow enough to be killed in the middle.
ENVIRONMENT = {"TRANSFERAPP_AGENT_BYTES_PER_S": "400000"}


def make_filesets(root: Path) -> list[list[Path]]:
    """Sixty filesets in folders, thirty of them called Position1."""
    same = [companion_set(root / f"mouse{n}" / "Position1", n) for n in range(HALF)]
    other = [ome_zarr(root / f"field{n}.ome.zarr", 100 + n) for n in range(HALF)]
    return [*same, *other]


def wait_for(terminal: Terminal, transfer_id: str, delivered: int) -> None:
    """Wait until so many items are delivered; it must not be all of them yet."""
    until = time.monotonic() + 120
    reached = 0
    while time.monotonic() < until:
        with contextlib.suppress(TransferAppError):
            items = terminal.details(transfer_id).items
            reached = sum(item.state is ItemState.DELIVERED for item in items)
        if reached >= delivered:
            assert reached < 2 * HALF, "too late: nothing was in the middle of anything"
            return
        time.sleep(0.02)
    raise AssertionError(f"only {reached} of {delivered}")


def sha1s(folder: Path) -> dict[str, str]:
    """Hash every file below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix(): sha1 for path, sha1 in _hashed(folder)}


def _hashed(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                yield path, hashlib.file_digest(file, "sha1").hexdigest()


async def placements(installation: LocalInstallation, transfer_id: str) -> dict[str, Path]:
    async with AgentClient(installation.agent_socket) as agent:
        found = await agent.placements(transfer_id)
    assert all(one.placed for one in found)
    return {one.item_id: Path(one.path) for one in found}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_sixty_filesets_thirty_of_one_name(tmp_path: Path) -> None:
    root, out = tmp_path / "run", tmp_path / "out"
    filesets = make_filesets(root)
    with LocalInstallation(tmp_path / "h", ENVIRONMENT) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        repository = installation.repository.open()
        ids = asyncio.run(put_into(repository, USERNAME, root, filesets))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        images = [f"Image:{image_id}" for image_id in ids]
        answer = terminal.run("export", *images, "--to", str(out), "--layout", "flat", "--json")
        assert answer.code == 0, answer.err + answer.out
        transfer_id = answer.json["transfer"]["id"]

        wait_for(terminal, transfer_id, HALF // 3)
        installation.kill("agent")
        installation.start("agent")
        wait_for(terminal, transfer_id, HALF)
        installation.kill("server")
        installation.kill("agent")
        installation.start("server")
        installation.start("agent")
        ended = asyncio.run(installation.ended(USERNAME, PASSWORD, TransferKind.EXPORT, 180))
        assert ended.transfer.state is ItemState.DELIVERED, ended.items
        where = asyncio.run(placements(installation, transfer_id))
        folders = sorted(out.iterdir())
        again = terminal.run("export", images[0], "--to", str(out), "--wait", "--json")
        assert again.code == 0, again.err
    [beside] = (Path(one["path"]) for one in again.json["placements"])
    assert beside not in folders
    assert sha1s(beside) == sha1s(filesets[0][0].parent)
    assert len(folders) == 2 * HALF
    assert {path.name for path in folders} == {path.name for path in where.values()}
    assert f"Position1 (mouse{HALF - 1})" in {path.name for path in folders}
    expected = {
        item_id: {
            file.client_path: file.sha1 for file in ended.files if file.item_id == item_id
        }
        for item_id in where
    }
    sources = sorted(sorted(sha1s(paths[0].parent).items()) for paths in filesets)
    arrived = sorted(sorted(sha1s(folder).items()) for folder in folders)
    assert arrived == sources, "a file is missing, damaged, renamed, or with another image"
    for item_id, folder in where.items():
        assert sorted(sha1s(folder).values()) == sorted(expected[item_id].values())
