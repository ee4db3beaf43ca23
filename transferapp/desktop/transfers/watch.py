"""Keep one transfer's row fresh, for the confirmation right after Import was pressed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.transfers.rows import TransferRow, merge
from transferapp.errors import TransferAppError, Unavailable
from transferapp.host.clock import Clock

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.model.events import Event
    from transferapp.model.transfers import Transfer
    from transferapp.protocol.messages import SubmissionView

#: Seconds between two questions to the server, however many events come.
ASK_PAUSE_S = 0.5


class TransferWatch:
    """One transfer as agent and server see it; ``changed`` tells of a new ``row``."""

    def __init__(self, session: SessionPresenter, view: SubmissionView, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._view = view
        self._transfer: Transfer | None = None
        self._asked = asyncio.Event()
        self._asked.set()
        self._following = [
            kept_going("watching the agent", self._follow_agent),
            kept_going("watching the server", self._follow_server),
        ]
        self.row: TransferRow = merge(None, view, now=clock.now())
        self.changed: Listeners[[]] = Listeners()
        self._stops = (
            session.events.listen(self._event),
            session.missed.listen(self._asked.set),
        )

    @property
    def transfer_id(self) -> str:
        """The transfer that is watched."""
        return self._view.transfer_id

    def start(self) -> None:
        """Follow it until ``stop``."""
        for one in self._following:
            one.start()

    def stop(self) -> None:
        """Stop following; the transfer itself goes on."""
        for stop in self._stops:
            stop()
        for one in self._following:
            one.cancel()

    def _event(self, event: Event) -> None:
        if event.transfer_id == self.transfer_id:
            self._asked.set()

    async def _follow_agent(self) -> None:
        async for view in self._session.agent.follow(self._view.owner):
            if view.transfer_id == self.transfer_id:
                self._view = view
                self._update()

    async def _follow_server(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                details = await self._session.server.transfer(self.transfer_id)
            except Unavailable:
                self._asked.set()
            except TransferAppError:
                return  # Signed out, or it is gone: the Transfers page tells.
            else:
                self._transfer = details.transfer
                self._update()
            await asyncio.sleep(ASK_PAUSE_S)

    def _update(self) -> None:
        row = merge(self._transfer, self._view, now=self._clock.now())
        if row != self.row:
            self.row = row
            self.changed.notify()
