"""Tell what is in the repository already. A hint: it never keeps an import from going on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from transferapp.errors import TransferAppError
from transferapp.model.duplicates import Duplicate, HeldAlready, HeldFileset, Likeness
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.repositories.port import Images, Repository

#: So many files of a fileset are sought first; only when they are there, the rest too.
_FIRST = 20
#: The repository gets so long for the note on an import that is done (seconds).
_PATIENCE_S = 30.0


async def held_already(
    repository: Repository, username: str, items: Sequence[Sequence[PlannedFile]]
) -> list[HeldAlready]:
    """Say for each item which filesets, visible to the person, hold all of its files."""
    async with repository.session(username) as session:
        found = await session.images.duplicates([file for item in items for file in item])
    by_file: dict[PlannedFile, list[Duplicate]] = {}
    for one in found:
        by_file.setdefault(one.file, []).append(one)
    return [_of_item(item, by_file) for item in items]


async def same_bytes_note(
    repository: Repository, username: str, plan: FilesetPlan, image_ids: Sequence[int]
) -> str:
    """Return a sentence when the bytes of these new images were there before, else nothing.

    Never raises for a repository that does not answer: the import itself is done.
    """
    with suppress(TransferAppError, TimeoutError):
        async with asyncio.timeout(_PATIENCE_S), repository.session(username) as session:
            held = await _same_bytes(session.images, plan.files)
        others = [one for one in held if set(one.image_ids).isdisjoint(image_ids)]
        if others:
            return f"The same bytes were already in {_where(others[0])}."
    return ""


async def _same_bytes(images: Images, files: Sequence[PlannedFile]) -> list[HeldFileset]:
    """Return the filesets that hold the bytes of all files."""
    rest = sorted(files[1:], key=lambda file: -file.size_bytes)
    sample = [*files[:1], *rest[: _FIRST - 1]]
    held = _by_bytes(sample, await images.duplicates(sample))
    if held and len(files) > len(sample):
        held = _by_bytes(files, await images.duplicates(files))
    return held


def _by_bytes(files: Sequence[PlannedFile], found: Sequence[Duplicate]) -> list[HeldFileset]:
    by_file: dict[PlannedFile, list[Duplicate]] = {}
    for one in found:
        by_file.setdefault(one.file, []).append(one)
    return list(_of_item(files, by_file).same_bytes)


def _of_item(
    item: Sequence[PlannedFile], by_file: dict[PlannedFile, list[Duplicate]]
) -> HeldAlready:
    """Keep the filesets that hold all files; the least sure likeness of a file counts."""
    by_fileset = [{one.fileset.id: one for one in by_file.get(file, ())} for file in item]
    in_all = sorted(set.intersection(*(set(here) for here in by_fileset)))
    same = {
        one
        for one in in_all
        if all(here[one].likeness is Likeness.BYTES for here in by_fileset)
    }
    filesets = {one: by_fileset[0][one].fileset for one in in_all}
    return HeldAlready(
        tuple(filesets[one] for one in in_all if one in same),
        tuple(filesets[one] for one in in_all if one not in same),
    )


def _where(held: HeldFileset) -> str:
    count = len(held.image_ids) - 1
    more = f" and {count} more" if count else ""
    place = f" ({held.places[0]})" if held.places else ""
    return f"Image:{held.image_ids[0]}{more}{place}"
