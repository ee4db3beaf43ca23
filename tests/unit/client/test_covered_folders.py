"""Which folders are covered, and what stands in the way; nothing is read in vain."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from typing_extensions import override

from tests.support.made_receipts import made_receipt
from transferapp.client import covered_folders
from transferapp.client.covered_folders import (
    MOST_NAMED,
    FolderCoverage,
    HoldingByFile,
    ReceiptIndex,
    coverage,
)
from transferapp.client.hashed_files import FileContent, hash_file
from transferapp.client.receipt_files import ReceiptOnDisk
from transferapp.errors import Busy, ChangedFile, UnreadableFile, VanishedFile
from transferapp.protocol.receipts import FileHolding, Holding
from transferapp.receipts.known_keys import KnownKey
from transferapp.receipts.signing import new_key

KEY = KnownKey(new_key(), "https://a")
#: Contents of the same size and of others.
FIELDS = {"run/a/1.tif": b"11", "run/a/2.tif": b"222", "run/b/3.tif": b"33"}


def receipt(name: str, contents: Mapping[str, bytes], kind: str = "import") -> ReceiptOnDisk:
    """Return a receipt of one item."""
    return ReceiptOnDisk(Path(name), b"", made_receipt(contents, kind=kind), KEY)


class Server:
    """Holds all, but for what a test says."""

    def __init__(self, **holding_by_path: Holding) -> None:
        self.other = holding_by_path
        self.asked: list[str] = []
        self.away = ""

    async def ask(self, one: ReceiptOnDisk) -> HoldingByFile:
        self.asked.append(one.path.name)
        if one.path.name == self.away:
            raise Busy("Come back later.")
        return {
            ("i", file.path): FileHolding(
                item_id="i",
                path=file.path,
                holding=self.other.get(file.path, Holding.HELD),
                sentence=f"'{file.path}' is not as it was.",
            )
            for file in one.receipt.files
        }


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for path, content in FIELDS.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return tmp_path / "run"


async def covered_in(
    folder: Path, *receipts: ReceiptOnDisk, server: Server | None = None
) -> FolderCoverage:
    (found,) = await coverage([folder], ReceiptIndex(receipts), (server or Server()).ask)
    return found


async def test_a_folder_of_which_all_is_held(run: Path) -> None:
    found = await covered_in(run, receipt("r", FIELDS))
    assert found == FolderCoverage(str(run), True, 3, 7, 0, (), 0, ())


async def test_several_receipts_cover_it_together_and_only_those_are_asked(run: Path) -> None:
    first = receipt("first", {"x.tif": b"11", "y.tif": b"222"})
    second, other = receipt("second", {"z.tif": b"33"}), receipt("other", {"q.tif": b"44"})
    server = Server()
    assert (await covered_in(run, first, second, other, server=server)).covered
    assert server.asked == ["first", "second"]


async def test_an_export_proves_nothing_of_the_repository(run: Path) -> None:
    found = await covered_in(run, receipt("r", FIELDS, kind="export"))
    assert (found.covered, found.uncovered_files) == (False, 3)


async def test_another_byte_of_the_same_size(run: Path) -> None:
    (run / "b" / "3.tif").write_bytes(b"34")
    found = await covered_in(run, receipt("r", FIELDS))
    assert (found.covered, found.covered_below) == (False, (str(run / "a"),))
    (one,) = found.uncovered
    assert (one.path, one.sentence) == (
        str(run / "b" / "3.tif"),
        "No receipt has these bytes.",
    )


async def test_what_cannot_be_covered_is_not_read(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of another size settles it for its folder, before anything is hashed."""
    read: list[str] = []

    def noted(path: Path) -> FileContent:
        read.append(path.name)
        return hash_file(path)

    monkeypatch.setattr(covered_folders, "hash_file", noted)
    (run / "a" / "notes.txt").write_bytes(b"stained twice")
    found = await covered_in(run, receipt("r", FIELDS))
    assert read == ["3.tif"]
    assert found.covered_below == (str(run / "b"),)
    assert [one.sentence for one in found.uncovered] == ["No receipt has a file of its size."]


@pytest.mark.parametrize("holding", [Holding.DIFFERS, Holding.GONE, Holding.UNKNOWN])
async def test_what_the_repository_does_not_hold(run: Path, holding: Holding) -> None:
    server = Server(**{"run/a/2.tif": holding})
    found = await covered_in(run, receipt("r", FIELDS), server=server)
    assert (found.covered, found.covered_below) == (False, (str(run / "b"),))
    assert [one.sentence for one in found.uncovered] == ["'run/a/2.tif' is not as it was."]


