"""Things go wrong after Import was pressed: nothing is lost, a person is told what to do."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
from tests.support.small_disks import small_disk
from transferapp.client.agent import AgentClient
from transferapp.client.dropping import Dropped
from transferapp.client.importing import ImportPlan, hand_over_import
from transferapp.client.server import ServerClient
from transferapp.errors import TransferAppError
from transferapp.intake import grouping, scanning
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.protocol.messages import Accepted, ImportRequest
from transferapp.sandbox.demo import evidence
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[LocalInstallation]:
    with LocalInstallation(tmp_path / "h") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        yield installation


class CuttingClient(ServerClient):
    """A server client that stops the server as soon as an import is registered."""

    cut: LocalInstallation

    @override
    async def submit_import(
        self, request: ImportRequest, *, request_key: str | None = None
    ) -> Accepted:
        accepted = await super().submit_import(request, request_key=request_key)
        await asyncio.to_thread(self.cut.stop, "server")
        return accepted


async def submit_then_cut(installation: LocalInstallation, folder: Path) -> str:
    """Hand a folder over to the agent while the server goes down right after."""
    async with CuttingClient(installation.url) as server:
        server.cut = installation
        await server.sign_in(USERNAME, PASSWORD)
        target = await installation.add_target(USERNAME, PASSWORD, "P", "D")
        candidates = tuple(grouping.group(scanning.scan([folder])))
        plan = ImportPlan("later", target.ref, candidates, dropped=Dropped((folder,)))
        async with AgentClient(installation.agent_socket) as agent:
            view = await hand_over_import(server, agent, plan, owner=USERNAME)
    assert view.safe_to_log_off
    return view.transfer_id


def details_when(
    installation: LocalInstallation, transfer_id: str, *states: ItemState, timeout_s: float = 60
) -> TransferDetails:
    """Wait until every item is in one of the states."""
    terminal = Terminal(installation)
    until = time.monotonic() + timeout_s
    last: TransferDetails | None = None
    while time.monotonic() < until:
        try:
            last = terminal.details(transfer_id)
        except TransferAppError:
            time.sleep(0.2)
            continue
        if all(item.state in states for item in last.items):
            return last
        time.sleep(0.1)
    raise AssertionError(f"not all of {states}: {last and last.items}")


def test_vanished_and_changed_files_need_attention_and_can_be_retried(
    installation: LocalInstallation, tmp_path: Path
) -> None:
    folder = tmp_path / "src"
    make_tiffs(folder, 3)
    kept = (folder / "field_000.tif").read_bytes()
    transfer_id = asyncio.run(submit_then_cut(installation, folder))
    (folder / "field_000.tif").unlink()
    with (folder / "field_001.tif").open("ab") as file:
        file.write(b"more")
    installation.start("server")
    details = details_when(
        installation, transfer_id, ItemState.IMPORTED, ItemState.NEEDS_ATTENTION
    )
    codes = {i.name: i.trouble.code for i in details.items if i.trouble}
    assert codes == {"field_000.tif": "vanished-file", "field_001.tif": "changed-file"}
    assert not details.transfer.promises.safe_to_delete_source

    (folder / "field_000.tif").write_bytes(kept)
    with (folder / "field_001.tif").open("r+b") as file:
        file.truncate(len(kept))
    terminal = Terminal(installation)
    assert terminal.log_in().code == 0
    answer = terminal.run("transfers", "retry", transfer_id)
    assert answer.code == 0, answer.err
    details = details_when(installation, transfer_id, ItemState.IMPORTED)
    rows, images = evidence.import_rows(folder, installation.repository.open(), USERNAME)
    assert images == 3
    assert all(row["sha1_source"] == row["sha1_repository"] for row in rows), rows
    assert terminal.becomes_safe_to_delete(transfer_id)


def test_target_deleted_meanwhile(installation: LocalInstallation, tmp_path: Path) -> None:
    folder = tmp_path / "src"
    make_tiffs(folder, 2)
    installation.stop("worker")
    terminal = Terminal(installation)
    terminal.log_in()
    done = terminal.run("import", str(folder), "--to", "Dataset:Doomed", "--create", "--json")
    transfer_id = done.json["transfer"]["id"]
    details_when(installation, transfer_id, ItemState.RECEIVED)

    async def delete_target() -> None:
        async with await installation.sign_in(USERNAME, PASSWORD) as server:
            target = (await server.transfer(transfer_id)).transfer.target
            assert target is not None
            await server.delete_container(target)

    asyncio.run(delete_target())
    installation.start("worker", wait=False)
    details = details_when(installation, transfer_id, ItemState.NEEDS_ATTENTION)
    assert {i.trouble.code for i in details.items if i.trouble} == {"target-not-found"}
    assert details.transfer.promises.safe_to_switch_off
    assert not details.transfer.promises.safe_to_delete_source
    answer = terminal.run("transfers", "retry", transfer_id, "--to", "Dataset:New", "--create")
    assert answer.code == 0, answer.err
    details = details_when(installation, transfer_id, ItemState.IMPORTED)
    assert details.transfer.target_name == "New"


def test_server_down_is_stated_and_waited_for(
    installation: LocalInstallation, tmp_path: Path
) -> None:
    folder = tmp_path / "src"
    make_tiffs(folder, 1)
    terminal = Terminal(installation)
    terminal.log_in()
    installation.stop("server")
    answer = terminal.run("import", str(folder), "--to", "Dataset:D")
    assert answer.code == 4
    assert "server does not answer" in answer.err
    installation.start("server")
    transfer_id = asyncio.run(submit_then_cut(installation, folder))
    time.sleep(2)
    installation.start("server")
    details_when(installation, transfer_id, ItemState.IMPORTED)


@pytest.fixture
def full_soon(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=32) as folder:
        yield folder


def test_disk_full_on_the_server(full_soon: Path, tmp_path: Path) -> None:
    folder = tmp_path / "src"
    make_tiffs(folder, 4, edge=2048)  # 8 MiB each, 32 in all
    environment = {
        "TRANSFERAPP_DATA": str(full_soon / "data"),
        "TRANSFERAPP_RESERVE_BYTES": "4000000",
    }
    with LocalInstallation(tmp_path / "h", environment) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        terminal.log_in()
        done = terminal.run("import", str(folder), "--to", "Dataset:Full", "--create", "--json")
        transfer_id = done.json["transfer"]["id"]
        time.sleep(10)
        details = terminal.details(transfer_id)
        assert any(i.state is not ItemState.IMPORTED for i in details.items)
        assert not any(i.state is ItemState.FAILED for i in details.items), details.items
        assert not details.transfer.promises.safe_to_delete_source
        grow = ["mount", "-o", "remount,size=200m", str(full_soon)]
        subprocess.run(grow, check=True)
        ended = asyncio.run(
            installation.ended(USERNAME, PASSWORD, TransferKind.IMPORT, timeout_s=150)
        )
        assert ended.transfer.state is ItemState.IMPORTED, ended.items
        rows, _ = evidence.import_rows(folder, installation.repository.open(), USERNAME)
    assert all(row["sha1_source"] == row["sha1_repository"] for row in rows), rows
