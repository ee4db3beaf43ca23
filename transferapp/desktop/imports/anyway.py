"""Import files of a format that nobody knows, because the person wishes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from transferapp.client.attaching import attaching_text
from transferapp.client.dropping import others_text
from transferapp.desktop.imports.list import FilesetRow, row_of
from transferapp.desktop.transfers.texts import count_text
from transferapp.intake.preflight import PreflightSettings, preflight


def judged_anyway(
    rows: Iterable[FilesetRow], keys: Collection[str], settings: PreflightSettings
) -> tuple[FilesetRow, ...]:
    """Judge those of ``keys`` once more, not refusing what nobody knows; the other rows
    are returned as they are. Reads files, so call it in a thread.
    """
    if not keys:
        return tuple(rows)
    requested = replace(settings, anyway=True)
    return tuple(_anyway(row, requested) if row.key in keys else row for row in rows)


def _anyway(row: FilesetRow, settings: PreflightSettings) -> FilesetRow:
    if row.candidate is None or not row.can_anyway:
        return row
    made = row_of(row.candidate, preflight(row.candidate, settings), settings)
    return replace(made, anyway=True, other=False)


def others_reported(others: Collection[FilesetRow], attached: int = 0) -> str:
    """Say in one line how many files are no images, and how many of them are attached;
    empty for none.
    """
    ignored = sum(1 for row in others if row.ignored)
    if attached and attached == len(others):
        return attaching_text(attached)
    if attached:
        of_them = "is attached" if attached == 1 else "are attached"
        return f"{len(others):,} other files are not images; {attached:,} of them {of_them}."
    if not ignored:
        return others_text(len(others))
    if ignored < len(others):
        return f"{others_text(len(others))[:-1]}; {ignored:,} of them ignored."
    is_are = "is not an image" if ignored == 1 else "are not images"
    return f"{count_text(ignored, 'other file')} {is_are}; ignored."
