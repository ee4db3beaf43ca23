"""What is told of an import that has ended links to its images' pages."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from transferapp.errors import TransferNotFound
from transferapp.ledger.port import TransferLists
from transferapp.model.events import EventKind
from transferapp.model.image_pages import image_pages
from transferapp.model.transfers import TransferKind
from transferapp.notify.port import NotableEvent

#: Of one message; ``transfers show`` has all of them.
MOST_LINKS = 10


class ImageLinks:
    """Adds links to notable events; none where the repository has no pages."""

    def __init__(self, ledger: TransferLists, template: str = "") -> None:
        """``template``: the repository's ``image_page``."""
        self._ledger, self._template = ledger, template

    async def linked(self, notable: NotableEvent) -> NotableEvent:
        """Return an end of an import with the addresses of its first images."""
        if not self._template or notable.kind != EventKind.TRANSFER_ENDED:
            return notable
        with suppress(TransferNotFound):  # It was forgotten meanwhile.
            found = await self._ledger.details(
                notable.transfer_id, owner=notable.username, with_files=False
            )
            if found.transfer.kind is TransferKind.IMPORT:
                pages = image_pages(self._template, found.image_ids[:MOST_LINKS])
                return replace(notable, links=tuple(pages.values()))
        return notable
