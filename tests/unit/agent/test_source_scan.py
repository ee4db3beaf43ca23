"""What the workstation finds when it looks at a source again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from transferapp.agent.outbox import Outbox, open_outbox
from transferapp.agent.progress import Progress
from transferapp.agent.records import Moved
from transferapp.agent.source_scan import compare, glance
from transferapp.agent.views import view_of
from transferapp.host.clock import SystemClock
from transferapp.intake.file_names import shown_text
from transferapp.model.drops import LeftOut, LeftOutReason, SourceScan
from transferapp.model.stages import ItemStage
from transferapp.protocol.messages import (
    DropOnDisk,
    FileOnDisk,
    LeftOutOnDisk,
    Submission,
    SubmissionView,
    SubmittedItem,
)

CLOCK = SystemClock()
SHA1 = {b"aaaa": "70c881d4a26984ddce795f6f71817c9cf4480e79"}


class Env:
    """A folder of two files that are imported, beside notes that are not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "day 3"
        self.folder.mkdir()
        self.files = [self.folder / "a.tif", self.folder / "b.tif"]
        for path in self.files:
            path.write_bytes(b"aaaa")
        self.notes = self.folder / "notes.docx"
        self.notes.write_bytes(b"notes")
        (self.folder / "Thumbs.db").write_bytes(b"x")
        self.outbox: Outbox = open_outbox(folder / "outbox" / "outbox.db", CLOCK)

    def hand_over(self, reason: LeftOutReason = LeftOutReason.IGNORED) -> None:
        items = [
            SubmittedItem(item_id=path.name, name=path.name, files=[_on_disk(path)])
            for path in self.files
        ]
        notes = LeftOut("day 3/notes.docx", reason, "unsupported-file", "No image.")
        drop = DropOnDisk(
            roots=[str(self.folder)],
            left_out=[LeftOutOnDisk(path=shown_text(str(self.notes)), left_out=notes)],
        )
        self.outbox.add(
            Submission(
                kind="import",
                transfer_id="t",
                name="day 3",
                owner="ada@s",
                server_url="http://s",
                grant=SecretStr("ta1_x"),
                items=items,
                drop=drop,
            )
        )
        for path in self.files:
            moved = Moved(SHA1[b"aaaa"], path.stat().st_ino)
            self.outbox.finish_file(f"f-{path.name}", 4, moved)
        self.outbox.set_stages([path.name for path in self.files], ItemStage.DONE)

    def scan_now(self) -> SourceScan:
        compare(self.outbox, "t", CLOCK)
        found = self.outbox.submission("t").look
        assert found is not None
        return found

    def view(self) -> SubmissionView:
        record, totals = self.outbox.submission("t"), self.outbox.totals("t")
        return view_of(record, totals, Progress())

    def deletable(self) -> tuple[bool, bool]:
        self.scan_now()
        view = self.view()
        return view.safe_to_delete_source, view.safe_to_delete_imported


def _on_disk(path: Path) -> FileOnDisk:
    found = path.stat()
    return FileOnDisk(
        file_id=f"f-{path.name}",
        client_path=f"day 3/{path.name}",
        path=str(path),
        size_bytes=found.st_size,
        modified_ns=found.st_mtime_ns,
    )


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Env]:
    made = Env(tmp_path)
    made.hand_over()
    yield made
    made.outbox.close()


def test_a_whole_folder_that_rests_may_be_deleted(env: Env) -> None:
    assert env.view().look is None
    assert not env.view().safe_to_delete_imported, "not before it was looked at"
    assert env.deletable() == (True, True)


def test_what_was_refused_keeps_the_folder(tmp_path: Path) -> None:
    env = Env(tmp_path)
    env.hand_over(LeftOutReason.REFUSED)
    assert env.deletable() == (False, True)
    assert (env.view().left_out_files, env.view().left_out_names) == (
        1,
        ("day 3/notes.docx",),
    )
    env.outbox.close()


def test_a_file_that_grew(env: Env) -> None:
    env.files[0].write_bytes(b"aaaaa")
    assert env.deletable() == (False, False)
    assert (env.scan_now().changed, env.scan_now().names) == (1, ("day 3/a.tif",))


