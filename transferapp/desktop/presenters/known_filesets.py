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


class KnownFilesets:
    """What the server said of rows, by their keys."""

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._held: dict[str, HeldAlready] = {}
        self._dismissed = False

    async def ask(self, rows: Sequence[FilesetRow]) -> None:
        """Ask the server about rows that can be imported; its silence is fine."""
        asked = [(row.key, row.candidate) for row in rows if row.candidate and row.can_include]
        if not asked:
            return
        try:
            found = await held_already(self._session.server, [one for _, one in asked])
        except TransferAppError:
            return
        self._dismissed = False
        self._held.update((key, one) for (key, _), one in zip(asked, found, strict=False))

    def hint(self, rows: Sequence[FilesetRow]) -> str:
        """Say how many of these rows are there already; empty when none is."""
        if self._dismissed:
            return ""
        return hint([self._held.get(row.key, HeldAlready()) for row in rows])

    def dismiss(self) -> None:
        """The person has read it; other files are told of again."""
        self._dismissed = True

    def forget(self) -> None:
        """Forget everything."""
        self._held.clear()
        self._dismissed = False
