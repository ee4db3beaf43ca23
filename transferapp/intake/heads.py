"""Look into many files with one open of each, and tell which of them are surely sound."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.formats import JPEG, OME_TIFF, PNG, TIFF
from transferapp.intake.name_kinds import NameKind
from transferapp.intake.picture_heads import is_plain
from transferapp.intake.scanning import FoundFile
from transferapp.intake.tiff_head import first_page, is_simple_and_whole
from transferapp.intake.tiff_rules import INDEX_BYTES, LAYOUTS, PIECE, READING, piece_start

if TYPE_CHECKING:
    from transferapp.intake.many_heads import ManyTiffs

#: So many TIFFs are looked at one by one, 22 us of a processor each. Of more, ``many_heads``
#: needs 1.5 us each, after 0.2 s to import numpy (measured, Python 3.11).
FEW = 500
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
        self._few_left = FEW
        self._many: ManyTiffs | None = None

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
                descriptor = os.open(file.place, READING)
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
        if len(tiffs) <= self._few_left:
            self._few_left -= len(tiffs)
            for row in tiffs:
                head = bytes(slots[row][0][: lengths[row]])
                sound[row] = _is_sound_tiff(head, files[row][0])
        else:
            self._many_tiffs().check([file for file, _ in files], tiffs, lengths, sound)
        return sound

    def _many_tiffs(self) -> ManyTiffs:
        if self._many is None:
            # It brings numpy, which takes a while.
            from transferapp.intake.many_heads import ManyTiffs  # noqa: PLC0415

            self._many = ManyTiffs(self._bytes, self._slots)
        return self._many

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


def _is_sound_tiff(head: bytes, file: FoundFile) -> bool:
    """Look at a TIFF that begins so, where its first page is."""
    if (layout := LAYOUTS.get(head[:4])) is None:
        return False
    page = first_page(head, layout)
    if is_simple_and_whole(head, 0, page, file.size_bytes, layout):
        return True
    if not len(head) - INDEX_BYTES < page < file.size_bytes:
        return False
    start = piece_start(page, file.size_bytes)
    with suppress(OSError):  # Preflight says it.
        descriptor = os.open(file.place, READING)
        try:
            piece = os.pread(descriptor, PIECE, start)
        finally:
            os.close(descriptor)
        return is_simple_and_whole(piece, start, page, file.size_bytes, layout)
    return False
