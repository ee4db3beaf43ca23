"""What came of a person's transfers while she looked elsewhere, as the server keeps it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection
from transferapp.errors import Denied, NotFound, TransferAppError
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.waking import woken
from transferapp.model.events import EventKind
from transferapp.notify.texts import notable_event_of

if TYPE_CHECKING:
    from transferapp.client.inbox import InboxClient
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.model.events import Event
    from transferapp.protocol.messages import InboxMessage

#: Entries in one request, and how many are shown at most.
PAGE = 50
MOST_SHOWN = 500
#: New entries that are counted; beyond it is "99+".
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds until the inbox is read again."""

    #: Changes are told by events, written beside the entry, not with it: of a worker that
    #: is killed in between nobody hears. Looking now and then makes up for it.
    idle: float = 600.0
    #: The least, however many events come.
    least: float = 0.5


class InboxPresenter:
    """The signed-in person's inbox, kept fresh; ``changed`` tells of anything new.

    An entry counts as read when the person opened it: here, on another computer, or by
    clicking the notification that told the same (``transfer_opened``); being shown is not
    enough. ``open_requested`` carries the id of the transfer to go to.
    """

    def __init__(
        self,
        session: SessionPresenter,
        *,
        clock: Clock | None = None,
        pauses: Pauses | None = None,
    ) -> None:
        self._session = session
        self._pauses = pauses or Pauses()
        self._owner = ""
        self._following = kept_going("following the inbox", self._follow)
        self._requested = asyncio.Event()
        #: Opened here, and those of them that the server does not know of yet.
        self._opened: set[int] = set()
        self._untold: set[int] = set()
        #: When each transfer's last outcome happened, and up to when it was opened.
        self._reported_at: dict[str, datetime] = {}
        self._opened_upto: dict[str, datetime] = {}
        self._wanted = PAGE
        self.clock = clock or SystemClock()
        self.entries: list[InboxMessage] = []
        self.unread = 0
        self.has_more = False
        self.loaded = False
        #: Why the list may be old, or an empty text.
        self.notice = ""
        self.changed: Listeners[[]] = Listeners()
        self.open_requested: Listeners[[str]] = Listeners()
        session.changed.listen(self._session_changed)
        session.events.listen(self._event)
        session.missed.listen(self.refresh)

    def is_unread(self, entry: InboxMessage) -> bool:
        """Return whether the person has not opened it yet."""
        return entry.read_at is None and entry.id not in self._opened

    def start(self) -> None:
        """Follow the session that is there already (its changes start it too)."""
        self._session_changed()

    def refresh(self) -> None:
        """Read the inbox again now."""
        self._requested.set()

    def load_more(self) -> None:
        """Show older entries too."""
        self._wanted = min(self._wanted + PAGE, MOST_SHOWN)
        self.refresh()

    def open(self, entry: InboxMessage) -> None:
        """Go to an entry's transfer; that makes the entry read."""
        if self.is_unread(entry):
            self._note_opened(entry)
            self.unread = max(0, self.unread - 1)
            self.refresh()
            self.changed.notify()
        self.open_requested.notify(entry.transfer_id)

    def transfer_opened(self, transfer_id: str) -> None:
        """Note that what was told of a transfer until now was opened elsewhere."""
        known = [e.at for e in self.entries if e.transfer_id == transfer_id]
        if transfer_id in self._reported_at:
            known.append(self._reported_at[transfer_id])
        if known:
            self._opened_upto[transfer_id] = max(known)
            self.refresh()

    async def mark_all_read(self) -> None:
        """Make all entries read that came so far; raises Unavailable."""
        if self.entries:
            newest = max(entry.id for entry in self.entries)
            await self._session.server.mark_all_read(newest)
            self._opened.update(entry.id for entry in self.entries)
            self.refresh()

    async def close(self) -> None:
        """Stop following."""
        await self._following.stop()

    def _session_changed(self) -> None:
        owner = self._session.owner
        if owner != self._owner:
            self._change_person(owner)
        elif self._session.connection is Connection.ONLINE:
            self.refresh()  # The stream has begun: what came before it was not told here.

    def _change_person(self, owner: str) -> None:
        self._owner = owner
        self._following.cancel()
        self.entries, self.unread, self.loaded = [], 0, False
        self.has_more, self.notice, self._wanted = False, "", PAGE
        for store in (self._opened, self._untold, self._reported_at, self._opened_upto):
            store.clear()
        if owner:
            self._following.start()
        self.changed.notify()

    def _event(self, event: Event) -> None:
        if event.kind is EventKind.INBOX_CHANGED:
            self.refresh()
        elif notable_event_of(event) is not None:
            self._reported_at[event.transfer_id] = event.created_at

    async def _follow(self) -> None:
        while True:
            self._requested.clear()
            try:
                await self._read(self._session.server)
            except Denied:
                self._owner = ""  # Signed out; whoever comes next starts this again.
                return
            except TransferAppError as error:
                self.notice = error.message
                self.changed.notify()
            await asyncio.sleep(self._pauses.least)
            await woken(self._requested, self._pauses.idle)

    async def _read(self, client: InboxClient) -> None:
        new = (await client.inbox(unread=True, limit=MOST_COUNTED)).items
        for entry in new:
            if self._was_opened_elsewhere(entry):
                self._note_opened(entry)
        await self._report_opened(client)
        page = await client.inbox(limit=self._wanted)
        self.entries = page.items
        self.has_more = page.next is not None and self._wanted < MOST_SHOWN
        self.unread = sum(self.is_unread(entry) for entry in new)
        self.loaded, self.notice = True, ""
        self.changed.notify()

    def _note_opened(self, entry: InboxMessage) -> None:
        self._opened.add(entry.id)
        self._untold.add(entry.id)

    def _was_opened_elsewhere(self, entry: InboxMessage) -> bool:
        upto = self._opened_upto.get(entry.transfer_id)
        return self.is_unread(entry) and upto is not None and entry.at <= upto

    async def _report_opened(self, client: InboxClient) -> None:
        """An outage keeps them for the next round."""
        for entry_id in sorted(self._untold):
            with suppress(NotFound):  # It was cleared away meanwhile.
                await client.mark_read(entry_id)
            self._untold.discard(entry_id)
