"""Keep the import list's rows together with what the person chose, over many looks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from transferapp.desktop.presenters.import_list import FilesetRow, HeldAs
from transferapp.intake.candidates import told_apart
from transferapp.intake.preflight import Level


class ImportRows:
    """Filesets by key, in the order they were found. No file is in two of them."""

    def __init__(self) -> None:
        self._rows: dict[str, FilesetRow] = {}
        self._removed: dict[str, FilesetRow] = {}

    @property
    def all(self) -> tuple[FilesetRow, ...]:
        """Every row."""
        return tuple(self._rows.values())

    @property
    def listed(self) -> tuple[FilesetRow, ...]:
        """The rows that are worth a line each."""
        return tuple(row for row in self._rows.values() if not row.other)

    @property
    def others(self) -> tuple[FilesetRow, ...]:
        """The files that are no images as far as anybody knows."""
        return tuple(row for row in self._rows.values() if row.other)

    @property
    def anyway(self) -> frozenset[str]:
        """The keys of those that the person imports although nobody knows their format."""
        return frozenset(key for key, row in self._rows.items() if row.anyway)

    @property
    def included(self) -> tuple[FilesetRow, ...]:
        """The rows that will be imported."""
        return tuple(row for row in self._rows.values() if row.included)

    @property
    def removed(self) -> tuple[FilesetRow, ...]:
        """The rows that were taken off the list; their files lie where they lay."""
        return tuple(replace(row, included=False) for row in self._removed.values())

    @property
    def doubtful(self) -> bool:
        """Some row may become importable by waiting."""
        return any(row.unsettled for row in self._rows.values())

    def add(self, rows: Iterable[FilesetRow]) -> None:
        """Take in what a person dropped, also what she removed before."""
        new = list(rows)
        for row in new:
            self._removed.pop(row.key, None)
        self._put([self._as_ignored(row) for row in new])

    def judge_again(self, rows: Iterable[FilesetRow]) -> None:
        """Take in a new look at the same places; ticks stay, good news ticks a row."""
        found = [row for row in rows if row.key not in self._removed]
        self._put([self._as_ignored(self._as_chosen(row)) for row in found])
        keys = {row.key for row in found}
        for row in self.all:
            if row.key in keys:
                continue
            if row.candidate is None or row.other:
                self._rows.pop(row.key)  # Never could be imported: nobody misses it.
            else:
                self._rows[row.key] = _vanished(row)

    def judged(self, rows: Iterable[FilesetRow]) -> None:
        """Take in another verdict about rows that are here."""
        self._rows.update((row.key, row) for row in rows if row.key in self._rows)

    def include(self, keys: Collection[str], *, included: bool) -> None:
        """Tick rows or leave them out; blocked ones stay out."""
        for key in keys:
            row = self._rows.get(key)
            if row is not None and row.can_include:
                self._rows[key] = replace(row, included=included)

    def ignore(self, keys: Collection[str], *, ignored: bool) -> None:
        """Note that these files do not matter, or that they do after all."""
        for key in keys:
            row = self._rows.get(key)
            if row is not None:
                row = replace(row, ignored=ignored, included=False)
                self._rows[key] = replace(row, included=row.can_include)

    def know(self, held_as: Callable[[FilesetRow], HeldAs | None]) -> None:
        """Note of every row what the repository holds of it."""
        for key, row in self._rows.items():
            held = held_as(row)
            if held != row.held:
                self._rows[key] = replace(row, held=held)

    def remove(self, keys: Collection[str]) -> None:
        """Take rows off the list; a later look does not bring them back."""
        for key in keys:
            row = self._rows.pop(key, None)
            if row is not None:
                self._removed[key] = row
        self._tell_apart()

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._removed.clear()

    def _put(self, rows: Iterable[FilesetRow]) -> None:
        """Add rows; older ones that share files with a new one make way."""
        owners = {path: row.key for row in self.all for path in row.paths}
        for row in rows:
            for path in row.paths:
                older = owners.get(path, row.key)
                if older != row.key:
                    self._rows.pop(older, None)
            self._rows[row.key] = row
        self._tell_apart()

    def _tell_apart(self) -> None:
        """Rename rows so that equal names differ, also when they were dropped one by one."""
        found = {key: row.candidate for key, row in self._rows.items() if row.candidate}
        for key, told in zip(found, told_apart(list(found.values())), strict=True):
            if told is not found[key]:
                self._rows[key] = replace(self._rows[key], name=told.name, candidate=told)

    def _as_chosen(self, row: FilesetRow) -> FilesetRow:
        before = self._rows.get(row.key)
        if before is None or not row.can_include or before.level is not row.level:
            return row
        return replace(row, included=before.included)

    def _as_ignored(self, row: FilesetRow) -> FilesetRow:
        before = self._rows.get(row.key)
        if before is None or not before.ignored:
            return row
        return replace(row, ignored=True, included=False)


def _vanished(row: FilesetRow) -> FilesetRow:
    sentence = f"'{row.name}' is gone. Put it back in its place, or remove it from the list."
    return replace(row, level=Level.BLOCKED, included=False, sentence=sentence)
