"""A person's inbox on the server, and how she wishes to be told."""

from __future__ import annotations

from pydantic import ValidationError

from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.protocol import routes
from transferapp.protocol.messages import (
    InboxMessage,
    NotificationChanges,
    NotificationView,
    Page,
)


class InboxClient(ServerClient):
    """A ServerClient that also reads the inbox and changes notifications."""

    async def inbox(
        self, *, unread: bool = False, after: str = "", limit: int = 50
    ) -> Page[InboxMessage]:
        """List notifications, newest first; ``after`` is the ``next`` of the page before."""
        params = {"unread": str(unread).lower(), "after": after or "0", "limit": str(limit)}
        return await self._call(Page[InboxMessage], "GET", routes.INBOX, params=params)

    async def mark_read(self, entry_id: int) -> None:
        """Note that the person has seen one; raises NotFound."""
        await self._call(None, "POST", f"{routes.INBOX}/{entry_id}/read")

    async def mark_all_read(self, upto: int) -> None:
        """Note that the person has seen everything up to this id."""
        await self._call(None, "POST", f"{routes.INBOX}/read", json={"upto": upto})

    async def notifications(self) -> NotificationView:
        """Return how the person is told."""
        return await self._call(NotificationView, "GET", routes.NOTIFICATIONS)

    async def change_notifications(self, preferences: NotificationChanges) -> NotificationView:
        """Change it; a new mail address gets a code, a new webhook a secret, shown once."""
        body = preferences.model_dump(mode="json")
        return await self._call(NotificationView, "PUT", routes.NOTIFICATIONS, json=body)

    async def verify_address(self, code: str) -> NotificationView:
        """Confirm the mail address with the code that was mailed to it; raises Invalid."""
        path = f"{routes.NOTIFICATIONS}/verify"
        return await self._call(NotificationView, "POST", path, json={"code": code})

    async def try_channel(self, channel: str) -> None:
        """Let the server send an example by ``mail`` or ``webhook``; raises what came back."""
        path = f"{routes.NOTIFICATIONS}/test"
        await self._call(None, "POST", path, json={"channel": channel})


def preferences_of(view: NotificationView, **changes: object) -> NotificationChanges:
    """Return the wishes behind a view, changed in a few places; raises Invalid."""
    present = view.model_dump(include={"channels", "address", "webhook_url", "topics"})
    try:
        return NotificationChanges.model_validate({**present, **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"'{first['loc'][0]}' is not right: {first['msg']}.") from error
