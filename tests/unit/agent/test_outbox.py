"""What the outbox keeps."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from transferapp.agent.outbox import Outbox, open_outbox
from transferapp.agent.records import Moved
from transferapp.agent.retrying import reopen
from transferapp.errors import Conflict, TransferNotFound
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import ItemState
from transferapp.protocol.messages import FileOnDisk, Submission, SubmittedItem


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


def submission(
    transfer_id: str = "t", *, files: int = 2, folder: Path = Path("/data")
) -> Submission:
    items = [
        SubmittedItem(
            item_id=f"{transfer_id}-i{n}",
            name=f"item {n}",
            files=[
                FileOnDisk(
                    file_id=f"{transfer_id}-f{n}-{k}",
                    client_path=f"exp/{n}-{k} 🔬.tif",
                    path=str(folder / f"{n}-{k}.tif"),
                    size_bytes=100,
                    modified_ns=5,
                )
                for k in range(files)
            ],
        )
        for n in range(2)
    ]
    return Submission(
        kind="import",
        transfer_id=transfer_id,
        name="exp",
        owner="alice@http://s",
        server_url="http://s",
        grant=SecretStr("ta1_first"),
        items=items,
    )


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    box = open_outbox(tmp_path / "agent" / "outbox.db", Noon())
    yield box
    box.close()


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        box = open_outbox(tmp_path / "agent" / "outbox.db", Noon())
        box.add(submission())
    finally:
        os.umask(mask)
    folder = tmp_path / "agent"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()} == {0o600}
    box.close()


def test_the_same_transfer_again_only_brings_its_grant(outbox: Outbox) -> None:
    assert outbox.add(submission())
    again = submission(files=5).model_copy(update={"grant": SecretStr("ta1_second")})
    assert not outbox.add(again)
    assert len(outbox.open_files("t")) == 4
    assert outbox.submission("t").grant.get_secret_value() == "ta1_second"
    assert len(outbox.submissions()) == 1


def test_an_error_does_not_show_the_grant(outbox: Outbox) -> None:
    outbox.add(submission())
    clash = submission().model_copy(
        update={"transfer_id": "u", "grant": SecretStr("ta1_hidden")}
    )
    with pytest.raises(Conflict) as caught:
        outbox.add(clash)
    assert "ta1_" not in f"{caught.value} {caught.value.__cause__}"
    with pytest.raises(TransferNotFound):
        outbox.submission("u")


def test_totals_and_open_files_follow_the_stages(outbox: Outbox) -> None:
    outbox.add(submission())
    outbox.finish_file("t-f0-0", 100, Moved("a" * 40))
    outbox.set_offsets({"t-f0-1": 40})
    totals = outbox.totals("t")
    assert (totals.files, totals.files_done, totals.files_open) == (4, 1, 3)
    assert (totals.bytes, totals.bytes_done) == (400, 140)
    outbox.set_stages(["t-i1"], ItemStage.PROBLEM, ("vanished-file", "gone"))
    assert [f.file_id for f in outbox.open_files("t")] == ["t-f0-1"]
    assert outbox.totals("t").trouble == "gone"
    assert outbox.totals("t").files_open == 3
    outbox.set_stages(["t-i1"], ItemStage.CANCELLED)
    assert outbox.totals("t").files_open == 1
    outbox.set_stages(["t-i0"], ItemStage.DONE)
    assert (outbox.totals("t").files_open, outbox.totals("t").files_done) == (0, 2)


def test_lists_by_owner_and_forgets_all_below(outbox: Outbox) -> None:
    outbox.add(submission("t"))
    outbox.add(submission("u").model_copy(update={"owner": "bob@x"}))
    assert [s.transfer_id for s in outbox.submissions("bob@x")] == ["u"]
    outbox.set_state("u", ItemState.IMPORTED, ended=True)
    assert [s.transfer_id for s in outbox.submissions(open_only=True)] == ["t"]
    outbox.forget("u")
    assert outbox.totals("u").files == 0
    assert outbox.items("u") == []
    assert outbox.files("u-i0") == []


def _add_and_die(path: Path) -> None:
    open_outbox(path, Noon()).add(submission())
    os.kill(os.getpid(), 9)


def test_what_was_added_survives_kill_nine(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    child = multiprocessing.get_context("spawn").Process(target=_add_and_die, args=(path,))
    child.start()
    child.join(30)
    assert child.exitcode == -9
    box = open_outbox(path, Noon())
    assert len(box.open_files("t")) == 4
    box.close()


def test_scan_again_takes_files_as_they_are(outbox: Outbox, tmp_path: Path) -> None:
    outbox.add(submission(files=1, folder=tmp_path))
    (tmp_path / "0-0.tif").write_bytes(b"x" * 100)
    (tmp_path / "1-0.tif").write_bytes(b"x" * 101)
    outbox.set_stages(["t-i0", "t-i1"], ItemStage.PROBLEM, ("changed-file", "changed"))
    reopen(outbox, "t")
    first, second = outbox.items("t")
    assert (first.stage, first.trouble_code) == (ItemStage.OPEN, "")
    assert (second.stage, second.trouble_code) == (ItemStage.PROBLEM, "changed-file")
    assert "another size" in second.trouble
    assert outbox.files("t-i0")[0].modified_ns == (tmp_path / "0-0.tif").stat().st_mtime_ns
