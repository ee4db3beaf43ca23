"""Read files of this computer to compare them with what the repository holds."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.source import PIECE_SIZE, SourceFile
from transferapp.errors import Cancelled
from transferapp.intake.scanning import FoundFile
from transferapp.model.duplicates import end_spans

#: Called with how many bytes more have been read, from the thread that reads.
ReadListener = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class HashedFile:
    """A file of which every byte was read, as it was then."""

    file: FoundFile
    inode: int
    sha1: str


def _nobody(_count: int) -> None:
    """Nobody wishes to know how far the reading is."""


class Contents:
    """What files hash to, each read once for as long as it looks the same. Blocks: call it
    in a thread, in one at a time.

    Raises SourceProblem for a file that cannot be read or is another than it was when it
    was scanned, Cancelled when ``cancel`` is set.
    """

    def __init__(self) -> None:
        """Nothing was read."""
        self._ends: dict[tuple[Path, int, int], str] = {}
        self._whole: dict[tuple[Path, int, int], tuple[str, int]] = {}

    def ends(self, file: FoundFile, cancel: threading.Event) -> str:
        """Return the SHA-1 of the first and last MiB; of a small file, of all of it."""
        key = _key(file)
        spans = end_spans(file.size_bytes)
        if len(spans) == 1:
            return self.whole(file, cancel).sha1
        if key not in self._ends:
            self._ends[key], _ = _hashed(file, spans, cancel, _nobody)
        return self._ends[key]

    def whole(
        self, file: FoundFile, cancel: threading.Event, read: ReadListener = _nobody
    ) -> HashedFile:
        """Read all of a file."""
        key = _key(file)
        if key not in self._whole:
            self._whole[key] = _hashed(file, ((0, file.size_bytes),), cancel, read)
        sha1, inode = self._whole[key]
        return HashedFile(file, inode, sha1)


def _key(file: FoundFile) -> tuple[Path, int, int]:
    return file.path, file.size_bytes, file.modified_ns


def _hashed(
    file: FoundFile,
    spans: Iterable[tuple[int, int]],
    cancel: threading.Event,
    read: ReadListener,
) -> tuple[str, int]:
    """Return the SHA-1 of what was read, and the file's inode."""
    digest = hashlib.sha1(usedforsecurity=False)
    with SourceFile(file.path, file.size_bytes, file.modified_ns) as source:
        for start, length in spans:
            for offset in range(start, start + length, PIECE_SIZE):
                if cancel.is_set():
                    raise Cancelled
                for piece in source.read(offset, min(PIECE_SIZE, start + length - offset)):
                    digest.update(piece)
                    read(len(piece))
        source.check_end()
        return digest.hexdigest(), source.inode
