"""Account for everything on the import list, and for what was taken off it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from transferapp.client.dropping import (
    NO_IMAGE,
    Dropped,
    LeftOutPath,
    Why,
    client_path,
    left_out_fileset,
)
from transferapp.desktop.imports.list import FilesetRow
from transferapp.model.drops import LeftOut, LeftOutReason


def dropped(roots: Sequence[Path], rows: Iterable[FilesetRow], litter_files: int) -> Dropped:
    """Return what was dropped, with every row that will not be imported.

    ``rows`` are also those that were removed from the list: their files still lie in the
    dropped folders.
    """
    places = [root.absolute() for root in roots]
    out = (one for row in rows if not row.included for one in _left_out(row, places))
    within = {one.path: one for one in out if any(map(one.path.is_relative_to, places))}
    return Dropped(tuple(places), tuple(within.values()), litter_files)


def _left_out(row: FilesetRow, roots: Sequence[Path]) -> Iterator[LeftOutPath]:
    why = _why(row)
    if row.candidate is not None:
        hashed = row.held.hashed if row.held else ()
        yield from left_out_fileset(row.candidate, why, hashed)
        return
    path = Path(row.key)
    left_out = LeftOut(client_path(path, roots), why.reason, why.code, why.sentence)
    yield LeftOutPath(path, left_out)


def _why(row: FilesetRow) -> Why:
    if row.ignored:
        return Why(LeftOutReason.IGNORED)
    if row.other:
        return NO_IMAGE
    if row.can_include and row.held is not None:
        return row.held.why
    if row.can_include:
        return Why(LeftOutReason.NOT_CHOSEN)
    return Why(LeftOutReason.REFUSED, row.code, row.sentence)
