"""Tell what is in the repository already. A hint: it never keeps an import from going on."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace

from cachetools import LRUCache

from transferapp.errors import Corrupt, Denied, NotFound, TransferAppError
from transferapp.model.duplicates import (
    Duplicate,
    DuplicateFileset,
    DuplicateMatch,
    DuplicateOriginal,
    Likeness,
    SoughtFile,
    end_spans,
)
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.repositories.port import OriginalFiles, Repository

#: So many files of a fileset are sought first; only when they are there, the rest too.
_FIRST = 20
#: From the surest on.
_RANKS = {Likeness.BYTES: 0, Likeness.ENDS: 1, Likeness.PATH: 2}
#: Of a path that is imported each day anew, so many of the newest originals are compared.
MOST_COMPARED = 10
#: Ends that are read at once, and that are remembered (100 bytes each).
_AT_ONCE, _MOST_KEPT = 4, 100_000
#: The repository gets so long for the note on an import that is done (seconds).
_PATIENCE_S = 30.0


class DuplicateSearch:
    """What the ends of original files hash to, kept in memory: two reads of 1 MiB for each
    file that somebody asks about, once. For one event loop.
    """

    def __init__(self) -> None:
        """Nothing is known."""
        self._known: LRUCache[str | int, str] = LRUCache(_MOST_KEPT)
        #: People who drop large folders must not keep the repository busy.
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def of(
        self, images: OriginalFiles, original: DuplicateOriginal, size_bytes: int
    ) -> str:
        """Return the SHA-1 of an original's ends; empty when the person may not read it.

        Raises RepositoryUnavailable.
        """
        spans = end_spans(size_bytes)
        if len(spans) == 1 and original.sha1:
            return original.sha1
        # By content where that is known: the same file is often imported again.
        key = original.sha1 or original.id
        duplicates = self._known.get(key)
        if duplicates is None:
            try:
                async with self._turn:
                    duplicates = self._known[key] = await _read_ends(images, original.id, spans)
            except (Denied, NotFound, Corrupt):
                return ""
        return duplicates


async def duplicates_of(
    repository: Repository,
    username: str,
    items: Sequence[Sequence[SoughtFile]],
    ends: DuplicateSearch,
) -> list[DuplicateMatch]:
    """Say for each item which filesets, visible to the person, hold all of its files.

    A file that is asked for with its SHA-1 or its ends is compared, and is not held where
    they differ.
    """
    planned = dict.fromkeys(one.planned for item in items for one in item)
    async with repository.session(username) as session:
        found: dict[PlannedFile, list[Duplicate]] = {file: [] for file in planned}
        for one in await session.images.duplicates(list(planned)):
            found[one.file].append(one)
        judged: dict[SoughtFile, list[Duplicate]] = {}
        for sought in dict.fromkeys(one for item in items for one in item):
            duplicates = found[sought.planned]
            judged[sought] = [
                d async for d in _compared(session.images, sought, duplicates, ends)
            ]
    return [_of_item([judged[one] for one in item]) for item in items]


async def _compared(
    images: OriginalFiles, sought: SoughtFile, found: Sequence[Duplicate], ends: DuplicateSearch
) -> AsyncIterator[Duplicate]:
    """Yield those that are not known to be others, with what is known of them."""
    for one in found:
        if one.likeness is Likeness.BYTES:
            yield one
    by_path = [one for one in found if one.likeness is Likeness.PATH and one.original]
    for one in sorted(by_path, key=lambda duplicates: -duplicates.fileset.id)[:MOST_COMPARED]:
        sha1, size = sought.planned.sha1, sought.planned.size_bytes
        if one.original is None or (sha1 and one.original.sha1):
            continue  # Of the same SHA-1 it would have been found by its bytes.
        if not sought.ends:
            yield one
        elif sought.ends == await ends.of(images, one.original, size):
            yield replace(one, likeness=Likeness.ENDS)


async def _read_ends(
    images: OriginalFiles, file_id: int, spans: Iterable[tuple[int, int]]
) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    for offset, length in spans:
        async for piece in images.read(file_id, offset, length):
            digest.update(piece)
    return digest.hexdigest()


async def same_bytes_note(
    repository: Repository, username: str, plan: FilesetPlan, image_ids: Sequence[int]
) -> str:
    """Return a sentence when the bytes of these new images were there before, else nothing.

    Never raises for a repository that does not answer: the import itself is done.
    """
    with suppress(TransferAppError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S), repository.session(username) as session:
            duplicates = await _same_bytes(session.images, plan.files)
        # Of two that are imported at once only the later one is a copy.
        before = min(image_ids, default=0)
        for one in duplicates:
            if one.file_count == len(plan.files) and min(one.image_ids) < before:
                return f"The same bytes were already in {one.where}."
    return ""


async def _same_bytes(
    images: OriginalFiles, files: Sequence[PlannedFile]
) -> list[DuplicateFileset]:
    """Return the filesets that hold the bytes of all files."""
    rest = sorted(files[1:], key=lambda file: -file.size_bytes)
    sample = [*files[:1], *rest[: _FIRST - 1]]
    duplicates = _by_bytes(sample, await images.duplicates(sample))
    if duplicates and len(files) > len(sample):
        duplicates = _by_bytes(files, await images.duplicates(files))
    return duplicates


def _by_bytes(
    files: Sequence[PlannedFile], found: Sequence[Duplicate]
) -> list[DuplicateFileset]:
    by_file: dict[PlannedFile, list[Duplicate]] = {}
    for one in found:
        by_file.setdefault(one.file, []).append(one)
    return list(_of_item([by_file.get(file, []) for file in files]).same_bytes)


def _of_item(files: Sequence[Sequence[Duplicate]]) -> DuplicateMatch:
    """Keep the filesets that hold all files, of several each at its place; the least sure
    likeness of a file counts.
    """
    lone = len(files) == 1
    by_fileset = [
        {one.fileset.id: one for one in duplicates if lone or one.is_in_place}
        for duplicates in files
    ]
    in_all = sorted(set.intersection(*(set(here) for here in by_fileset)))
    least = {one: max(_RANKS[here[one].likeness] for here in by_fileset) for one in in_all}
    same: list[list[DuplicateFileset]] = [[] for _ in _RANKS]
    for one in in_all:
        same[least[one]].append(by_fileset[0][one].fileset)
    return DuplicateMatch(*map(tuple, same))
