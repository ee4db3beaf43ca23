"""The checksums that OMERO offers, in its order of preference and its byte order."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from typing_extensions import override

_CHUNK_BYTES = 1024 * 1024
_MASK32, _MASK64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


class HashAlgorithm(Protocol):
    """Takes bytes, gives a hexadecimal word."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""

    def hexdigest(self) -> str:
        """Return the checksum of all that was added."""


class _Rolling:
    """CRC-32 and Adler-32: little-endian in OMERO."""

    def __init__(self, step: Callable[[bytes, int], int], start: int) -> None:
        self._step, self._value = step, start

    def update(self, data: bytes, /) -> None:
        self._value = self._step(data, self._value)

    def hexdigest(self) -> str:
        return self._value.to_bytes(4, "little").hex()


class _Length:
    """File-Size-64."""

    def __init__(self) -> None:
        self._bytes = 0

    def update(self, data: bytes, /) -> None:
        self._bytes += len(data)

    def hexdigest(self) -> str:
        return self._bytes.to_bytes(8, "little").hex()


def _rotated(value: int, by: int, bits: int) -> int:
    mask = (1 << bits) - 1
    return ((value << by) | (value >> (bits - by))) & mask


class _Blocks:
    """Cuts what comes into whole blocks and keeps the rest."""

    block_bytes = 4

    def __init__(self) -> None:
        self._rest, self._bytes = b"", 0

    def update(self, data: bytes, /) -> None:
        self._bytes += len(data)
        data = self._rest + data
        whole = len(data) - len(data) % self.block_bytes
        for at in range(0, whole, self.block_bytes):
            self._mix(data[at : at + self.block_bytes])
        self._rest = data[whole:]

    def _mix(self, block: bytes) -> None:
        raise NotImplementedError


class _Murmur32(_Blocks):
    """Murmur3, 32 bits, seed 0, as Guava writes it."""

    def __init__(self) -> None:
        super().__init__()
        self._h = 0

    @staticmethod
    def _scrambled(k: int) -> int:
        return _rotated(k * 0xCC9E2D51 & _MASK32, 15, 32) * 0x1B873593 & _MASK32

    @override
    def _mix(self, block: bytes) -> None:
        self._h ^= self._scrambled(int.from_bytes(block, "little"))
        self._h = (_rotated(self._h, 13, 32) * 5 + 0xE6546B64) & _MASK32

    def hexdigest(self) -> str:
        h = self._h ^ self._scrambled(int.from_bytes(self._rest, "little"))
        h ^= self._bytes & _MASK32
        h = (h ^ h >> 16) * 0x85EBCA6B & _MASK32
        h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK32
        return (h ^ h >> 16).to_bytes(4, "little").hex()


class _Murmur128(_Blocks):
    """Murmur3, 128 bits for 64-bit machines, seed 0, as Guava writes it."""

    block_bytes = 16
    _C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F

    def __init__(self) -> None:
        super().__init__()
        self._h1 = self._h2 = 0

    def _scrambled(self, block: bytes) -> tuple[int, int]:
        k1, k2 = (int.from_bytes(part, "little") for part in (block[:8], block[8:]))
        k1 = _rotated(k1 * self._C1 & _MASK64, 31, 64) * self._C2 & _MASK64
        k2 = _rotated(k2 * self._C2 & _MASK64, 33, 64) * self._C1 & _MASK64
        return k1, k2

    @override
    def _mix(self, block: bytes) -> None:
        k1, k2 = self._scrambled(block)
        h1 = _rotated(self._h1 ^ k1, 27, 64) + self._h2
        self._h1 = (h1 * 5 + 0x52DCE729) & _MASK64
        h2 = _rotated(self._h2 ^ k2, 31, 64) + self._h1
        self._h2 = (h2 * 5 + 0x38495AB5) & _MASK64

    @staticmethod
    def _final(h: int) -> int:
        h = (h ^ h >> 33) * 0xFF51AFD7ED558CCD & _MASK64
        h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53 & _MASK64
        return h ^ h >> 33

    def hexdigest(self) -> str:
        k1, k2 = self._scrambled(self._rest)
        h1, h2 = self._h1 ^ k1 ^ self._bytes, self._h2 ^ k2 ^ self._bytes
        h1 = (h1 + h2) & _MASK64
        h2 = (h2 + h1) & _MASK64
        h1, h2 = self._final(h1), self._final(h2)
        h1 = (h1 + h2) & _MASK64
        h2 = (h2 + h1) & _MASK64
        return (h1.to_bytes(8, "little") + h2.to_bytes(8, "little")).hex()


#: OMERO's name -> hasher, the preferred one first
HASHERS: dict[str, Callable[[], HashAlgorithm]] = {
    "SHA1-160": lambda: hashlib.sha1(usedforsecurity=False),
    "MD5-128": lambda: hashlib.md5(usedforsecurity=False),
    "Murmur3-128": _Murmur128,
    "Murmur3-32": _Murmur32,
    "CRC-32": lambda: _Rolling(zlib.crc32, 0),
    "Adler-32": lambda: _Rolling(zlib.adler32, 1),
    "File-Size-64": _Length,
}
USUAL_HASHER = "SHA1-160"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def hash_file(path: Path, hasher: str) -> str:
    """Return the checksum of a whole file."""
    made = HASHERS[hasher]()
    for chunk in _chunks(path):
        made.update(chunk)
    return made.hexdigest()