def test_other_content_of_the_same_size(env: Env) -> None:
    env.files[0].write_bytes(b"bbbb")
    assert glance(env.outbox, "t", CLOCK).comparing == 1
    assert not env.view().safe_to_delete_imported, "nothing is promised meanwhile"
    assert env.deletable() == (False, False)
    assert env.scan_now().changed == 1


def test_another_file_of_the_same_size_and_time(env: Env) -> None:
    before = env.files[0].stat()
    other = env.folder / "other"
    other.write_bytes(b"bbbb")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(env.files[0])
    assert env.scan_now().changed == 1


def test_a_file_that_was_only_touched_or_copied_back(env: Env) -> None:
    os.utime(env.files[0], ns=(1, 1))
    copy = env.folder / "copy"
    copy.write_bytes(b"aaaa")
    before = env.files[1].stat()
    os.utime(copy, ns=(before.st_atime_ns, before.st_mtime_ns))
    copy.replace(env.files[1])
    assert glance(env.outbox, "t", CLOCK).comparing == 2
    assert env.deletable() == (True, True)
    assert glance(env.outbox, "t", CLOCK).comparing == 0, "it is not read again and again"


def test_an_inode_that_states_nothing_is_read_once(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some network shares number a file anew at each look."""
    real = Path.stat

    def stat(self: Path, **how: bool) -> os.stat_result:
        found = list(real(self, **how))
        found[1] += 1
        return os.stat_result(found, {"st_mtime_ns": real(self, **how).st_mtime_ns})

    monkeypatch.setattr(Path, "stat", stat)
    assert glance(env.outbox, "t", CLOCK).comparing == 2
    assert env.deletable() == (True, True)
    assert glance(env.outbox, "t", CLOCK).comparing == 0


@pytest.mark.parametrize("name", ["c.tif", "more/c.tif", "c.tif.part", ".c"])
def test_what_came_into_the_folder_since(env: Env, name: str) -> None:
    path = env.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    assert env.deletable() == (False, True)
    assert env.scan_now().added == 1


def test_litter_that_came_since_is_nothing(env: Env) -> None:
    (env.folder / ".DS_Store").write_bytes(b"x")
    assert env.deletable() == (True, True)


def test_what_is_gone_needs_no_promise(env: Env) -> None:
    env.files[0].unlink()
    assert env.deletable() == (True, True)
    for path in env.folder.iterdir():
        path.unlink()
    assert env.deletable() == (True, True)


def test_what_cannot_be_scanned_at_promises_nothing(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.stat

    def stat(self: Path, **how: bool) -> os.stat_result:
        if self.name == "a.tif":
            raise PermissionError(13, "Permission denied")
        return real(self, **how)

    monkeypatch.setattr(Path, "stat", stat)
    assert env.deletable() == (False, False)
    assert env.scan_now().unreadable == 1


def test_the_server_is_reported_what_it_does_not_know(env: Env) -> None:
    scan = env.scan_now()
    assert not env.outbox.submission("t").look_told
    env.outbox.scan_was_reported("t", scan)
    env.scan_now()
    assert env.outbox.submission("t").look_told, "the same again is no news"
    env.files[0].write_bytes(b"bbbbb")
    env.scan_now()
    assert not env.outbox.submission("t").look_told


def test_nothing_is_promised_of_a_folder_that_is_not_there(env: Env) -> None:
    """It was renamed, or its drive is not connected: it may come back as another."""
    assert env.deletable() == (True, True)
    env.folder.rename(env.folder.with_name("elsewhere"))
    assert env.deletable() == (False, False)
    assert env.scan_now().text.startswith(
        "2 files not there now (deleted, moved or on a drive not connected): 'day 3/a.tif'"
    )
    env.folder.with_name("elsewhere").rename(env.folder)
    assert env.deletable() == (True, True)


def test_names_that_are_no_text_are_told_apart(tmp_path: Path) -> None:
    """What came into the folder is seen, though another such name was ignored."""
    env = Env(tmp_path)
    ignored = env.folder / "caf\udce9.txt"
    try:
        ignored.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes text only")
    env.notes = ignored
    (env.folder / "notes.docx").unlink()
    env.hand_over()
    assert env.deletable() == (True, True)
    (env.folder / "caf\udce8.txt").write_bytes(b"x")
    assert (env.scan_now().added, env.scan_now().names) == (1, (r"caf\xe8.txt",))
    env.outbox.close()
