"""An item counts as held when one fileset holds all of its files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from transferapp.errors import RepositoryUnavailable
from transferapp.model.duplicates import (
    Duplicate,
    DuplicateFileset,
    DuplicateMatch,
    DuplicateOriginal,
    Hits,
    Likeness,
    SoughtFile,
)
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.operations.duplicates import DuplicateSearch, duplicates_of, same_bytes_note
from transferapp.repositories.port import Repository

A, B, C = (PlannedFile(f"{name}.tif", 5, name * 40) for name in "abc")
ONE = DuplicateFileset(1, "ada", (11, 12), ("Cells",), file_count=2)
TWO = DuplicateFileset(2, "bob", (21,), file_count=2)


@dataclass
class KnowingRepository:
    """Gives the duplicates that a test wrote down; counts the files asked for."""

    known: list[Duplicate]
    error: Exception | None = None
    asked: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def session(self, _username: str) -> AsyncIterator[Any]:
        self.images = self
        yield self

    async def duplicates(self, files: Sequence[PlannedFile]) -> list[Duplicate]:
        self.asked.append(len(files))
        if self.error is not None:
            raise self.error
        return [one for one in self.known if one.file in files]


def repository(*known: Duplicate, error: Exception | None = None) -> Repository:
    return cast("Repository", KnowingRepository(list(known), error))


def items(*some: Sequence[PlannedFile]) -> list[list[SoughtFile]]:
    return [[SoughtFile(file) for file in files] for files in some]


def duplicate(file: PlannedFile, fileset: DuplicateFileset, *, sure: bool = True) -> Duplicate:
    if sure:
        return Duplicate(file, Likeness.BYTES, fileset, DuplicateOriginal(70, file.sha1))
    return Duplicate(file, Likeness.PATH, fileset, DuplicateOriginal(70, ""))


async def test_all_files_must_be_in_one_fileset() -> None:
    known = repository(duplicate(A, ONE), duplicate(B, ONE), duplicate(B, TWO))
    found = await duplicates_of(
        known, "ada", items((A, B), (B,), (A, C), (C,)), DuplicateSearch()
    )
    assert found == [
        DuplicateMatch(same_bytes=(ONE,)),
        DuplicateMatch(same_bytes=(ONE, TWO)),
        DuplicateMatch(),
        DuplicateMatch(),
    ]
    assert [bool(one) for one in found] == [True, True, False, False]


async def test_files_of_a_set_must_be_at_their_places() -> None:
    """The same chunks in another order are another image, those of a lone file never."""
    elsewhere = [
        Duplicate(A, Likeness.BYTES, ONE, DuplicateOriginal(71, B.sha1)),
        Duplicate(B, Likeness.BYTES, ONE),
    ]
    known = repository(*elsewhere, duplicate(A, TWO), duplicate(B, TWO))
    asked = items((A, B), (A,), (B,))
    assert await duplicates_of(known, "ada", asked, DuplicateSearch()) == [
        DuplicateMatch(same_bytes=(TWO,)),
        DuplicateMatch(same_bytes=(ONE, TWO)),
        DuplicateMatch(same_bytes=(ONE, TWO)),
    ]


async def test_the_least_sure_file_counts() -> None:
    known = repository(duplicate(A, ONE, sure=False), duplicate(B, ONE))
    found = await duplicates_of(known, "ada", items((A, B)), DuplicateSearch())
    assert found == [DuplicateMatch(same_paths=(ONE,))]


async def test_note_names_an_image_that_is_not_a_new_one() -> None:
    plan = FilesetPlan("key", "a", (A, B), None, 3)
    known = repository(*(duplicate(f, s) for f in (A, B) for s in (ONE, TWO)))
    assert await same_bytes_note(known, "ada", plan, [21]) == (
        "The same bytes were already in Image:11 and 1 more (Cells)."
    )
    later = await same_bytes_note(known, "ada", plan, [11, 12])
    assert later == "", "what came after it was not there before it"
    part = FilesetPlan("key", "a", (A,), None, 3)
    assert await same_bytes_note(known, "ada", part, [99]) == "", "it makes other images"
    unsure = repository(duplicate(A, ONE, sure=False), duplicate(B, ONE))
    assert await same_bytes_note(unsure, "ada", plan, [99]) == ""


@pytest.mark.parametrize("error", [RepositoryUnavailable(), TimeoutError()])
async def test_note_never_stands_in_the_way(error: Exception) -> None:
    plan = FilesetPlan("key", "a", (A,), None, 3)
    assert await same_bytes_note(repository(error=error), "ada", plan, []) == ""


async def test_many_files_are_asked_for_only_when_the_largest_are_there() -> None:
    files = tuple(PlannedFile(f"{n}", n, f"{n:040x}") for n in range(100))
    plan = FilesetPlan("key", "a", files, None, 3)
    strange = KnowingRepository([])
    assert await same_bytes_note(cast("Repository", strange), "ada", plan, []) == ""
    assert strange.asked == [20]
    # All but the smallest: the sample is there, the fileset as a whole is not.
    known = KnowingRepository([duplicate(f, ONE) for f in files if f.size_bytes != 1])
    assert await same_bytes_note(cast("Repository", known), "ada", plan, []) == ""
    assert known.asked == [20, 100]


def test_hits_report_the_surer_likeness_once() -> None:
    at_a = {1: DuplicateOriginal(71, A.sha1), 2: DuplicateOriginal(72, "")}
    hits = Hits({A.sha1: {1}}, {(A.client_path, 5): at_a, (B.client_path, 6): {1: at_a[1]}})
    assert hits.of(A) == {1: Likeness.BYTES, 2: Likeness.PATH}
    assert hits.of(B) == {}, "another size"
    assert hits.of(PlannedFile("x", 5, "")) == {}
    assert hits.fileset_ids([A, B]) == [1, 2]
    assert hits.duplicates([A], {2: TWO}) == [
        Duplicate(A, Likeness.PATH, TWO, DuplicateOriginal(72, ""))
    ]
