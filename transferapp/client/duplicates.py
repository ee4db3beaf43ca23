"""Compare files with what the server already holds, before they are imported once more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from transferapp.client.contents import Contents, HashedFile, ReadListener
from transferapp.errors import SourceProblem
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile
from transferapp.model.duplicates import END_BYTES, DuplicateFileset, DuplicateMatch, Likeness
from transferapp.protocol.duplicates import (
    MAX_ENDS_ASKED,
    MAX_FILES_ASKED,
    MAX_ITEMS_ASKED,
    AskedFile,
    AskedItem,
)

T = TypeVar("T")


class KnowsDuplicates(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def duplicates(self, items: Sequence[AskedItem]) -> list[DuplicateMatch]:
        """Say for each item which filesets already hold its files."""


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What the repository holds of a fileset.

    ``likeness`` is BYTES when every byte of every file was compared (``hashed`` are all of
    them), and ENDS when sizes, first and last MiB were; never less. ``is_sample``: not of
    all files, of the largest.
    """

    likeness: Likeness
    filesets: tuple[DuplicateFileset, ...]
    hashed: tuple[HashedFile, ...] = ()
    is_sample: bool = False

    @property
    def is_sure(self) -> bool:
        """Every byte was compared."""
        return self.likeness is Likeness.BYTES


class Comparing:
    """Questions to a server about files on this computer, which are read once.

    Methods raise what the server's client raises, and Cancelled when ``cancel`` is set; it
    is set when the caller is cancelled.
    """

    def __init__(self, server: KnowsDuplicates, contents: Contents | None = None) -> None:
        """Compare what lies here with what is there."""
        self._server = server
        self._contents = contents or Contents()

    async def check(
        self, candidates: Sequence[FilesetCandidate], cancel: threading.Event
    ) -> list[Duplicates | None]:
        """Say for each candidate what the repository holds of it, and None where it holds
        nothing alike.

        Nothing is read of files whose client path and size are not there. Of the others at
        most 20 of each fileset, the one to open and the largest, and of each only the first
        and last MiB.
        """
        found: list[Duplicates | None] = [None] * len(candidates)
        likely = [n async for n in self._by_path(candidates)]
        for some in _parts(likely, lambda n: len(_sample(candidates[n]))):
            chosen = [candidates[n] for n in some]
            read = await _in_thread(partial(self._read_ends, chosen, cancel), cancel)
            asked = [(n, one) for n, one in zip(some, read, strict=True) if one is not None]
            duplicate = await self._server.duplicates([item for _, (item, _) in asked])
            for (n, (_, hashed)), one in zip(asked, duplicate, strict=True):
                is_sample = len(candidates[n].files) > MAX_FILES_ASKED
                whole = _whole(one, candidates[n])
                found[n] = _known(whole, hashed, is_sample=is_sample)
        return found

    async def completely(
        self,
        candidate: FilesetCandidate,
        cancel: threading.Event,
        read: ReadListener = lambda _count: None,
    ) -> Duplicates | None:
        """Read all of a candidate and compare it; None where the repository does not hold it.

        The answer is ENDS where the repository keeps other checksums than SHA-1, so that
        more cannot be known. Raises SourceProblem.
        """

        def whole() -> list[HashedFile]:
            return [self._contents.whole(file, cancel, read) for file in candidate.files]

        hashed = await _in_thread(whole, cancel)
        duplicate = []
        for items in _chunks(_whole_items(hashed), MAX_ITEMS_ASKED):
            answers = await self._server.duplicates(items)
            duplicate += [_whole(one, candidate) for one in answers]
        same = _in_all([one.same_bytes for one in duplicate])
        if same:
            return Duplicates(Likeness.BYTES, same, tuple(hashed))
        alike = _in_all([(*one.same_bytes, *one.same_paths) for one in duplicate])
        return Duplicates(Likeness.ENDS, alike) if alike else None

    async def _by_path(self, candidates: Sequence[FilesetCandidate]) -> AsyncIterator[int]:
        """Yield the numbers of those whose paths and sizes are there."""
        for start in range(0, len(candidates), MAX_ITEMS_ASKED):
            some = candidates[start : start + MAX_ITEMS_ASKED]
            items = [AskedItem(files=[_asked(f) for f in _sample(one)]) for one in some]
            for number, duplicate in enumerate(await self._server.duplicates(items), start):
                if _whole(duplicate, candidates[number]):
                    yield number

    def _read_ends(
        self, candidates: Sequence[FilesetCandidate], cancel: threading.Event
    ) -> list[tuple[AskedItem, tuple[HashedFile, ...]] | None]:
        return [self._ends_of(one, cancel) for one in candidates]

    def _ends_of(
        self, candidate: FilesetCandidate, cancel: threading.Event
    ) -> tuple[AskedItem, tuple[HashedFile, ...]] | None:
        """Read the ends of a candidate, and return its files when they are all of it."""
        sample = _sample(candidate)
        try:
            ends = [self._contents.ends(file, cancel) for file in sample]
            hashed = self._if_read(candidate, cancel)
        except SourceProblem:
            return None  # The import says so; here is nothing to compare.
        files = [
            _asked(file, sha1=end if _is_small(file) else "", ends=end)
            for file, end in zip(sample, ends, strict=True)
        ]
        return AskedItem(files=files), hashed

    def _if_read(
        self, candidate: FilesetCandidate, cancel: threading.Event
    ) -> tuple[HashedFile, ...]:
        """Return the files of a candidate when their ends are all of them."""
        few = len(candidate.files) <= MAX_FILES_ASKED
        if not few or not all(map(_is_small, candidate.files)):
            return ()
        return tuple(self._contents.whole(file, cancel) for file in candidate.files)


