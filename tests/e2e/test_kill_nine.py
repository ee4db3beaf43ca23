"""kill -9 of agent, server and worker in the middle of an import: exactly once, all right."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
from transferapp.errors import TransferAppError
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.sandbox.demo import evidence
from transferapp.sandbox.local_installation import LocalInstallation

FILES = 200
#: Each look signs in anew, which whom it watches has to pay for.
_POLL_S = 0.1


def sealed(details: TransferDetails) -> int:
    return sum(file.sealed for file in details.files)


def imported(details: TransferDetails) -> int:
    return sum(item.state is ItemState.IMPORTED for item in details.items)


def wait_for(
    terminal: Terminal,
    transfer_id: str,
    count: Callable[[TransferDetails], int],
    at_least: int,
) -> int:
    """Wait until a count is reached and return it; it must not be all of them yet."""
    until = time.monotonic() + 120
    reached = 0
    while time.monotonic() < until:
        with contextlib.suppress(TransferAppError):
            reached = count(terminal.details(transfer_id))
        if reached >= at_least:
            assert reached < FILES, "too late: nothing was in the middle of anything"
            return reached
        time.sleep(_POLL_S)
    raise AssertionError(f"only {reached} of {at_least}")


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_each_process_killed_once_in_an_import_of_200_files(tmp_path: Path) -> None:
    source = tmp_path / "run 1"
    make_tiffs(source, FILES)
    with LocalInstallation(tmp_path / "h") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        done = terminal.run("import", str(source), "--to", "Dataset:Run", "--create", "--json")
        assert done.code == 0, done.err + done.out
        transfer_id = done.json["transfer"]["id"]

        wait_for(terminal, transfer_id, sealed, FILES // 10)
        installation.kill("agent")
        installation.start("agent")
        wait_for(terminal, transfer_id, imported, 5)
        installation.kill("worker")
        installation.start("worker", wait=False)
        wait_for(terminal, transfer_id, sealed, FILES // 4)
        installation.kill("server")
        installation.start("server")

        details = asyncio.run(
            installation.ended(USERNAME, PASSWORD, TransferKind.IMPORT, timeout_s=240)
        )
        assert details.transfer.state is ItemState.IMPORTED, details.transfer
        assert terminal.becomes_safe_to_delete(transfer_id)
        rows, images = evidence.import_rows(source, installation.repository.open(), USERNAME)
    assert images == FILES
    assert len(rows) == FILES
    assert [row for row in rows if row["sha1_source"] != row["sha1_repository"]] == []
