"""The UUID that a TIFF's own OME-XML has, read without the rest of the document.

A plate of 10,000 files may carry its whole document, 20 MB, in each of them.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import BinaryIO

_DESCRIPTION = 270
#: The root element begins within so many bytes of a description; behind a licence within more.
_HEAD_BYTES, _LONG_HEAD_BYTES = 4096, 1 << 20
_ROOT = re.compile(rb"<(?:[\w.-]+:)?OME\s[^>]*>")
_UUID = re.compile(rb"<(?:[\w.-]+:)?OME\s[^>]*?\bUUID\s*=\s*[\"']([^\"']*)[\"']")
_ORDERS = {b"II": "<", b"MM": ">"}
_CLASSIC, _BIG = 42, 43


def own_uuid(path: Path) -> str:
    """Return the UUID of a TIFF's document; "" where it has none, and for other files."""
    try:
        with path.open("rb") as file:
            found = _UUID.search(_head(file))
    except (OSError, struct.error):
        return ""
    return "" if found is None else found[1].decode("utf-8", "replace").strip()


def _head(file: BinaryIO) -> bytes:
    """Return the beginning of the first page's description, up to its root element; raises
    struct.error.
    """
    order = _ORDERS.get(file.read(2), "")
    kind = struct.unpack(f"{order}H", file.read(2))[0] if order else 0
    if kind not in {_CLASSIC, _BIG}:
        return b""
    big = kind == _BIG
    offset, number = (f"{order}Q", f"{order}Q") if big else (f"{order}I", f"{order}H")
    entry = struct.Struct(f"{order}HHQQ" if big else f"{order}HHII")
    file.seek(8 if big else 4)
    file.seek(_read_number(file, offset))
    for _ in range(_read_number(file, number)):
        tag, _, count, value = entry.unpack(file.read(entry.size))
        if tag == _DESCRIPTION:
            file.seek(value)
            head = file.read(min(count, _HEAD_BYTES))
            if count > _HEAD_BYTES and _ROOT.search(head) is None:
                head += file.read(min(count, _LONG_HEAD_BYTES) - _HEAD_BYTES)
            return head
    return b""


def _read_number(file: BinaryIO, form: str) -> int:
    (found,) = struct.unpack(form, file.read(struct.calcsize(form)))
    return int(found)
