"""Look whether every frame of an ND2 is where its map says.

The nd2 library (0.12) does not: it hands out black for a frame beyond the end of the file,
and whatever lies there for one in a hole of a broken copy.
"""

from __future__ import annotations

import re
import struct
from io import SEEK_END
from pathlib import Path
from typing import BinaryIO

from transferapp.repositories.local.readers.vendor import damaged

_MAGIC = 0x0ABECEDA
#: Of a chunk: the magic number, how long its name is, how long its data.
_CHUNK = struct.Struct("<IIQ")
#: The last bytes of a file: a signature, and where the chunk with the map begins.
_TAIL = struct.Struct("<32sQ")
#: An entry of the map: name, where the chunk begins, how long its data are.
_FRAME = re.compile(rb"ImageDataSeq\|\d+!(.{8}).{8}", re.DOTALL)


def check_frames(path: Path) -> None:
    """Look at the beginning of every frame, and that it ends within the file.

    Raises DamagedFile.
    """
    with path.open("rb") as file:
        size = file.seek(-_TAIL.size, SEEK_END) + _TAIL.size
        _, map_at = _TAIL.unpack(file.read(_TAIL.size))
        file.seek(map_at)
        for found in _FRAME.finditer(file.read(size - map_at)):
            if not _is_whole(file, int.from_bytes(found[1], "little"), size):
                raise damaged(path, "some of its frames are missing")


def _is_whole(file: BinaryIO, position: int, file_size: int) -> bool:
    if position + _CHUNK.size > file_size:
        return False
    file.seek(position)
    magic, name, data = _CHUNK.unpack(file.read(_CHUNK.size))
    return bool(magic == _MAGIC and position + _CHUNK.size + name + data <= file_size)
