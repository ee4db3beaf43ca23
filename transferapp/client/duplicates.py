"""Ask the server what it already holds, and say it in one sentence; only ever a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from transferapp.client.grouping import FilesetCandidate
from transferapp.model.duplicates import HeldAlready, HeldFileset
from transferapp.protocol.duplicates import (
    MAX_FILES_ASKED,
    MAX_ITEMS_ASKED,
    AskedFile,
    AskedItem,
)

#: So many places are named in a sentence.
_PLACES_SHOWN = 2


class KnowsDuplicates(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def duplicates(self, items: Sequence[AskedItem]) -> list[HeldAlready]:
        """Say for each item which filesets already hold its files."""


async def held_already(
    server: KnowsDuplicates, candidates: Sequence[FilesetCandidate]
) -> list[HeldAlready]:
    """Say for each candidate what the repository holds, by client path and size.

    Nothing is read or hashed. Of a fileset with many files the one to open and the largest
    others are compared.
    """
    found: list[HeldAlready] = []
    for start in range(0, len(candidates), MAX_ITEMS_ASKED):
        some = candidates[start : start + MAX_ITEMS_ASKED]
        found += await server.duplicates([_asked(candidate) for candidate in some])
    return found


def hint(found: Sequence[HeldAlready]) -> str:
    """Return what to tell a person before the import; empty when nothing is there."""
    held = [one for one in found if one]
    if not held:
        return ""
    places = _places([*one.same_bytes, *one.same_paths] for one in held)
    where = f" ({places})" if places else ""
    if len(found) == 1:
        return (
            "A fileset with the same file names and sizes is in the repository already"
            f"{where}. Importing makes a second copy."
        )
    verb = "is" if len(held) == 1 else "are"
    return (
        f"{len(held):,} of these {len(found):,} filesets {verb} in the repository already, by"
        f" file names and sizes{where}. Importing makes second copies."
    )


def _asked(candidate: FilesetCandidate) -> AskedItem:
    first, *rest = candidate.files
    largest = sorted(rest, key=lambda file: -file.size_bytes)[: MAX_FILES_ASKED - 1]
    return AskedItem(
        files=[
            AskedFile(client_path=file.client_path, size_bytes=file.size_bytes)
            for file in (first, *largest)
        ]
    )


def _places(held: Iterable[Sequence[HeldFileset]]) -> str:
    """Name where they are: ``'Embryos', 'Cells' and 3 more places``."""
    names = list(dict.fromkeys(name for some in held for one in some for name in one.places))
    shown = ", ".join(f"'{name}'" for name in names[:_PLACES_SHOWN])
    more = len(names) - _PLACES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown
