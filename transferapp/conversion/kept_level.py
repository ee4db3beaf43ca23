"""One level of one plane, kept until it is written: in memory, or in a file if it is large."""

from __future__ import annotations

import os
import tempfile
import threading
from itertools import product
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from transferapp.conversion.tiff_layout import as_bytes
from transferapp.model.images import Level

#: A level of more bytes lies in a file.
MOST_IN_MEMORY = 64 << 20


class KeptLevel:
    """Pixels that come in pieces of one size and are read in rectangles; from any thread.

    The file has no name, so that nothing is left of it whatever happens.
    """

    def __init__(
        self, size: Level, dtype: np.dtype[Any], piece: tuple[int, int], folder: Path
    ) -> None:
        """Keep a level of ``size`` in pieces of (height, width); raises OSError."""
        self.size = size
        self._dtype, self._piece = dtype, piece
        self._columns = -(-size.size_x // piece[1])
        self._pieces: dict[int, npt.NDArray[Any]] = {}
        #: The number of a file that was closed may be another's a moment later.
        self._use = threading.Lock()
        self._file: IO[bytes] | None = None
        if size.size_y * size.size_x * dtype.itemsize > MOST_IN_MEMORY:
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def __enter__(self) -> KeptLevel:
        """Give back what it takes at the end."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Forget all pixels."""
        self.close()

    def close(self) -> None:
        """Forget all pixels; once more does nothing."""
        self._pieces.clear()
        if self._file is not None:
            with self._use:
                self._file.close()

    def put(self, y: int, x: int, pixels: npt.NDArray[Any]) -> None:
        """Keep the piece whose first pixel is this; raises OSError."""
        number = self._number(y // self._piece[0], x // self._piece[1])
        if self._file is None:
            self._pieces[number] = pixels
            return
        rest = memoryview(as_bytes(pixels))
        offset = number * self._piece_bytes
        with self._use:
            while rest:
                written = os.pwrite(self._file.fileno(), rest, offset)
                rest, offset = rest[written:], offset + written

    def get(self, y: int, x: int, height: int, width: int) -> npt.NDArray[Any]:
        """Return a rectangle (height, width) that begins where a piece does; raises OSError."""
        high, wide = self._piece
        found = np.empty((height, width), self._dtype)
        rows, columns = range(0, height, high), range(0, width, wide)
        for top, left in product(rows, columns):
            piece = self._read((y + top) // high, (x + left) // wide)
            into = found[top : top + high, left : left + wide]
            into[:] = piece[: into.shape[0], : into.shape[1]]
        return found

    @property
    def _piece_bytes(self) -> int:
        return self._piece[0] * self._piece[1] * self._dtype.itemsize

    def _number(self, row: int, column: int) -> int:
        return row * self._columns + column

    def _read(self, row: int, column: int) -> npt.NDArray[Any]:
        number, (high, wide) = self._number(row, column), self._piece
        if self._file is None:
            return self._pieces[number]
        height = min(high, self.size.size_y - row * high)
        width = min(wide, self.size.size_x - column * wide)
        count = height * width * self._dtype.itemsize
        with self._use:
            content = os.pread(self._file.fileno(), count, number * self._piece_bytes)
        return np.frombuffer(content, self._dtype).reshape(height, width)
