"""Read a file once for every hash: BLAKE3 per part while reading, SHA-1 beside it.

A part is read and hashed while the one before it is on the wire; SHA-1, the slowest, has
a thread of its own (docs/adr/0005).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import blake3

from transferapp.client.source import SourceFile


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file, in pieces, with their BLAKE3 (empty: only read for SHA-1)."""

    offset: int
    length: int
    pieces: list[bytes] = field(repr=False)
    blake3: bytes = b""

    @property
    def end(self) -> int:
        """The offset behind the part."""
        return self.offset + self.length


class PartReader:
    """Gives the parts of a file in order and, at the end, the SHA-1 of all of it."""

    def __init__(self, source: SourceFile, part_size: int) -> None:
        """Read ``source`` in parts of ``part_size`` bytes."""
        self._source = source
        self._part_size = part_size
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._hashed: Future[None] | None = None
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="upload-read")
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="upload-sha1")

    def __enter__(self) -> Self:
        """Use the threads."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the threads; they finish the part they are at."""
        self._reading.shutdown(cancel_futures=True)
        self._hashing.shutdown(cancel_futures=True)

    def parts(self, start: int) -> Iterator[Part]:
        """Yield every part; those before ``start`` are already sent and have no BLAKE3."""
        ahead: Future[Part] | None = None
        for offset, length in self._spans(start):
            reading = self._reading.submit(self._read, offset, length, sent=offset < start)
            if ahead is not None:
                yield ahead.result()
            ahead = reading
        if ahead is not None:
            yield ahead.result()

    def sha1(self) -> str:
        """Return the SHA-1 of all parts that were read, in hex."""
        if self._hashed is not None:
            self._hashed.result()
        return self._sha1.hexdigest()

    def _spans(self, start: int) -> Iterator[tuple[int, int]]:
        offset = 0
        while offset < self._source.size_bytes:
            end = start if offset < start else self._source.size_bytes
            length = min(self._part_size, end - offset)
            yield offset, length
            offset += length

    def _read(self, offset: int, length: int, *, sent: bool) -> Part:
        pieces = self._source.read(offset, length)
        # At most one part waits for SHA-1, or a fast disk would fill the memory.
        if self._hashed is not None:
            self._hashed.result()
        self._hashed = self._hashing.submit(self._update_sha1, pieces)
        if sent:
            return Part(offset, length, pieces)
        hasher = blake3.blake3()
        for piece in pieces:
            hasher.update(piece)
        return Part(offset, length, pieces, hasher.digest())

    def _update_sha1(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._sha1.update(piece)
