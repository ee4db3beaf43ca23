"""How the person wishes to be told by mail and webhook; every change is saved at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from transferapp.client.inbox import preferences_of
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.protocol.messages import NotificationView

MAIL, WEBHOOK = "mail", "webhook"


class PreferencesPresenter:
    """The server's word on a person's channels; ``changed`` tells of a new ``view``.

    Every change raises what the server refuses: Invalid, Busy, Unavailable.
    """

    def __init__(self, session: SessionPresenter) -> None:
        self._session = session
        self._owner = ""
        # Wishes are stored as a whole: two changes at once would lose one.
        self._writing = asyncio.Lock()
        self.view: NotificationView | None = None
        self.trouble: TransferAppError | None = None
        #: The webhook's secret, only while it is new: the server does not tell it again.
        self.secret = ""
        self.changed: Listeners[[]] = Listeners()
        session.changed.listen(self._session_changed)

    def is_on(self, channel: str) -> bool:
        """Return whether a channel is used."""
        return self.view is not None and channel in self.view.channels

    async def load(self) -> None:
        """Ask the server; ``trouble`` says why it did not answer."""
        try:
            view, self.trouble = await self._session.server.notifications(), None
        except TransferAppError as error:
            view, self.trouble = None, error
        self._take(view)

    async def set_channel(self, channel: str, *, on: bool) -> None:
        """Use a channel, or do not; its address is kept."""
        await self._change(channel=channel, on=on)

    async def set_topic(self, topic: str, *, on: bool) -> None:
        """Be told of a topic by mail and webhook, or do not."""
        async with self._writing:
            view = await self._session.server.notifications()
            kept = [one for one in view.topics if one != topic]
            await self._put(view, topics=[*kept, topic] if on else kept)

    async def set_address(self, address: str) -> None:
        """Have mails sent to an address once its code came back; empty: no mails.

        The same address again has a new code sent.
        """
        await self._change(channel=MAIL, on=bool(address), address=address)

    async def confirm(self, code: str) -> None:
        """Confirm the address with the code that was mailed; raises Invalid."""
        self._take(await self._session.server.verify_address(code))

    async def set_webhook(self, url: str) -> None:
        """Have messages posted to a URL; empty: none. ``secret`` is filled for a new one."""
        await self._change(channel=WEBHOOK, on=bool(url), webhook_url=url)

    async def try_out(self, channel: str) -> None:
        """Let the server send an example; raises what the other side answered."""
        await self._session.server.try_channel(channel)

    async def _change(self, *, channel: str, on: bool, **changes: object) -> None:
        async with self._writing:
            view = await self._session.server.notifications()
            kept = [one for one in view.channels if one != channel]
            await self._put(view, channels=[*kept, channel] if on else kept, **changes)

    async def _put(self, view: NotificationView, **changes: object) -> None:
        preferences = preferences_of(view, **changes)
        self._take(await self._session.server.change_notifications(preferences))

    def _take(self, view: NotificationView | None) -> None:
        if view is None or (self.view and view.webhook_url != self.view.webhook_url):
            self.secret = ""
        self.view = view
        self.secret = (view.webhook_secret if view else "") or self.secret
        self.changed.notify()

    def _session_changed(self) -> None:
        if self._session.owner != self._owner:
            self._owner = self._session.owner
            self.trouble = None
            self._take(None)
