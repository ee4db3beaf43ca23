"""The committed offset of an upload, on disk, readable after kill -9 and power cuts.

Two records in two sectors are written in turn; a torn one fails its checksum and the
other still tells an earlier offset. Offsets only grow, so the larger one holds.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

_RECORD = struct.Struct("<8sQ")
_CHECK = struct.Struct("<I")
_MAGIC = b"TAoffs01"
_SECTOR = 4096
_SLOTS = 2


class OffsetJournal:
    """The journal file of one upload."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened."""
        self._path = path

    def read(self) -> int:
        """Return the committed offset in bytes; 0 when there is no journal yet."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return 0
        return max(_offsets(content))

    def advance(self, offset: int) -> bool:
        """Make ``offset`` durable; True when the journal's name is new in its folder."""
        record = _RECORD.pack(_MAGIC, offset)
        record += _CHECK.pack(zlib.crc32(record))
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            content = os.pread(fd, _SLOTS * _SECTOR, 0)
            if not content:
                # Both slots take their space now: later a full disk must not matter.
                os.pwrite(fd, bytes(_SECTOR) + record, 0)
            known = _offsets(content)
            os.pwrite(fd, record, known.index(min(known)) * _SECTOR)
            sync_data(fd)
        finally:
            os.close(fd)
        return not content

    def forget(self) -> None:
        """Delete the journal; a missing one is fine."""
        self._path.unlink(missing_ok=True)


def sync_data(fd: int) -> None:
    """Bring a file's bytes to the disk (with its metadata where nothing finer exists)."""
    getattr(os, "fdatasync", os.fsync)(fd)


def _offsets(content: bytes) -> list[int]:
    return [_offset(content[slot * _SECTOR :]) for slot in range(_SLOTS)]


def _offset(record: bytes) -> int:
    end = _RECORD.size + _CHECK.size
    if len(record) < end:
        return 0
    (check,) = _CHECK.unpack_from(record, _RECORD.size)
    magic, offset = _RECORD.unpack_from(record)
    if magic != _MAGIC or check != zlib.crc32(record[: _RECORD.size]):
        return 0
    return int(offset)