async def _in_thread(work: Callable[[], T], cancel: threading.Event) -> T:
    """Run blocking work; who does not wait for it any more stops it."""
    try:
        return await asyncio.to_thread(work)
    except asyncio.CancelledError:
        cancel.set()
        raise


def _known(
    duplicate: DuplicateMatch, hashed: tuple[HashedFile, ...], *, is_sample: bool
) -> Duplicates | None:
    if duplicate.same_bytes and hashed:
        return Duplicates(Likeness.BYTES, duplicate.same_bytes, hashed)
    alike = (*duplicate.same_bytes, *duplicate.same_ends)
    return Duplicates(Likeness.ENDS, alike, is_sample=is_sample) if alike else None


def _sample(candidate: FilesetCandidate) -> tuple[FoundFile, ...]:
    """Return the file to open and the largest others, by which a fileset is recognised."""
    first, *rest = candidate.files
    return first, *sorted(rest, key=lambda file: -file.size_bytes)[: MAX_FILES_ASKED - 1]


def _is_small(file: FoundFile) -> bool:
    """Its ends are all of it."""
    return file.size_bytes <= 2 * END_BYTES


def _asked(file: FoundFile, *, sha1: str = "", ends: str = "") -> AskedFile:
    return AskedFile(
        client_path=file.client_path, size_bytes=file.size_bytes, sha1=sha1, ends=ends
    )


def _whole_items(hashed: Sequence[HashedFile]) -> list[AskedItem]:
    """Ask about all files, about the first one each time: a file that is asked about alone
    counts as held wherever its bytes lie.
    """
    first, *rest = [_asked(one.file, sha1=one.sha1) for one in hashed]
    groups = list(_chunks(rest, MAX_FILES_ASKED - 1)) or [[]]
    return [AskedItem(files=[first, *group]) for group in groups]


def _whole(duplicate: DuplicateMatch, candidate: FilesetCandidate) -> DuplicateMatch:
    """Keep the filesets that have no other file beside: with it they are other images."""
    count = len(candidate.files)
    by_likeness = (duplicate.same_bytes, duplicate.same_ends, duplicate.same_paths)
    return DuplicateMatch(
        *(tuple(one for one in some if one.file_count == count) for some in by_likeness)
    )


def _in_all(duplicate: Sequence[Sequence[DuplicateFileset]]) -> tuple[DuplicateFileset, ...]:
    first, *rest = duplicate
    return tuple(one for one in first if all(one in others for others in rest))


def _parts(numbers: Sequence[int], files: Callable[[int], int]) -> Iterator[list[int]]:
    """Cut into questions of not too many files."""
    part: list[int] = []
    room = MAX_ENDS_ASKED
    for number in numbers:
        if files(number) > room:
            yield part
            part, room = [], MAX_ENDS_ASKED
        part.append(number)
        room -= files(number)
    if part:
        yield part


def _chunks(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
