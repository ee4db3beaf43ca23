"""OLE2 compound files, made in code: a file system in a file."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

_SECTOR = 512
#: Streams of fewer bytes would lie in a second, smaller table; ours are filled up.
_SMALLEST = 4096
_FREE, _END, _IS_TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5


@dataclass
class _Entry:
    name: str
    kind: int
    content: bytes = b""
    child: int = _FREE
    right: int = _FREE
    start: int = _END
    inside: list[int] = field(default_factory=list)


def write_ole(path: Path, streams: dict[str, bytes]) -> None:
    """Write streams by "name" or "storage/name"; contents are filled up with line ends."""
    entries = [_Entry("Root Entry", _ROOT)]
    storages = {"": 0}
    for place, content in streams.items():
        storage, _, name = place.rpartition("/")
        if storage not in storages:
            storages[storage] = len(entries)
            entries[0].inside.append(len(entries))
            entries.append(_Entry(storage, _STORAGE))
        entries[storages[storage]].inside.append(len(entries))
        entries.append(_Entry(name, _STREAM, content.ljust(_SMALLEST, b"\n")))
    for entry in entries:
        # A tree that only grows to the right: shorter names first, as the format orders them.
        order = sorted(entry.inside, key=lambda n: (len(entries[n].name), entries[n].name))
        entry.child = order[0] if order else _FREE
        for left, right in pairwise(order):
            entries[left].right = right
    sectors: list[bytes] = []
    table: list[int] = []
    for entry in entries:
        if entry.kind == _STREAM:
            entry.start = _append(sectors, table, entry.content)
    directory = _append(sectors, table, b"".join(map(_packed, entries)))
    tables = -(-(len(table) + 4) // (_SECTOR // 4))
    first_table = len(table)
    table += [_IS_TABLE] * tables
    table += [_FREE] * (tables * (_SECTOR // 4) - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, tables, directory, 0, _SMALLEST, _END, 0, _END, 0)
    places = [first_table + n for n in range(tables)] + [_FREE] * (109 - tables)
    header += struct.pack("<109I", *places)
    path.write_bytes(header + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table))


def _append(sectors: list[bytes], table: list[int], content: bytes) -> int:
    """Add the sectors of a stream and their chain; returns the first one's number."""
    start = len(table)
    count = -(-len(content) // _SECTOR)
    sectors += [
        content[n * _SECTOR : (n + 1) * _SECTOR].ljust(_SECTOR, b"\0") for n in range(count)
    ]
    table += [start + n + 1 for n in range(count - 1)] + [_END]
    return start


def _packed(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    black = 1
    return (
        name.ljust(64, b"\0")
        + struct.pack("<HBB3I", len(name), entry.kind, black, _FREE, entry.right, entry.child)
        + bytes(36)
        + struct.pack("<IQ", entry.start, len(entry.content))
    )
