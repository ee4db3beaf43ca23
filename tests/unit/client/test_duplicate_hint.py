"""What a person is told before an import of files that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from transferapp.client.duplicates import held_already, hint
from transferapp.client.grouping import FilesetCandidate
from transferapp.client.scanning import FoundFile
from transferapp.model.duplicates import HeldAlready, HeldFileset
from transferapp.protocol.duplicates import MAX_FILES_ASKED, MAX_ITEMS_ASKED, AskedItem

NOTHING = HeldAlready()


def held(*places: str) -> HeldAlready:
    return HeldAlready(same_paths=(HeldFileset(1, "ada", (7,), places),))


def candidate(name: str, *sizes: int) -> FilesetCandidate:
    files = [FoundFile(Path(name), f"{name}/{n}.tif", size, 0) for n, size in enumerate(sizes)]
    return FilesetCandidate(name, tuple(files), None)


class Server:
    """Holds every fileset whose first file has one byte."""

    def __init__(self) -> None:
        self.asked: list[Sequence[AskedItem]] = []

    async def duplicates(self, items: Sequence[AskedItem]) -> list[HeldAlready]:
        self.asked.append(items)
        return [held("Cells") if one.files[0].size_bytes == 1 else NOTHING for one in items]


def test_nothing_is_said_when_nothing_is_there() -> None:
    assert hint([]) == ""
    assert hint([NOTHING, NOTHING]) == ""


def test_it_is_counted_and_named() -> None:
    words = hint([held("Cells"), held("Embryos", "Cells"), NOTHING])
    assert words.startswith("2 of these 3 filesets are in the repository already")
    assert "('Cells', 'Embryos')" in words
    assert "second copies" in words
    assert hint([held(), NOTHING]).startswith("1 of these 2 filesets is in")
    assert "('a', 'b' and 2 more)" in hint([held("a", "b", "c", "d"), NOTHING])


def test_one_fileset_is_not_counted() -> None:
    words = hint([held("Cells")])
    assert words.startswith("A fileset with the same file names and sizes")
    assert "('Cells')" in words


async def test_large_imports_are_asked_in_parts_and_keep_their_order() -> None:
    server = Server()
    many = [candidate(f"c{n}", 1 if n == MAX_ITEMS_ASKED else 2) for n in range(600)]
    found = await held_already(server, many)
    assert [len(some) for some in server.asked] == [MAX_ITEMS_ASKED, 600 - MAX_ITEMS_ASKED]
    assert [number for number, one in enumerate(found) if one] == [MAX_ITEMS_ASKED]


async def test_a_fileset_is_known_by_its_first_and_its_largest_files() -> None:
    server = Server()
    await held_already(server, [candidate("zarr", 1, *range(2, 200))])
    [[item]] = server.asked
    assert len(item.files) == MAX_FILES_ASKED
    assert item.files[0].client_path == "zarr/0.tif"
    assert [file.size_bytes for file in item.files[1:3]] == [199, 198]
