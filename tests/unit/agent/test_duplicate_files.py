"""A look at the source covers what was imported and what the repository held already."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from transferapp.agent.outbox import open_outbox
from transferapp.agent.promises import promises
from transferapp.agent.records import Moved
from transferapp.agent.source_scan import compare, glance
from transferapp.client.contents import HashedFile
from transferapp.client.dropping import Dropped, Why, drop_on_disk, left_out_fileset
from transferapp.client.source import inode_of
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import OME_ZARR
from transferapp.intake.scanning import FoundFile
from transferapp.model.drops import LeftOut, LeftOutReason, SourceScan
from transferapp.model.stages import ItemStage
from transferapp.protocol.messages import (
    DropOnDisk,
    FileOnDisk,
    LeftOutOnDisk,
    Submission,
    SubmittedItem,
)

HELD = Why(LeftOutReason.HELD, sentence="In the repository already: Image:12.")


class Noon:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC)


def sha1(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def found(path: Path, root: Path) -> FoundFile:
    now = path.stat()
    client_path = path.relative_to(root.parent).as_posix()
    return FoundFile(str(path), client_path, now.st_size, now.st_mtime_ns)


class Env:
    """A folder of which ``new.tif`` is imported and the rest is held already."""

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "day 3"
        self.zarr = self.folder / "old.ome.zarr"
        self.zarr.mkdir(parents=True)
        (self.zarr / "zarr.json").write_text("{}")
        (self.zarr / "0").write_bytes(b"chunk")
        self.new, self.old = self.folder / "new.tif", self.folder / "old.tif"
        self.new.write_bytes(b"new pixels")
        self.old.write_bytes(b"old pixels")
        self.outbox = open_outbox(tmp_path / "agent" / "outbox.db", Noon())
        self.outbox.add(self._submission())
        self.outbox.finish_file("f", 10, Moved(sha1(self.new), self.new.stat().st_ino))
        self.outbox.set_stages(["i"], ItemStage.DONE)

    def scanned(self) -> tuple[SourceScan, tuple[bool, bool]]:
        """Look without reading; return the look and what may be deleted."""
        return glance(self.outbox, "t", Noon()), self._deletable()

    def compared(self) -> tuple[SourceScan, tuple[bool, bool]]:
        """Look, and read what looks other than before."""
        return compare(self.outbox, "t", Noon()), self._deletable()

    def _deletable(self) -> tuple[bool, bool]:
        stated = promises(self.outbox.submission("t"), self.outbox.totals("t"))
        return stated.safe_to_delete_source, stated.safe_to_delete_imported

    def _submission(self) -> Submission:
        new = found(self.new, self.folder)
        file = FileOnDisk(
            file_id="f",
            client_path=new.client_path,
            path=str(new.path),
            size_bytes=new.size_bytes,
            modified_ns=new.modified_ns,
        )
        return Submission(
            kind="import",
            transfer_id="t",
            name="day 3",
            owner="ada@http://s",
            server_url="http://s",
            grant=SecretStr("ta1_x"),
            items=[SubmittedItem(item_id="i", name="new.tif", files=[file])],
            drop=self._drop(),
        )

    def _drop(self) -> DropOnDisk:
        tiff = self._held(self.old)
        zarr = self._held(self.zarr / "zarr.json", self.zarr / "0", is_zarr=True)
        out = (
            *left_out_fileset(tiff[0], HELD, tiff[1]),
            *left_out_fileset(zarr[0], HELD, zarr[1]),
        )
        return drop_on_disk(Dropped((self.folder,), out))

    def _held(
        self, *paths: Path, is_zarr: bool = False
    ) -> tuple[FilesetCandidate, list[HashedFile]]:
        files = tuple(found(path, self.folder) for path in paths)
        hashed = [HashedFile(f, inode_of(f.path.stat()), sha1(f.path)) for f in files]
        return FilesetCandidate("x", files, OME_ZARR if is_zarr else None), hashed


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Env]:
    made = Env(tmp_path)
    yield made
    made.outbox.close()


def test_what_is_held_is_not_missed(env: Env) -> None:
    scan, deletable = env.scanned()
    assert deletable == (True, True)
    assert (scan.files, scan.text) == (1, "")
    assert env.outbox.totals("t").left_out_files == 0


def test_a_held_file_that_changes_keeps_the_folder(env: Env) -> None:
    env.old.write_bytes(b"other pixels")
    scan, deletable = env.scanned()
    assert deletable == (False, True), "the imported one may go all the same"
    assert scan.text == "1 file left out as held already and changed since: 'day 3/old.tif'"


def test_a_held_file_of_the_same_size_is_read_before_it_counts(env: Env) -> None:
    env.old.write_bytes(b"OLD PIXELS")
    scan, deletable = env.scanned()
    assert (scan.comparing, deletable) == (1, (False, False))
    scan, deletable = env.compared()
    assert (scan.comparing, scan.held_changed, deletable) == (0, 1, (False, True))
    assert env.compared()[1] == (False, True), "and again at each look"


def test_a_held_file_that_was_only_touched_counts_again_once_it_was_read(env: Env) -> None:
    os.utime(env.old, (1, 1))
    assert env.scanned()[1] == (False, False)
    assert env.compared()[1] == (True, True)
    assert env.scanned()[1] == (True, True), "it is not read again"


def test_a_held_file_replaced_by_another_with_the_same_time_is_read(env: Env) -> None:
    before = env.old.stat()
    other = env.folder.parent / "other.tif"
    other.write_bytes(b"OLD PIXELS")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(env.old)
    assert env.compared()[1] == (False, True)


def test_a_held_file_that_is_gone_needs_no_promise(env: Env) -> None:
    env.old.unlink()
    shutil.rmtree(env.zarr)
    assert env.scanned()[1] == (True, True)


def test_what_comes_into_a_held_zarr_is_not_held(env: Env) -> None:
    (env.zarr / "1").write_bytes(b"a new time point")
    scan, deletable = env.scanned()
    assert (scan.added, deletable) == (1, (False, True))


def test_a_held_zarr_is_one_thing_for_the_server_and_all_its_files_here(env: Env) -> None:
    paths = {file.path for file in env.outbox.duplicate_files("t")}
    assert paths == {str(env.old), str(env.zarr / "zarr.json"), str(env.zarr / "0")}


def test_forgotten_with_its_submission(env: Env) -> None:
    env.outbox.forget("t")
    assert env.outbox.duplicate_files("t") == []


@pytest.mark.parametrize("reason", [LeftOutReason.HELD, LeftOutReason.NOT_CHOSEN])
def test_held_is_only_stated_of_files_that_are_named(reason: LeftOutReason) -> None:
    """Counted without names they would never be looked at."""
    left_out = LeftOut("day 3/old.tif", reason, file_count=2)
    named = named_file() if reason is LeftOutReason.NOT_CHOSEN else []
    with pytest.raises(ValidationError, match="named file by file"):
        LeftOutOnDisk.model_validate(
            {"path": "/data/old.tif", "left_out": left_out, "held": named}
        )


def named_file() -> list[dict[str, object]]:
    return [
        {
            "client_path": "day 3/old.tif",
            "path": "/data/old.tif",
            "size_bytes": 1,
            "modified_ns": 1,
            "inode": 1,
            "sha1": "a" * 40,
        }
    ]


def test_an_inode_of_64_bits_can_be_kept(env: Env) -> None:
    """Some network file systems number so."""
    large = os.stat_result((0o100644, (1 << 64) - 5, *[0] * 8))
    env.outbox.finish_file("f", 10, Moved(sha1(env.new), inode_of(large)))
    assert env.outbox.files("i")[0].inode == (1 << 63) - 5
