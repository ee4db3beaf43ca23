"""Files that are no images, attached to where the images go because the person wishes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from transferapp.client.attaching import (
    ATTACHMENTS,
    OLD_SERVER,
    attachable,
    why_not_attached,
)
from transferapp.desktop.imports.texts import shortened
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError

if TYPE_CHECKING:
    from transferapp.desktop.containers.targets import TargetsPresenter
    from transferapp.desktop.imports.list import FilesetRow
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.intake.scanning import FoundFile


class Attaching:
    """Whether the other files are attached, which of them, and why not.

    Off at first, and again for each import. ``changed`` tells of another wish, and of
    what a server says.
    """

    def __init__(
        self,
        session: SessionPresenter,
        targets: TargetsPresenter,
        others: Callable[[], tuple[FilesetRow, ...]],
    ) -> None:
        """``others`` gives the rows of files that are no images."""
        self._session, self._targets, self._others = session, targets, others
        #: What servers said that they can, by address.
        self._takes: dict[str, bool] = {}
        self._scanned_at: tuple[FilesetRow, ...] = ()
        self._files: dict[str, FoundFile] = {}
        self.requested = False
        self.changed: Listeners[[]] = Listeners()

    async def ask(self) -> None:
        """Ask the server, once, whether it takes attachments. Of one that does not answer
        nobody knows; it refuses them itself where it must.
        """
        url = self._session.server_url
        if url in self._takes:
            return
        try:
            info = await self._session.server.server_info()
        except TransferAppError:
            return
        self._takes[url] = ATTACHMENTS in info.capabilities
        self.changed.notify()

    def request(self, *, requested: bool) -> None:
        """Attach the other files, or leave them where they are."""
        self.requested = requested
        self.changed.notify()

    @property
    def text(self) -> str:
        """What ticking the box does."""
        chosen = self._targets.chosen
        return f"Attach them to the {chosen.ref.kind.lower() if chosen else 'dataset'}"

    @property
    def why_not(self) -> str:
        """Why they cannot be attached; empty when they can."""
        chosen, files = self._targets.chosen, tuple(self._attachable.values())
        if not self._takes.get(self._session.server_url, True):
            return OLD_SERVER
        if not files:
            return "Files that are hidden, unfinished or ignored are not attached."
        if chosen is None:
            return "Choose where the images go, then they can be attached there."
        if not chosen.container.can_annotate:
            name = shortened(chosen.container.name)
            return f"You may not attach files to '{name}'. Choose another target."
        return why_not_attached(files)

    @property
    def files(self) -> tuple[FoundFile, ...]:
        """What is attached as things stand."""
        return tuple(self._attachable.values()) if self.requested and not self.why_not else ()

    def stays_out(self, rows: Iterable[FilesetRow]) -> Iterator[FilesetRow]:
        """Yield the rows that are not attached."""
        attached = self._attachable if self.files else {}
        return (row for row in rows if not (row.other and row.key in attached))

    @property
    def _attachable(self) -> dict[str, FoundFile]:
        """The files that may be attached, by the key of their row."""
        rows = self._others()
        if rows is not self._scanned_at:
            self._scanned_at = rows
            self._files = {
                row.key: file
                for row in rows
                if row.candidate is not None and not row.ignored
                for file in attachable(row.candidate.files)
            }
        return self._files
