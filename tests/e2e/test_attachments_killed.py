"""kill -9 of the worker in the middle of attaching files: each once, and safe to delete."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path

import pytest

from tests.support.installation import LONG_AGO, PASSWORD, USERNAME, Terminal, make_tiffs
from transferapp.host.clock import SystemClock
from transferapp.model.attachments import Attachment
from transferapp.model.containers import ContainerRef
from transferapp.model.transfers import ItemRole, ItemState, TransferItem, TransferKind
from transferapp.repositories.local.repository import LocalRepository
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.testing.repository_env import sha1_of

NOTES = 120
LITTER = ("Thumbs.db", ".DS_Store", "desktop.ini", "._notes.txt")


def make_drop(folder: Path) -> None:
    """Write two images, many notes, and what operating systems leave behind."""
    make_tiffs(folder, 2)
    (folder / "notes").mkdir()
    for number in range(NOTES):
        (folder / "notes" / f"{number:03d}.txt").write_bytes(os.urandom(200_000))
    for name in LITTER:
        content = b"\0\5\x16\7" if name.startswith("._") else b"litter"
        (folder / name).write_bytes(content)
    for path in folder.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def attaching(terminal: Terminal, transfer_id: str) -> TransferItem:
    (item,) = [
        one for one in terminal.details(transfer_id).items if one.role is ItemRole.ATTACHMENTS
    ]
    return item


def wait_for_middle(terminal: Terminal, transfer_id: str, at_least: int) -> int:
    """Wait until so many files are attached, and return which one is being attached."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        item = attaching(terminal, transfer_id)
        found = re.match(r"attaching file (\d+) of", item.note)
        assert item.state is not ItemState.IMPORTED, "too late: all is attached"
        if found and int(found.group(1)) > at_least:
            return int(found.group(1))
        time.sleep(0.05)
    raise AssertionError("never in the middle of anything")


def copies(terminal: Terminal, folder: Path) -> dict[str, str]:
    """Save all that is attached, and return the hashes by client path."""
    done = terminal.run("attachments", "Dataset:Run", "--to", str(folder))
    assert f"{NOTES} files are in {folder}, verified." in done.err, done.out
    saved = (path for path in folder.rglob("*") if path.is_file())
    return {str(one.relative_to(folder)): sha1_of(one.read_bytes()) for one in saved}


async def all_attached(
    installation: LocalInstallation, target: ContainerRef
) -> list[Attachment]:
    repository = LocalRepository(installation.home / "data/server/repository", SystemClock())
    async with repository.session(USERNAME) as session:
        found = await session.attachments.of(target)
        for one in found:
            whole = b"".join([p async for p in session.attachments.read(one.id)])
            assert sha1_of(whole) == one.sha1
    await repository.close()
    return found


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_worker_killed_while_it_attaches(tmp_path: Path) -> None:
    source = tmp_path / "run 1"
    make_drop(source)
    on_disk = {
        f"run 1/notes/{path.name}": sha1_of(path.read_bytes())
        for path in (source / "notes").iterdir()
    }
    with LocalInstallation(tmp_path / "h") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        command = ("import", str(source), "--to", "Dataset:Run", "--attach-others", "--json")
        done = terminal.run(*command, "--create")
        assert done.code == 0, done.err + done.out
        text = f"{NOTES} other files are not images; they are attached to the target."
        assert text in done.err
        transfer_id = done.json["transfer"]["id"]

        wait_for_middle(terminal, transfer_id, NOTES // 10)
        installation.kill("worker")
        in_between = terminal.details(transfer_id).transfer
        assert not terminal.safe_to_delete(transfer_id)
        assert (in_between.attached, in_between.to_attach) == (0, NOTES)
        installation.start("worker", wait=False)

        details = asyncio.run(
            installation.ended(USERNAME, PASSWORD, TransferKind.IMPORT, timeout_s=240)
        )
        assert details.transfer.state is ItemState.IMPORTED, details
        assert details.transfer.attached == NOTES
        assert terminal.becomes_safe_to_delete(transfer_id)
        target = details.transfer.target
        assert target is not None
        first = asyncio.run(all_attached(installation, target))
        assert {one.client_path: one.sha1 for one in first} == on_disk
        assert len(first) == NOTES, "each once"
        assert copies(terminal, tmp_path / "saved") == on_disk
        (entry,) = terminal.run("inbox", "list", "--json").json["items"]
        assert f"2 imported, {NOTES} files attached" in entry["text"]

        # The same folder once more: images are imported again, notes are there already.
        again = terminal.run(*command, "--wait")
        assert again.code == 0, again.err + again.out
        assert asyncio.run(all_attached(installation, target)) == first
        changed = source / "notes" / "000.txt"
        changed.write_bytes(b"another text")
        assert not terminal.safe_to_delete(transfer_id), "an attached file has changed since"
