"""Look into many files with one open of each: which of them are surely sound?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

from transferapp.intake.formats import JPEG, OME_TIFF, PNG, TIFF, ImageFormat
from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_heads import (
    LAYOUTS,
    PIECE,
    Numbers,
    Pieces,
    first_pages,
    simple_and_whole,
)

#: So many files are looked at together.
BATCH = 1_000
#: A pipe that took a file's place since the scan must not keep us waiting.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
#: Formats whose files can be found sound here, and the mark near the end of each whole one.
_PICTURES = {PNG: b"IEND\xaeB`\x82", JPEG: b"\xff\xd9"}
_TIFFS = (TIFF, OME_TIFF)
#: Formats that are looked into here; of files of another one nothing is known.
LOOKED_INTO = (TIFF, OME_TIFF, PNG, JPEG)


class Heads:
    """Looks at files in batches; its buffer serves them all."""

    def __init__(self) -> None:
        self._bytes = bytearray(BATCH * PIECE)
        view = memoryview(self._bytes)
        self._slots = [[view[n * PIECE : (n + 1) * PIECE]] for n in range(BATCH)]
        self._rows: Numbers = np.frombuffer(self._bytes, np.uint8).reshape(BATCH, PIECE)

    def sound(self, files: Iterable[tuple[FoundFile, ImageFormat | None]]) -> list[bool]:
        """Say of each file whether it surely is whole, can be shown everywhere and holds no
        OME-XML. Of any other file, also one that cannot be read, nothing is said.
        """
        found: list[bool] = []
        rest = iter(files)
        while batch := list(islice(rest, BATCH)):
            found += self._batch(batch)
        return found

    def _batch(self, files: Sequence[tuple[FoundFile, ImageFormat | None]]) -> list[bool]:
        slots, lengths, sound, tiffs = self._slots, [], [False] * len(files), []
        for row, (file, kind) in enumerate(files):
            length = 0
            try:
                descriptor = os.open(file.place, _FLAGS)
                try:
                    length = os.readv(descriptor, slots[row])
                    if kind in _TIFFS:
                        tiffs.append(row)
                    else:
                        sound[row] = self._picture(descriptor, row, length, file, kind)
                finally:
                    os.close(descriptor)
            except OSError:
                pass  # Preflight says it.
            lengths.append(length)
        if tiffs:
            self._tiffs(files, tiffs, lengths, sound)
        return sound

    def _picture(
        self, descriptor: int, row: int, length: int, file: FoundFile, kind: ImageFormat | None
    ) -> bool:
        """Look for the beginning and the end of a PNG or JPEG."""
        mark = _PICTURES.get(kind) if kind else None
        if kind is None or mark is None:
            return False
        head = bytes(self._slots[row][0][:length])
        if not head.startswith(kind.magic):
            return False
        if file.size_bytes > PIECE:
            head = os.pread(descriptor, PIECE, file.size_bytes - PIECE)
        return mark in head

    def _tiffs(
        self,
        files: Sequence[tuple[FoundFile, ImageFormat | None]],
        tiffs: list[int],
        lengths: list[int],
        sound: list[bool],
    ) -> None:
        """Look at the first pages of these rows, those that are written alike together."""
        rows = np.array(tiffs)
        starts = np.zeros(len(files), dtype=np.int64)
        sizes = np.array([file.size_bytes for file, _ in files], dtype=np.int64)
        magics = self._rows[rows, :4].copy().view("<u4")[:, 0]
        for magic, layout in LAYOUTS.items():
            chosen = rows[magics == int.from_bytes(magic, "little")]
            if not len(chosen):
                continue
            pieces = Pieces(self._bytes, self._rows, chosen, starts, np.array(lengths), sizes)
            passed = simple_and_whole(pieces, first_pages(pieces, layout), layout)
            for row in chosen[passed].tolist():
                sound[row] = True
