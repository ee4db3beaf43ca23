"""Keep the import list's rows together with what the person chose, over many looks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import TypeAlias

from transferapp.desktop.imports.list import DuplicateOf, FilesetRow
from transferapp.desktop.imports.totals import ImportTotals
from transferapp.host.collecting import let_go, spare_what_is_there
from transferapp.intake.candidates import disambiguated
from transferapp.intake.preflight import Severity


class ImportRows:
    """Filesets by key, in the order they were found. No file is in two of them."""

    def __init__(self) -> None:
        self._rows: dict[str, FilesetRow] = {}
        self._removed: dict[str, FilesetRow] = {}
        #: The keys of rows that the repository was said to hold something of.
        self._held: set[str] = set()
        self.totals = ImportTotals()
        #: How often something was changed here, and when the three after it were made.
        self.changes = 0
        self._summed_up = -1
        self._included: tuple[FilesetRow, ...] = ()
        self._listed: tuple[FilesetRow, ...] = ()
        self._others: tuple[FilesetRow, ...] = ()

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._rows)

    def __contains__(self, key: str) -> bool:
        """Say whether there is a row of this key."""
        return key in self._rows

    @property
    def all(self) -> tuple[FilesetRow, ...]:
        """Every row."""
        return tuple(self._rows.values())

    @property
    def listed(self) -> tuple[FilesetRow, ...]:
        """The rows that are worth a line each; the same tuple until something changes."""
        self.sum_up()
        return self._listed

    @property
    def others(self) -> tuple[FilesetRow, ...]:
        """The files that are no images as far as anybody knows."""
        self.sum_up()
        return self._others

    @property
    def included(self) -> tuple[FilesetRow, ...]:
        """The rows that will be imported."""
        self.sum_up()
        return self._included

    def found(self, keys: Iterable[str]) -> list[FilesetRow]:
        """Return the rows of these keys, as far as there are any."""
        return [self._rows[key] for key in keys if key in self._rows]

    @property
    def anyway(self) -> frozenset[str]:
        """The keys of those that the person imports although nobody knows their format."""
        return frozenset(key for key, row in self._rows.items() if row.anyway)

    @property
    def removed(self) -> tuple[FilesetRow, ...]:
        """The rows that were taken off the list; their files lie where they lay."""
        return tuple(replace(row, included=False) for row in self._removed.values())

    @property
    def doubtful(self) -> bool:
        """Some row may become importable by waiting."""
        return self.totals.unsettled > 0

    def sum_up(self) -> None:
        """Make what windows ask for many times for each change."""
        if self._summed_up != self.changes:
            rows = self._rows.values()
            self._included = tuple([row for row in rows if row.included])
            self._listed = tuple([row for row in rows if not row.other])
            self._others = tuple([row for row in rows if row.other])
            self._summed_up = self.changes

    def copy(self) -> ImportRows:
        """Return rows of their own, to be changed in a thread."""
        made = ImportRows()
        made._rows, made._removed = dict(self._rows), dict(self._removed)
        made._held, made.totals = set(self._held), self.totals.copy()
        made.changes = self.changes
        return made

    def let_go(self) -> None:
        """Forget everything for good; call it in a thread."""
        self._included = self._listed = self._others = ()
        let_go(self._rows, self._removed)

    def add(self, rows: Iterable[FilesetRow]) -> None:
        """Take in what a person dropped, also what she removed before."""
        new = list(rows)
        for row in new:
            self._removed.pop(row.key, None)
        self._put([self._as_ignored(row) for row in new])

    def judge_again(self, rows: Iterable[FilesetRow]) -> None:
        """Take in a new look at the same places; ticks stay, good news ticks a row."""
        found = [row for row in rows if row.key not in self._removed]
        keys = {row.key for row in found}
        for row in list(self._rows.values()):
            if row.key in keys:
                continue
            if row.candidate is None or row.other:
                self._rows.pop(row.key)  # Never could be imported: nobody misses it.
            else:
                self._rows[row.key] = _vanished(row)
        self._put([self._as_ignored(self._as_chosen(row)) for row in found])

    def judged(self, rows: Iterable[FilesetRow]) -> None:
        """Take in another verdict about rows that are here."""
        self._change(row for row in rows if row.key in self._rows)

    def include(self, keys: Collection[str], *, included: bool) -> None:
        """Tick rows or leave them out; blocked ones stay out."""
        found = self.found(keys)
        self._change(replace(row, included=included) for row in found if row.can_include)

    def ignore(self, keys: Collection[str], *, ignored: bool) -> None:
        """Note that these files do not matter, or that they do after all."""
        found = [replace(row, ignored=ignored, included=False) for row in self.found(keys)]
        self._change(replace(row, included=row.can_include) for row in found)

    def know(
        self, duplicate_of: Callable[[FilesetRow], DuplicateOf | None], keys: Collection[str]
    ) -> None:
        """Note of rows what the repository holds of them: of nothing but these ``keys``."""
        found = [(row, duplicate_of(row)) for row in self.found({*keys, *self._held})]
        self._held = {row.key for row, held in found if held is not None}
        self._change(replace(row, held=held) for row, held in found if row.held != held)

    def remove(self, keys: Collection[str]) -> None:
        """Take rows off the list; a later look does not bring them back."""
        found = self.found(keys)
        for row in found:
            self._removed[row.key] = self._rows.pop(row.key)
        if found:
            self._rearranged()

    def _put(self, rows: Iterable[FilesetRow]) -> None:
        """Add rows; older ones that share files with a new one make way."""
        owners = {place: row.key for row in self._rows.values() for place in row.places}
        for row in rows:
            for place in row.places:
                older = owners.get(place, row.key)
                if older != row.key:
                    self._rows.pop(older, None)
            self._rows[row.key] = row
        self._rearranged()

    def _change(self, rows: Iterable[FilesetRow]) -> None:
        """Put rows in the place of those with their keys."""
        changed = False
        for row in rows:
            self.totals.count(self._rows[row.key], -1)
            self.totals.count(row)
            self._rows[row.key] = row
            changed = True
        self.changes += changed

    def _rearranged(self) -> None:
        """Rows came or went."""
        self._disambiguate()
        self.totals = ImportTotals.of(self._rows.values())
        self.changes += 1

    def _disambiguate(self) -> None:
        """Rename rows so that equal names differ, also when they were dropped one by one."""
        found = {key: row.candidate for key, row in self._rows.items() if row.candidate}
        for key, reported in zip(found, disambiguated(list(found.values())), strict=True):
            if reported is not found[key]:
                self._rows[key] = replace(
                    self._rows[key], name=reported.name, candidate=reported
                )

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


#: Changing so many rows, or searching them for cycles of objects, would hold a window.
MANY_ROWS = 10_000
#: Changes a list.
Change: TypeAlias = Callable[[ImportRows], None]


async def changed_in_thread(now: Callable[[], ImportRows], change: Change) -> ImportRows:
    """Return the list that is there ``now``, changed.

    That is done in a thread: telling 100,000 names apart takes a second.
    """

    def work(made: ImportRows) -> None:
        change(made)
        made.sum_up()

    while True:
        before = now()
        count, made = before.changes, before.copy()
        await asyncio.to_thread(work, made)
        if now() is before and before.changes == count:  # Nobody has changed it meanwhile.
            if len(made) >= MANY_ROWS:
                spare_what_is_there()
            return made


def _vanished(row: FilesetRow) -> FilesetRow:
    sentence = f"'{row.name}' is gone. Put it back in its place, or remove it from the list."
    return replace(row, level=Severity.BLOCKED, included=False, sentence=sentence)
