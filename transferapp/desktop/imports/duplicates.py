"""Which of the listed filesets the repository holds already: a hint, never an obstacle."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from transferapp.client.contents import Contents, ReadListener
from transferapp.client.duplicate_texts import hint, own_first, row_text, why_left_out
from transferapp.client.duplicates import Comparing, Duplicates
from transferapp.desktop.imports.list import DuplicateOf, FilesetRow
from transferapp.errors import SourceProblem, TransferAppError
from transferapp.host.collecting import seldom_collecting
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter

#: What a question was about: every file as it was scanned.
_Files = tuple[FoundFile, ...]


class FilesetDuplicates:
    """What the server said of rows, by their keys."""

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._contents = Contents()
        self._asked: dict[str, _Files] = {}
        self._known: dict[str, Duplicates] = {}
        self._dismissed: frozenset[str] = frozenset()
        self._cancel = threading.Event()
        #: What was said last of which rows; windows ask many times for each change.
        self._hint: tuple[Sequence[FilesetRow], str] | None = None

    async def ask(self, rows: Sequence[FilesetRow]) -> None:
        """Compare rows that can be imported with what is there; silence is fine."""
        with seldom_collecting():  # There may be 100,000 of them.
            about, candidates = await asyncio.to_thread(_about, rows)
            if not about:
                return
            for key in self._known.keys() & about.keys():
                if self._asked.get(key) != about[key]:
                    self._known.pop(key, None)  # Said of other files.
            self._asked.update(about)
            self._hint = None
            try:
                found = await self._comparing().check(candidates, self._cancel)
            except TransferAppError:  # Also Cancelled.
                for key in about:
                    self._asked.pop(key, None)
                self._hint = None
                return
            self._note_all(about, found)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of those of which something was said."""
        return frozenset(self._known)

    async def ask_changed(self, rows: Sequence[FilesetRow]) -> None:
        """Ask about those whose files are not the ones that were asked about."""
        await self.ask([row for row in rows if self._asked.get(row.key) != _files(row)])

    async def ask_anew(self, rows: Sequence[FilesetRow]) -> None:
        """Ask about all, because the person wishes to know it now."""
        self._dismissed = frozenset()
        self._hint = None
        await self.ask(rows)

    def unsure_bytes(self, rows: Iterable[FilesetRow]) -> int:
        """Return how much is to be read before these can be left out."""
        duplicates = ((row, self._of(row)) for row in rows)
        return sum(row.size_bytes for row, one in duplicates if one and not one.is_sure)

    async def leave_out(
        self, rows: Sequence[FilesetRow], cancel: threading.Event, read: ReadListener
    ) -> frozenset[str]:
        """Compare every byte of those that are known; return the keys of what is held.

        ``read`` is called from a thread. Raises Cancelled, and what the server's client
        raises; what was compared until then is kept.
        """
        duplicate, unprovable = set[str](), set[str]()
        comparing = self._comparing()
        for row in rows:
            if self._of(row) is None or row.candidate is None:
                continue
            try:  # What was read before is only asked for: it may have been deleted.
                duplicates = await comparing.completely(row.candidate, cancel, read)
            except SourceProblem:
                duplicates = None  # Looking again says what is wrong with it.
            self._note(row.key, duplicates)
            if duplicates is not None:
                (duplicate if duplicates.is_sure else unprovable).add(row.key)
        # More cannot be known of these: nobody needs to be asked again.
        self._dismissed |= unprovable
        self._hint = None
        return frozenset(duplicate)

    def duplicate_of(self, row: FilesetRow) -> DuplicateOf | None:
        """Say of a row what is held; None for nothing."""
        duplicates = self._of(row)
        if duplicates is None:
            return None
        why = why_left_out(duplicates, self._session.username)
        return DuplicateOf(row_text(duplicates), why, duplicates.hashed)

    def hint(self, rows: Sequence[FilesetRow]) -> str:
        """Say how many of these rows are there already; empty when none is, or when the
        person has read it of all of them.
        """
        if self._hint is None or self._hint[0] is not rows:
            read = self._duplicates_of(rows) <= self._dismissed
            self._hint = rows, "" if read else hint([self._of(row) for row in rows])
        return self._hint[1]

    def dismiss(self, rows: Sequence[FilesetRow]) -> None:
        """The person has read it of these rows; other ones are told of again."""
        self._dismissed |= self._duplicates_of(rows)
        self._hint = None

    def forget(self) -> None:
        """Forget everything, and stop reading."""
        self.stop()
        self._cancel = threading.Event()
        self._asked.clear()
        self._known.clear()
        self._dismissed = frozenset()
        self._hint = None

    def stop(self) -> None:
        """Stop reading files that were asked about."""
        self._cancel.set()

    def _comparing(self) -> Comparing:
        return Comparing(self._session.server, self._contents)

    def _note_all(self, about: dict[str, _Files], found: Sequence[Duplicates | None]) -> None:
        for key, one in zip(about, found, strict=True):
            if one is None and key not in self._known:
                continue
            if self._asked.get(key) == about[key]:  # Nobody has asked otherwise meanwhile.
                self._note(key, one)

    def _note(self, key: str, duplicates: Duplicates | None) -> None:
        self._hint = None
        if duplicates is None:
            self._known.pop(key, None)
        else:
            self._known[key] = own_first(duplicates, self._session.username)

    def _of(self, row: FilesetRow) -> Duplicates | None:
        duplicates = self._known.get(row.key)
        if duplicates is None or self._asked.get(row.key) != _files(row):
            return None
        return duplicates

    def _duplicates_of(self, rows: Iterable[FilesetRow]) -> frozenset[str]:
        if not self._known:
            return frozenset()
        return frozenset([row.key for row in rows if row.key in self._known and self._of(row)])


def _about(rows: Sequence[FilesetRow]) -> tuple[dict[str, _Files], list[FilesetCandidate]]:
    """Return what is asked of rows that can be imported, by their keys, and their files."""
    asked = {row.key: row for row in rows if row.can_include and row.candidate}
    candidates = [row.candidate for row in asked.values() if row.candidate]
    return {key: _files(row) for key, row in asked.items()}, candidates


def _files(row: FilesetRow) -> _Files:
    return row.candidate.files if row.candidate else ()
