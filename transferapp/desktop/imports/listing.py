"""The list of an import while looks go on: what was found first can be chosen from at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from transferapp.desktop.imports.anyway import judged_anyway
from transferapp.desktop.imports.list import (
    FilesetRow,
    ListScan,
    ScanProgress,
    scan_at,
)
from transferapp.desktop.imports.read_formats import ReadFormats
from transferapp.desktop.imports.reading import Reading
from transferapp.desktop.imports.rows import (
    MANY_ROWS,
    Change,
    ImportRows,
    changed_in_thread,
)
from transferapp.desktop.session.background import Background
from transferapp.errors import Cancelled
from transferapp.host.collecting import seldom_collecting

#: Takes rows of a new look into the list.
TakeIn: TypeAlias = Callable[[ImportRows, Iterable[FilesetRow]], None]


class Listing:
    """The rows, and those that a look has judged already. Whatever a person does to the
    latter meanwhile holds when the look has ended.
    """

    def __init__(
        self,
        background: Background,
        changed: Callable[[], None],
        rows_changed: Callable[[], None],
    ) -> None:
        """``changed`` is called when a look came further, ``rows_changed`` with other rows."""
        self._background = background
        self._changed, self._rows_changed = changed, rows_changed
        self.rows = ImportRows()
        self.reading = Reading(self._progressed)
        #: Seconds of the last look.
        self.took_s = 0.0
        #: Dropped during a look, to be looked at after it.
        self.waiting: list[Path] = []
        self._arriving = ImportRows()
        self._arrived = 0
        #: What is listed, and what it was made of: windows ask many times for each change.
        self._listed: tuple[FilesetRow, ...] = ()
        self._listed_of: tuple[tuple[FilesetRow, ...], tuple[FilesetRow, ...]] | None = None
        self._meanwhile: list[Change] = []

    @property
    def listed(self) -> tuple[FilesetRow, ...]:
        """What is worth a line each; behind the rows what was judged first of a look."""
        of = self.rows.listed, self._arriving.listed
        if self._listed_of is None or any(
            a is not b for a, b in zip(of, self._listed_of, strict=True)
        ):
            new = [row for row in of[1] if row.key not in self.rows]
            self._listed_of, self._listed = of, (*of[0], *new) if new else of[0]
        return self._listed

    @property
    def scanning_text(self) -> str:
        """How far a look is and what waits for it, as a sentence; empty without a look."""
        progress = self.reading.progress
        if progress is None:
            return ""
        return (
            f"{progress.text} Then {len(self.waiting):,} more."
            if self.waiting
            else progress.text
        )

    def take_waiting(self) -> list[Path]:
        """Return what waits, which does not wait any more."""
        paths, self.waiting = self.waiting, []
        return paths

    def stop(self) -> None:
        """Stop looking, also at what waits."""
        self.waiting.clear()
        self.reading.stop()

    def change(self, change: Change, count: int) -> None:
        """Do something to about ``count`` rows: at once, or in a thread when they are many."""
        if self.reading.progress is not None:
            self._meanwhile.append(change)
            change(self._arriving)
        if count < MANY_ROWS:
            change(self.rows)
            self._rows_changed()
        else:
            self._background.start(self._change_many(change))

    def forget(self) -> None:
        """Empty the list; what is being looked at will not be listed either."""
        self.stop()
        self._replace(ImportRows())

    async def check(
        self,
        paths: Sequence[Path],
        reads: ReadFormats,
        named: Collection[Path],
        take_in: TakeIn,
    ) -> ListScan | None:
        """Look in a thread, and take in there what was found; None when it was stopped.

        ``named`` are other paths that the person gave.
        """
        try:
            with self.reading.begun(ScanProgress()) as (cancel, report), seldom_collecting():
                settings = await reads.ask()
                scan = await asyncio.to_thread(
                    scan_at, paths, cancel, report, settings, tuple(named)
                )
                requested = self.rows.anyway
                rows = await asyncio.to_thread(judged_anyway, scan.rows, requested, settings)
                made = await self._taken_in(lambda made: take_in(made, rows))
                if cancel.is_set():
                    return None
                self._replace(made)
        except Cancelled:
            return None
        self.took_s = scan.took_s
        return replace(scan, rows=rows)

    async def _taken_in(self, take_in: Change) -> ImportRows:
        """Return the rows with those of a look, and with what was done to them meanwhile."""
        while True:
            meanwhile = tuple(self._meanwhile)

            def work(
                made: ImportRows, changes: Sequence[Change] = (take_in, *meanwhile)
            ) -> None:
                for change in changes:
                    change(made)

            made = await changed_in_thread(lambda: self.rows, work)
            if len(meanwhile) == len(self._meanwhile):
                return made

    async def _change_many(self, change: Change) -> None:
        self._replace(await changed_in_thread(lambda: self.rows, change))
        self._rows_changed()

    def _replace(self, made: ImportRows) -> None:
        before, self.rows = self.rows, made
        if len(before) >= MANY_ROWS:
            self._background.start(asyncio.to_thread(before.let_go))

    def _progressed(self) -> None:
        """Tell how far looking is, and show what was judged first."""
        progress = self.reading.progress
        if progress is None:
            self._arriving, self._arrived, self._meanwhile = ImportRows(), 0, []
            self._rows_changed()
        elif len(progress.first_rows) > self._arrived:
            self._arriving.add(progress.first_rows[self._arrived :])
            self._arrived = len(progress.first_rows)
            for change in self._meanwhile:
                change(self._arriving)
            self._rows_changed()
        self._changed()
