"""A server that holds files, asked for duplicates of files on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile
from transferapp.model.duplicates import DuplicateFileset, DuplicateMatch, end_spans
from transferapp.protocol.duplicates import AskedFile, AskedItem

MONDAY = DuplicateFileset(1, "ada", (12,), ("Monday",))


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def sha1_of_ends(content: bytes) -> str:
    return sha1(b"".join(content[at : at + n] for at, n in end_spans(len(content))))


def candidate_of(*paths: Path, name: str = "Pos0/img_0.tif") -> FilesetCandidate:
    """A fileset of files on disk; the first has the client path ``name``."""
    files = []
    for number, path in enumerate(paths):
        found = path.stat()
        client_path = name if number == 0 else f"{name}.{number}"
        files.append(FoundFile(str(path), client_path, found.st_size, found.st_mtime_ns))
    return FilesetCandidate(name, tuple(files), None)


@dataclass
class HoldingServer:
    """Answers as operations.duplicates does: of each fileset the content by client path."""

    held: dict[DuplicateFileset, dict[str, bytes]] = field(default_factory=dict)
    #: Other checksums than SHA-1, as an OMERO may be set up to keep.
    keeps_sha1: bool = True
    asked: list[Sequence[AskedItem]] = field(default_factory=list)

    def hold(self, candidate: FilesetCandidate, fileset: DuplicateFileset = MONDAY) -> None:
        """Hold the files of a candidate as they are now."""
        held = {f.client_path: f.path.read_bytes() for f in candidate.files}
        self.held[replace(fileset, file_count=len(held))] = held

    def sha1s(self, owner: str) -> set[str]:
        """What is there of one person."""
        mine = [held for fileset, held in self.held.items() if fileset.owner == owner]
        return {sha1(content) for held in mine for content in held.values()}

    async def duplicates(self, items: Sequence[AskedItem]) -> list[DuplicateMatch]:
        self.asked.append(items)
        return [self._of(item) for item in items]

    def _of(self, item: AskedItem) -> DuplicateMatch:
        ranks: dict[DuplicateFileset, int] = {}
        for fileset, contents in self.held.items():
            lone = len(item.files) == 1
            found = [self._rank(file, contents, lone=lone) for file in item.files]
            if all(rank is not None for rank in found):
                ranks[fileset] = max(rank for rank in found if rank is not None)
        return DuplicateMatch(*(tuple(f for f, r in ranks.items() if r == n) for n in range(3)))

    def _rank(self, file: AskedFile, contents: dict[str, bytes], *, lone: bool) -> int | None:
        here = contents.get(file.client_path)
        places = contents.values() if lone else [here] if here is not None else []
        if self.keeps_sha1 and file.sha1 in map(sha1, places):
            return 0
        if here is None or len(here) != file.size_bytes or (self.keeps_sha1 and file.sha1):
            return None
        if file.ends:
            return 1 if file.ends == sha1_of_ends(here) else None
        return 2
