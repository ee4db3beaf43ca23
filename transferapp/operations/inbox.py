"""Read the inbox: what is read on one computer is read on all of them, at once."""

from __future__ import annotations

import structlog

from transferapp.errors import Unavailable
from transferapp.ledger.port import LedgerEvents
from transferapp.model.events import EventKind
from transferapp.notify.port import Inbox

_log = structlog.get_logger(__name__)


class InboxReading:
    """Marks entries as read and tells the person's other windows."""

    def __init__(self, inbox: Inbox, ledger: LedgerEvents) -> None:
        self._inbox = inbox
        self._ledger = ledger

    async def mark_read(self, username: str, entry_id: int) -> None:
        """Note that the person has seen an entry; again is fine. Raises NotFound."""
        if await self._inbox.mark_read(username, entry_id):
            await self._publish(username)

    async def mark_all_read(self, username: str, upto: int) -> None:
        """Note that the person has seen everything up to an id."""
        if await self._inbox.mark_all_read(username, upto):
            await self._publish(username)

    async def _publish(self, username: str) -> None:
        try:
            await self._ledger.publish(username, EventKind.INBOX_CHANGED)
        except Unavailable as error:
            # It is read; a refusal would be wrong. Other windows find out a little later.
            _log.warning("an inbox's change was not told", error=error.message)
