"""Which of the listed filesets the repository holds already: a hint, never an obstacle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from transferapp.client.duplicates import held_already, hint
from transferapp.desktop.presenters.import_list import FilesetRow
from transferapp.errors import TransferAppError
from transferapp.model.duplicates import HeldAlready

if TYPE_CHECKING:
    from transferapp.desktop.presenters.session import SessionPresenter

#: What a question was about: client path and size of every file.
_Files = tuple[tuple[str, int], ...]


class KnownFilesets:
    """What the server said of rows, by their keys."""

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._asked: dict[str, _Files] = {}
        self._held: dict[str, HeldAlready] = {}
        self._dismissed: frozenset[str] = frozenset()

    async def ask(self, rows: Sequence[FilesetRow]) -> None:
        """Ask the server about rows that can be imported; its silence is fine."""
        asked = {row.key: row for row in rows if row.can_include}
        if not asked:
            return
        about = {key: _files(row) for key, row in asked.items()}
        for key in asked:
            if self._asked.get(key) != about[key]:
                self._held.pop(key, None)  # Said of other files.
        self._asked.update(about)
        candidates = [row.candidate for row in asked.values() if row.candidate]
        try:
            found = await held_already(self._session.server, candidates)
        except TransferAppError:
            for key in asked:
                self._asked.pop(key, None)
            return
        for key, one in zip(asked, found, strict=False):
            if self._asked.get(key) == about[key]:  # Nobody has asked otherwise meanwhile.
                self._held[key] = one

    async def ask_changed(self, rows: Sequence[FilesetRow]) -> None:
        """Ask about those whose files are not the ones that were asked about."""
        await self.ask([row for row in rows if self._asked.get(row.key) != _files(row)])

    async def ask_anew(self, rows: Sequence[FilesetRow]) -> None:
        """Ask about all, because the person wishes to know it now."""
        self._dismissed = frozenset()
        await self.ask(rows)

    def hint(self, rows: Sequence[FilesetRow]) -> str:
        """Say how many of these rows are there already; empty when none is, or when the
        person has read it of all of them.
        """
        if self._held_of(rows) <= self._dismissed:
            return ""
        return hint([self._held.get(row.key, HeldAlready()) for row in rows])

    def dismiss(self, rows: Sequence[FilesetRow]) -> None:
        """The person has read it of these rows; other ones are told of again."""
        self._dismissed |= self._held_of(rows)

    def forget(self) -> None:
        """Forget everything."""
        self._asked.clear()
        self._held.clear()
        self._dismissed = frozenset()

    def _held_of(self, rows: Sequence[FilesetRow]) -> frozenset[str]:
        return frozenset(row.key for row in rows if self._held.get(row.key))


def _files(row: FilesetRow) -> _Files:
    files = row.candidate.files if row.candidate else ()
    return tuple((file.client_path, file.size_bytes) for file in files)
