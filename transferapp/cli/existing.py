"""Leave out of an import what the repository holds already, or say that it is there."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

import humanize

from transferapp.cli.import_scan import ScannedDrop
from transferapp.client.dropping import LeftOutPath, left_out_fileset
from transferapp.client.duplicate_texts import hint, unprovable, why_left_out
from transferapp.client.duplicates import Comparing, Duplicates, KnowsDuplicates
from transferapp.errors import SourceProblem, TransferAppError
from transferapp.intake.candidates import FilesetCandidate

_NOT_LINKED = (
    "The repository holds it ({where}), but not as made from this image. It is imported."
)


async def show_what_exists(
    server: KnowsDuplicates, scanned: ScannedDrop, echo: Callable[[str], None]
) -> None:
    """Say what is there already; the import goes on in any case."""
    with suppress(TransferAppError):
        text = hint(await Comparing(server).check(scanned.ready, threading.Event()))
        if text:
            echo(f"{text} Importing makes second copies; --skip-existing leaves them out.")


@dataclass(slots=True)
class _Sorted:
    """What is imported all the same, and what stays out."""

    ready: list[FilesetCandidate]
    left_out: list[LeftOutPath]
    known: list[Duplicates]
    notes: list[str]


async def leave_out_existing(
    server: KnowsDuplicates,
    username: str,
    scanned: ScannedDrop,
    echo: Callable[[str], None],
    enough: Callable[[Duplicates], Awaitable[bool]] | None = None,
) -> ScannedDrop:
    """Return what was looked at without what the repository holds, byte for byte; ``enough``:
    and in the way that is wanted.

    Files that look the same are read from end to end: without that nobody knows. Raises
    what the server's client raises, because it was asked for.
    """
    comparing = Comparing(server)
    found = await comparing.check(scanned.ready, threading.Event())
    pairs = list(zip(scanned.ready, found, strict=True))
    if unsure := [
        c for c, duplicates in pairs if duplicates is not None and not duplicates.is_sure
    ]:
        size = humanize.naturalsize(sum(one.size_bytes for one in unsure))
        what = "1 fileset" if len(unsure) == 1 else f"{len(unsure):,} filesets"
        echo(f"Reading {what} ({size}) to compare every byte with what is in the repository.")
    done = _Sorted([], [], [], [])
    for candidate, seen in pairs:
        duplicates = (
            seen if seen is None or seen.is_sure else await _whole(comparing, candidate)
        )
        if duplicates is not None and duplicates.is_sure:
            if enough is not None and not await enough(duplicates):
                where = duplicates.filesets[0].where
                done.notes.append(f"{candidate.name}: {_NOT_LINKED.format(where=where)}")
                done.ready.append(candidate)
                continue
            why = why_left_out(duplicates, username)
            done.left_out += left_out_fileset(candidate, why, duplicates.hashed)
            done.known.append(duplicates)
            continue
        done.ready.append(candidate)
        if duplicates is not None:
            done.notes.append(f"{candidate.name}: {unprovable(duplicates, username)}")
    for note in done.notes:
        echo(note)
    if done.known:
        some = [*done.known, *(None for _ in done.ready)]
        echo(f"{hint(some)} Left out.")
    dropped = replace(scanned.dropped, left_out=(*scanned.dropped.left_out, *done.left_out))
    return replace(scanned, ready=tuple(done.ready), dropped=dropped)


async def _whole(comparing: Comparing, candidate: FilesetCandidate) -> Duplicates | None:
    try:
        return await comparing.completely(candidate, threading.Event())
    except SourceProblem:
        return None  # The import will say what is wrong with it.
