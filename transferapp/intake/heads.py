"""Look into many files with one open of each, and tell which of them are surely sound."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.formats import JPEG, OME_TIFF, PNG, TIFF
from transferapp.intake.name_kinds import NameKind
from transferapp.intake.picture_heads import is_plain
from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_heads import (
    LAYOUTS,
    PIECE,
    Numbers,
    Pieces,
    first_pages,
    simple_and_whole,
)

#: An index that begins nearer to the end of the piece is read again.
_INDEX_BYTES = 512
#: A pipe that took a file's place since the scan must not keep us waiting.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
#: Formats whose files can be found sound here, and the mark near the end of each whole one.
_PICTURES = ((PNG, b"IEND\xaeB`\x82"), (JPEG, b"\xff\xd9"))


class Heads:
    """Looks at files in batches; its buffer serves them all."""

    def __init__(self, batch: int) -> None:
        """``batch``: so many files are looked at together."""
        self._batch_size = batch
        self._bytes = bytearray(batch * PIECE)
        view = memoryview(self._bytes)
        self._slots = [[view[n * PIECE : (n + 1) * PIECE]] for n in range(batch)]
        self._rows: Numbers = np.frombuffer(self._bytes, np.uint8).reshape(batch, PIECE)

    def sound(self, files: Sequence[tuple[FoundFile, NameKind]]) -> list[bool]:
        """Say of each file whether it surely is whole, can be shown everywhere and holds no
        OME-XML. Of any other file, also one that cannot be read, nothing is said.
        """
        found: list[bool] = []
        for first in range(0, len(files), self._batch_size):
            found += self._batch(files[first : first + self._batch_size])
        return found

    def _batch(self, files: Sequence[tuple[FoundFile, NameKind]]) -> list[bool]:
        slots, sound, tiffs = self._slots, [False] * len(files), []
        lengths = [0] * len(files)
        for row, (file, name_kind) in enumerate(files):
            kind = name_kind.format
            try:
                descriptor = os.open(file.place, _FLAGS)
            except OSError:
                continue  # Preflight says it.
            try:
                lengths[row] = length = os.readv(descriptor, slots[row])
                if kind is TIFF or kind is OME_TIFF:
                    tiffs.append(row)
                else:
                    sound[row] = self._picture(descriptor, row, length, file, kind)
            except OSError:
                continue  # The same.
            finally:
                os.close(descriptor)
        if tiffs:
            self._tiffs(files, tiffs, lengths, sound)
        return sound

    def _picture(
        self, descriptor: int, row: int, length: int, file: FoundFile, kind: ImageFormat | None
    ) -> bool:
        """Look for the beginning and the end of a PNG or JPEG."""
        mark = next((mark for picture, mark in _PICTURES if picture is kind), None)
        if kind is None or mark is None:
            return False
        head = bytes(self._slots[row][0][:length])
        if not head.startswith(kind.magic) or not is_plain(head, kind):
            return False
        if file.size_bytes > PIECE:
            head = os.pread(descriptor, PIECE, file.size_bytes - PIECE)
        return mark in head

    def _tiffs(
        self,
        files: Sequence[tuple[FoundFile, NameKind]],
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
            pages = first_pages(pieces, layout)
            passed = simple_and_whole(pieces, pages, layout)
            for row in chosen[passed].tolist():
                sound[row] = True
            far = ~passed & (pages > pieces.lengths[chosen] - _INDEX_BYTES)
            far &= pages < sizes[chosen]
            if far.any():
                pieces = self._read_again(files, pieces.some(far), pages[far])
                passed = simple_and_whole(pieces, pages[far], layout)
                for row in pieces.chosen[passed].tolist():
                    sound[row] = True

    def _read_again(
        self, files: Sequence[tuple[FoundFile, NameKind]], pieces: Pieces, pages: Numbers
    ) -> Pieces:
        """Read the pieces where the first pages are: many programs write them last."""
        starts, lengths = pieces.starts.copy(), pieces.lengths.copy()
        for row, page in zip(pieces.chosen.tolist(), pages.tolist(), strict=True):
            file = files[row][0]
            starts[row] = max(0, min(page - PIECE // 4, file.size_bytes - PIECE))
            try:
                descriptor = os.open(file.place, _FLAGS)
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
