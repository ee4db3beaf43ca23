"""What a person is told before an import of files that are there already."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.duplicate_files import MONDAY, HoldingServer, candidate_of, sha1
from transferapp.client.contents import Contents
from transferapp.client.duplicate_texts import hint, why_left_out
from transferapp.client.duplicates import Comparing, Duplicates
from transferapp.errors import Cancelled
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import END_BYTES, DuplicateFileset, Likeness
from transferapp.protocol.duplicates import MAX_ENDS_ASKED, MAX_FILES_ASKED, MAX_ITEMS_ASKED

BOBS = DuplicateFileset(2, "bob", (21, 22))


def write(path: Path, *parts: int, size: int = END_BYTES) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(bytes([n]) * size for n in parts))
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


def listed(name: str, *sizes: int) -> FilesetCandidate:
    """A fileset that is only asked for, never read."""
    files = [FoundFile(name, f"{name}/{n}.tif", size, 0) for n, size in enumerate(sizes)]
    return FilesetCandidate(name, tuple(files), None)


async def scanned(
    server: HoldingServer, *candidates: FilesetCandidate
) -> list[Duplicates | None]:
    return await Comparing(server).check(candidates, threading.Event())


async def completely(server: HoldingServer, candidate: FilesetCandidate) -> Duplicates | None:
    return await Comparing(server).completely(candidate, threading.Event())


class TestScanning:
    """Before the import: nothing large is read whole."""

    async def test_another_day_is_no_copy(self, tmp_path: Path) -> None:
        """Same client path, same size, other pixels."""
        server = HoldingServer()
        server.hold(candidate_of(write(tmp_path / "monday" / "img_0.tif", 1, size=900)))
        tuesday = candidate_of(write(tmp_path / "tuesday" / "img_0.tif", 2, size=900))
        assert await scanned(server, tuesday) == [None]
        assert hint(await scanned(server, tuesday)) == ""

    async def test_small_files_are_compared_byte_for_byte(self, tmp_path: Path) -> None:
        server = HoldingServer()
        sizes = {"a": 5, "b": 7, "c": END_BYTES, "d": 6}
        one = candidate_of(*(write(tmp_path / f"{n}.tif", 1, size=s) for n, s in sizes.items()))
        server.hold(one)
        [duplicates] = await scanned(server, one)
        assert duplicates is not None
        [fileset] = duplicates.filesets
        assert (duplicates.likeness, fileset) == (
            Likeness.BYTES,
            replace(MONDAY, file_count=4),
        )
        assert [file.sha1 for file in duplicates.hashed] == [
            sha1(path.path.read_bytes()) for path in one.files
        ]
        assert duplicates.hashed[0].inode == (tmp_path / "a.tif").stat().st_ino

    async def test_of_large_files_only_the_ends_are_read(self, tmp_path: Path) -> None:
        server = HoldingServer()
        server.hold(candidate_of(write(tmp_path / "held.tif", 1, 2, 3)))
        corrected = candidate_of(write(tmp_path / "corrected.tif", 1, 9, 3))
        [duplicates] = await scanned(server, corrected)
        assert duplicates is not None
        assert (duplicates.likeness, duplicates.hashed) == (Likeness.ENDS, ())
        assert await scanned(server, candidate_of(write(tmp_path / "x.tif", 1, 2, 4))) == [None]

    async def test_what_nobody_holds_is_not_read(self) -> None:
        server = HoldingServer()
        assert await scanned(server, listed("not there at all", 5)) == [None]
        assert len(server.asked) == 1

    async def test_of_many_files_some_are_enough_to_scan_the_same(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{n}.tif", n % 200, size=1 + n) for n in range(30)]
        one, server = candidate_of(*paths), HoldingServer()
        server.hold(one)
        [duplicates] = await scanned(server, one)
        assert duplicates is not None
        assert (duplicates.likeness, duplicates.is_sample) == (Likeness.ENDS, True)
        assert "first and last MiB of the 20 largest files" in hint([duplicates])
        assert max(len(item.files) for some in server.asked for item in some) == MAX_FILES_ASKED

    async def test_a_file_that_changed_meanwhile_is_not_claimed(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", 1)), HoldingServer()
        server.hold(one)
        (tmp_path / "a.tif").touch()
        assert await scanned(server, one) == [None]

    async def test_each_file_is_read_once(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", 1, 2, 3)), HoldingServer()
        server.hold(one)
        comparing = Comparing(server)
        first = await comparing.check([one], threading.Event())
        (tmp_path / "a.tif").unlink()
        assert await comparing.check([one], threading.Event()) == first
        assert first != [None]

    async def test_it_can_be_stopped(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", 1)), HoldingServer()
        server.hold(one)
        stopped = threading.Event()
        stopped.set()
        with pytest.raises(Cancelled):
            await Comparing(server).check([one], stopped)

    async def test_large_imports_are_asked_in_parts_and_keep_their_order(
        self, tmp_path: Path
    ) -> None:
        server = HoldingServer()
        duplicate = candidate_of(write(tmp_path / "a.tif", 1))
        server.hold(duplicate)
        many = [
            *(listed(f"c{n}", 2) for n in range(MAX_ITEMS_ASKED)),
            duplicate,
            listed("z", 2),
        ]
        found = await scanned(server, *many)
        assert [len(some) for some in server.asked] == [MAX_ITEMS_ASKED, 2, 1]
        assert [number for number, one in enumerate(found) if one] == [MAX_ITEMS_ASKED]

    async def test_not_too_many_ends_are_asked_for_at_once(self, tmp_path: Path) -> None:
        server = HoldingServer()
        paths = [write(tmp_path / f"{n}.tif", n, size=10) for n in range(12)]
        one = candidate_of(*paths)
        server.hold(one)
        await scanned(server, *[one] * 30)
        ends = [sum(bool(f.ends) for i in some for f in i.files) for some in server.asked]
        assert sum(ends) == 30 * 12
        assert max(ends) <= MAX_ENDS_ASKED


class TestCompletely:
    """When the person wishes to leave out what is there: all of it is read."""

    async def test_the_same_bytes(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", 1, 2, 3)), HoldingServer()
        server.hold(one)
        read: list[int] = []
        duplicates = await Comparing(server).completely(one, threading.Event(), read.append)
        assert duplicates is not None
        assert duplicates.likeness is Likeness.BYTES
        assert duplicates.hashed[0].sha1 == sha1((tmp_path / "a.tif").read_bytes())
        assert sum(read) == 3 * END_BYTES

    async def test_a_correction_in_the_middle_is_found(self, tmp_path: Path) -> None:
        server = HoldingServer()
        server.hold(candidate_of(write(tmp_path / "a.tif", 1, 2, 3)))
        assert (
            await completely(server, candidate_of(write(tmp_path / "b.tif", 1, 9, 3))) is None
        )

    async def test_every_file_of_a_large_fileset_counts(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{n}.tif", n % 200, size=1 + n) for n in range(45)]
        one, server = candidate_of(*paths), HoldingServer()
        server.hold(one)
        duplicates = await completely(server, one)
        assert duplicates is not None
        assert (duplicates.likeness, len(duplicates.hashed)) == (Likeness.BYTES, 45)
        write(paths[1], 77, size=2)
        assert await completely(server, candidate_of(*paths)) is None

    async def test_all_files_must_be_in_one_fileset(self, tmp_path: Path) -> None:
        paths = [write(tmp_path / f"{n}.tif", n % 200, size=1 + n) for n in range(30)]
        one, server = candidate_of(*paths), HoldingServer()
        all_of_it = {f.client_path: f.path.read_bytes() for f in one.files}
        halves = list(all_of_it.items())
        server.held = {MONDAY: dict(halves[:20]), BOBS: dict(halves[20:])}
        assert await completely(server, one) is None

    @pytest.mark.parametrize("count", [2, 20, 21, 45])
    async def test_the_same_bytes_at_other_places_are_another_image(
        self, tmp_path: Path, count: int
    ) -> None:
        """A mask of which two chunks were exchanged, the last two in the order of files."""
        paths = [write(tmp_path / f"{n:02}", n, size=5) for n in range(count)]
        one, server = candidate_of(*paths), HoldingServer()
        server.hold(one)
        assert await completely(server, one) is not None
        write(paths[-2], count - 1, size=5)
        write(paths[-1], count - 2, size=5)
        exchanged = candidate_of(*paths)
        assert await completely(server, exchanged) is None
        [duplicates] = await scanned(server, exchanged)
        assert duplicates is None or not duplicates.is_sure

    @pytest.mark.parametrize("count", [2, 30])
    async def test_a_part_of_what_is_held_is_another_image(
        self, tmp_path: Path, count: int
    ) -> None:
        """A chunk that was erased is not stored: of a mask it is the correction."""
        paths = [write(tmp_path / f"{n:02}", n, size=5) for n in range(count)]
        server = HoldingServer()
        server.hold(candidate_of(*paths))
        fewer = candidate_of(*paths[:-1])
        assert await completely(server, fewer) is None
        assert await scanned(server, fewer) == [None]

    async def test_other_checksums_prove_nothing(self, tmp_path: Path) -> None:
        one = candidate_of(write(tmp_path / "a.tif", 1, 2, 3))
        server = HoldingServer(keeps_sha1=False)
        server.hold(one)
        duplicates = await completely(server, one)
        assert duplicates is not None
        assert duplicates.likeness is Likeness.ENDS

    async def test_it_can_be_stopped_while_it_reads(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", *range(9))), HoldingServer()
        server.hold(one)
        stop = threading.Event()
        read: list[int] = []

        def stops(count: int) -> None:
            read.append(count)
            stop.set()

        with pytest.raises(Cancelled):
            await Comparing(server).completely(one, stop, stops)
        assert len(read) == 1

    async def test_who_goes_away_stops_the_reading(self, tmp_path: Path) -> None:
        one, server = candidate_of(write(tmp_path / "a.tif", 1, 2, 3)), HoldingServer()
        server.hold(one)
        stop, begun = threading.Event(), threading.Event()

        def waits(_count: int) -> None:
            begun.set()
            assert stop.wait(10)

        task = asyncio.create_task(Comparing(server).completely(one, stop, waits))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert stop.is_set()


def test_a_file_changing_while_it_is_read_has_no_hash(tmp_path: Path) -> None:
    [file] = candidate_of(write(tmp_path / "a.tif", 1, 2, 3)).files

    def changes(_count: int) -> None:
        with file.path.open("r+b") as opened:
            opened.write(b"new")

    with pytest.raises(Exception, match="has changed"):
        Contents().whole(file, threading.Event(), changes)


BYTES = Duplicates(Likeness.BYTES, (MONDAY,))
ENDS = Duplicates(Likeness.ENDS, (MONDAY,))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], ""),
        ([None, None], ""),
        (
            [BYTES, BYTES, None],
            "2 of these 3 filesets are in the repository already, byte for byte ('Monday').",
        ),
        (
            [None, ENDS],
            (
                "1 of these 2 filesets looks the same as what is in the repository: size, first"
                " and last MiB ('Monday')."
            ),
        ),
        (
            [BYTES, ENDS],
            (
                "1 of these 2 filesets is in the repository already, byte for byte ('Monday')."
                " 1 looks the same as what is there: size, first and last MiB ('Monday')."
            ),
        ),
        ([BYTES], "This fileset is in the repository already, byte for byte ('Monday')."),
        (
            [ENDS],
            (
                "This fileset looks the same as what is in the repository: size, first and last"
                " MiB ('Monday')."
            ),
        ),
    ],
)
def test_it_is_stated_what_was_compared(found: list[Duplicates | None], text: str) -> None:
    assert hint(found) == text


def test_places_are_named_but_not_all() -> None:
    many = Duplicates(Likeness.BYTES, (DuplicateFileset(1, "ada", (7,), ("a", "b", "c", "d")),))
    assert "('a', 'b' and 2 more)" in hint([many, None])
    assert hint([Duplicates(Likeness.BYTES, (BOBS,)), None]).endswith("byte for byte.")


def test_why_it_is_left_out() -> None:
    """Only one's own, whole and compared, is as good as imported: others may delete theirs."""
    mine = why_left_out(BYTES, "ada")
    assert (mine.reason, mine.sentence) == (
        LeftOutReason.HELD,
        "In the repository already, byte for byte: Image:12 (Monday).",
    )
    both = Duplicates(Likeness.BYTES, (BOBS, MONDAY))
    assert why_left_out(both, "ada") == mine
    others = why_left_out(both, "eve")
    assert (others.reason, others.sentence) == (
        LeftOutReason.NOT_CHOSEN,
        (
            "In the repository already, byte for byte: Image:21 and 1 more. They belong to"
            " 'bob', who may delete them: for you this does not count as imported."
        ),
    )
    assert why_left_out(ENDS, "ada").reason is LeftOutReason.NOT_CHOSEN
    assert why_left_out(ENDS, "ada").sentence == (
        "Looks the same as Image:12 (Monday): size, first and last MiB."
    )