async def test_one_of_two_receipts_is_enough(run: Path) -> None:
    """The same bytes were imported twice, and one of the images was deleted."""
    again = {f"again/{path}": content for path, content in FIELDS.items()}
    server = Server(**dict.fromkeys(FIELDS, Holding.GONE))
    assert (
        await covered_in(run, receipt("r", FIELDS), receipt("s", again), server=server)
    ).covered
    server.away = "s"
    found = await covered_in(run, receipt("r", FIELDS), receipt("s", again), server=server)
    assert found.uncovered_files == 3


async def test_a_server_that_cannot_be_asked_holds_nothing(run: Path) -> None:
    server = Server()
    server.away = "r"
    found = await covered_in(run, receipt("r", FIELDS), server=server)
    assert not found.covered
    assert found.uncovered[0].sentence == (
        "The repository could not be asked. Come back later."
    )


@pytest.mark.parametrize("name", ["a/1.tif", "a/new.tif", "new/x.tif", "a/link"])
async def test_what_comes_or_changes_while_the_server_is_asked(run: Path, name: str) -> None:
    """A deep check may take hours, and an acquisition goes on."""

    class Slow(Server):
        @override
        async def ask(self, one: ReceiptOnDisk) -> HoldingByFile:
            place = run / name
            place.parent.mkdir(exist_ok=True)
            if name == "a/link":
                place.symlink_to(run / "b")
            else:
                place.write_bytes(b"11")
            return await super().ask(one)

    found = await covered_in(run, receipt("r", FIELDS), server=Slow())
    assert not found.covered
    assert str(run / "b") in found.covered_below
    (why_not,) = found.uncovered
    assert why_not.path in (str(run / name), str(run / "new"))


async def test_what_goes_meanwhile_does_not_matter(run: Path) -> None:
    class Tidy(Server):
        @override
        async def ask(self, one: ReceiptOnDisk) -> HoldingByFile:
            (run / "a" / "1.tif").unlink()
            return await super().ask(one)

    assert (await covered_in(run, receipt("r", FIELDS), server=Tidy())).covered


async def test_links_pipes_and_empty_folders(run: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.tif").write_bytes(b"11")
    (run / "a" / "link.tif").symlink_to(tmp_path / "elsewhere.tif")
    (run / "b" / "there").symlink_to(run / "a", target_is_directory=True)
    os.mkfifo(run / "b" / "pipe")
    (run / "empty").mkdir()
    found = await covered_in(run, receipt("r", FIELDS))
    assert {Path(one.path).name: one.sentence for one in found.uncovered} == {
        "link.tif": "It is a link; what it leads to is not looked at.",
        "there": "It is a link; what it leads to is not looked at.",
        "pipe": "It is no plain file.",
    }
    assert found.covered_below == ()
    nothing = await covered_in(run / "empty", receipt("r", FIELDS))
    assert (nothing.covered, nothing.uncovered[0].sentence) == (
        False,
        "There is no file in it.",
    )


async def test_names_of_operating_systems_are_ignored(run: Path) -> None:
    (run / "a" / "Thumbs.db").write_bytes(b"x" * 1000)
    found = await covered_in(run, receipt("r", FIELDS))
    assert (found.covered, found.files, found.ignored_files) == (True, 3, 1)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_a_folder_that_cannot_be_read(run: Path) -> None:
    (run / "b").chmod(0)
    try:
        found = await covered_in(run, receipt("r", FIELDS))
    finally:
        (run / "b").chmod(0o700)
    assert found.covered_below == (str(run / "a"),)


async def test_many_are_counted_and_some_named(tmp_path: Path) -> None:
    for number in range(MOST_NAMED + 5):
        (tmp_path / f"{number:03}.tif").write_bytes(b"x")
    found = await covered_in(tmp_path)
    assert (found.uncovered_files, len(found.uncovered)) == (MOST_NAMED + 5, MOST_NAMED)


async def test_a_file_that_changes_while_it_is_read(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = hashlib.file_digest

    def changing(file: object, function: object) -> object:
        found = digest(file, function)  # type: ignore[arg-type]
        (run / "b" / "3.tif").write_bytes(b"33")
        os.utime(run / "b" / "3.tif", (1, 1))
        return found

    monkeypatch.setattr(hashlib, "file_digest", changing)
    with pytest.raises(ChangedFile):
        hash_file(run / "b" / "3.tif")


def test_what_cannot_be_hashed_is_said(tmp_path: Path) -> None:
    with pytest.raises(VanishedFile):
        hash_file(tmp_path / "none.tif")
    with pytest.raises(UnreadableFile):
        hash_file(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFile):
        hash_file(tmp_path / "pipe")
