"""A person's inbox on the server."""

from __future__ import annotations

from transferapp.client.server import ServerClient
from transferapp.protocol import routes
from transferapp.protocol.messages import InboxMessage, Page


class InboxClient(ServerClient):
    """A ServerClient that reads the inbox."""

    async def inbox(
        self, *, unread: bool = False, after: str = "", limit: int = 50
    ) -> Page[InboxMessage]:
        """List notifications, newest first; ``after`` is the ``next`` of the page before."""
        params = {"unread": str(unread).lower(), "after": after or "0", "limit": str(limit)}
        return await self._call(Page[InboxMessage], "GET", routes.INBOX, params=params)

    async def mark_read(self, entry_id: int) -> None:
        """Note that the person has seen one; raises NotFound."""
        await self._call(None, "POST", f"{routes.INBOX}/{entry_id}/read")
