"""Files of one path and size are compared by their ends before anything is claimed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from transferapp.errors import PermissionDenied, RepositoryUnavailable
from transferapp.model.duplicates import (
    END_BYTES,
    Duplicate,
    DuplicateFileset,
    DuplicateMatch,
    DuplicateOriginal,
    Likeness,
    SoughtFile,
    end_spans,
)
from transferapp.model.filesets import PlannedFile
from transferapp.operations.duplicates import MOST_COMPARED, DuplicateSearch, duplicates_of
from transferapp.repositories.port import Repository

LARGE = 3 * END_BYTES
ONE, TWO = DuplicateFileset(1, "ada", (11,)), DuplicateFileset(2, "bob", (21,))


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def content(first: int = 0, middle: int = 0, last: int = 0) -> bytes:
    return b"".join(bytes([n]) * END_BYTES for n in (first, middle, last))


def ends(whole: bytes) -> str:
    return sha1(b"".join(whole[at : at + n] for at, n in end_spans(len(whole))))


@dataclass
class Shelf:
    """Filesets of one file each at the same path; notes what was read of them."""

    held: dict[DuplicateFileset, bytes]
    hasher_is_sha1: bool = True
    refuses: Exception | None = None
    read_bytes: list[tuple[int, int, int]] = field(default_factory=list)

    @asynccontextmanager
    async def session(self, _username: str) -> AsyncIterator[Any]:
        self.images = self
        yield self

    async def duplicates(self, files: Sequence[PlannedFile]) -> list[Duplicate]:
        found = []
        for file in files:
            for fileset, whole in self.held.items():
                known = sha1(whole) if self.hasher_is_sha1 else ""
                likeness = Likeness.BYTES if known and known == file.sha1 else Likeness.PATH
                if len(whole) == file.size_bytes:
                    original = DuplicateOriginal(fileset.id + 70, known)
                    found.append(Duplicate(file, likeness, fileset, original))
        return found

    async def read(
        self, file_id: int, offset: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        if self.refuses is not None:
            raise self.refuses
        assert length is not None
        self.read_bytes.append((file_id, offset, length))
        whole = next(w for one, w in self.held.items() if one.id + 70 == file_id)
        yield whole[offset : offset + length // 2]
        yield whole[offset + length // 2 : offset + length]


def sought(whole: bytes, *, hashed: bool = False) -> list[list[SoughtFile]]:
    known = sha1(whole) if hashed else ""
    return [[SoughtFile(PlannedFile("Pos0/img_0.tif", len(whole), known), ends(whole))]]


async def held(
    shelf: Shelf, asked: list[list[SoughtFile]], known: DuplicateSearch
) -> DuplicateMatch:
    [found] = await duplicates_of(cast("Repository", shelf), "ada", asked, known)
    return found


@pytest.mark.parametrize("other", [content(first=1), content(last=1)])
async def test_another_day_is_no_copy(other: bytes) -> None:
    assert not await held(Shelf({ONE: content()}), sought(other), DuplicateSearch())


async def test_the_same_ends_scan_the_same() -> None:
    shelf = Shelf({ONE: content(), TWO: content(first=9)})
    found = await held(shelf, sought(content(middle=1)), DuplicateSearch())
    assert found == DuplicateMatch(same_ends=(ONE,))


async def test_a_hash_that_differs_is_a_difference() -> None:
    """Their ends are the same: the correction is in the middle."""
    shelf = Shelf({ONE: content()})
    assert not await held(shelf, sought(content(middle=1), hashed=True), DuplicateSearch())
    assert shelf.read_bytes == [], "what is known needs no look"


async def test_a_repository_with_other_checksums_can_only_scan_at_ends() -> None:
    shelf = Shelf({ONE: content()}, hasher_is_sha1=False)
    found = await held(shelf, sought(content(middle=1), hashed=True), DuplicateSearch())
    assert found == DuplicateMatch(same_ends=(ONE,))


async def test_only_the_ends_are_read_and_only_once() -> None:
    shelf, known = Shelf({ONE: content()}), DuplicateSearch()
    for _ in range(3):
        await held(shelf, sought(content()), known)
    assert shelf.read_bytes == [(71, 0, END_BYTES), (71, 2 * END_BYTES, END_BYTES)]


async def test_of_small_files_the_checksum_is_enough() -> None:
    shelf = Shelf({ONE: b"cells"})
    assert not await held(shelf, sought(b"mouse"), DuplicateSearch())
    assert await held(shelf, sought(b"cells"), DuplicateSearch()) == DuplicateMatch(
        same_ends=(ONE,)
    )
    assert (await held(shelf, sought(b"cells", hashed=True), DuplicateSearch())).same_bytes == (
        ONE,
    )
    assert shelf.read_bytes == []


async def test_what_may_not_be_read_is_not_claimed() -> None:
    shelf = Shelf({ONE: content()}, refuses=PermissionDenied())
    assert not await held(shelf, sought(content()), DuplicateSearch())


async def test_a_repository_that_is_away_answers_nothing() -> None:
    shelf = Shelf({ONE: content()}, refuses=RepositoryUnavailable())
    with pytest.raises(RepositoryUnavailable):
        await held(shelf, sought(content()), DuplicateSearch())


async def test_of_a_path_imported_each_day_the_newest_are_compared() -> None:
    days = {DuplicateFileset(n, "ada", (n,)): content(first=n % 200) for n in range(1, 61)}
    shelf = Shelf(days)
    await held(shelf, sought(content(first=199)), DuplicateSearch())
    compared = {file_id for file_id, _, _ in shelf.read_bytes}
    assert compared == {70 + n for n in range(61 - MOST_COMPARED, 61)}


async def test_asked_without_content_the_path_is_reported_as_no_more() -> None:
    asked = [[SoughtFile(PlannedFile("Pos0/img_0.tif", LARGE, ""))]]
    found = await held(Shelf({ONE: content()}), asked, DuplicateSearch())
    assert found == DuplicateMatch(same_paths=(ONE,))


async def test_the_least_sure_file_of_an_item_counts() -> None:
    shelf = Shelf({ONE: content()})
    [[sure]] = sought(content(), hashed=True)
    [[less]] = sought(content())
    [found] = await duplicates_of(
        cast("Repository", shelf), "ada", [[sure, less]], DuplicateSearch()
    )
    assert found == DuplicateMatch(same_ends=(ONE,))


def test_ends_of_all_sizes() -> None:
    assert end_spans(0) == ((0, 0),)
    assert end_spans(2 * END_BYTES) == ((0, 2 * END_BYTES),)
    assert end_spans(2 * END_BYTES + 1) == ((0, END_BYTES), (END_BYTES + 1, END_BYTES))
