"""Check the first pages of many TIFFs, in the buffer that ``heads`` has read them into."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_heads import Numbers, Pieces, first_pages, simple_and_whole
from transferapp.intake.tiff_rules import INDEX_BYTES, LAYOUTS, PIECE, READING, piece_start


class ManyTiffs:
    """Checks TIFFs in batches."""

    def __init__(self, buffer: bytearray, slots: Sequence[list[memoryview]]) -> None:
        """``buffer`` has a row of ``PIECE`` bytes for each file of a batch; ``slots`` are
        these rows, to read into.
        """
        self._bytes, self._slots = buffer, slots
        self._rows: Numbers = np.frombuffer(buffer, np.uint8).reshape(-1, PIECE)

    def check(
        self,
        files: Sequence[FoundFile],
        tiffs: list[int],
        lengths: list[int],
        sound: list[bool],
    ) -> None:
        """Check the first pages of these rows, those that are written alike together.

        ``lengths`` (bytes) are what was read of each file; ``sound`` is filled.
        """
        rows = np.array(tiffs)
        starts = np.zeros(len(files), dtype=np.int64)
        sizes = np.array([file.size_bytes for file in files], dtype=np.int64)
        magics = self._rows[rows, :4].copy().view("<u4")[:, 0]
        for magic, layout in LAYOUTS.items():
            chosen = rows[magics == int.from_bytes(magic, "little")]
            if not len(chosen):
                continue
            pieces = Pieces(self._bytes, self._rows, chosen, starts, np.array(lengths), sizes)
            pages = first_pages(pieces, layout)
            passed = simple_and_whole(pieces, pages, layout)
            for row in chosen[passed].tolist():
                sound[row] = True
            far = ~passed & (pages > pieces.lengths[chosen] - INDEX_BYTES)
            far &= pages < sizes[chosen]
            if far.any():
                pieces = self._read_again(files, pieces.some(far), pages[far])
                passed = simple_and_whole(pieces, pages[far], layout)
                for row in pieces.chosen[passed].tolist():
                    sound[row] = True

    def _read_again(self, files: Sequence[FoundFile], pieces: Pieces, pages: Numbers) -> Pieces:
        """Read the pieces where the first pages are: many programs write them last."""
        starts, lengths = pieces.starts.copy(), pieces.lengths.copy()
        for row, page in zip(pieces.chosen.tolist(), pages.tolist(), strict=True):
            file = files[row]
            starts[row] = piece_start(page, file.size_bytes)
            try:
                descriptor = os.open(file.place, READING)
            except OSError:
                lengths[row] = 0
                continue
            try:
                os.lseek(descriptor, int(starts[row]), os.SEEK_SET)
                lengths[row] = os.readv(descriptor, self._slots[row])
            except OSError:
                lengths[row] = 0
            finally:
                os.close(descriptor)
        return replace(pieces, starts=starts, lengths=lengths)
