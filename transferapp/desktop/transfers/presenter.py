"""What the Transfers page shows: all transfers of a person, as server and agent know them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from transferapp.client.agent import NOT_IN_ITS_HANDS
from transferapp.client.receipt_saving import save_receipt
from transferapp.client.receipts import keep_keys
from transferapp.desktop.session.background import kept_going
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection
from transferapp.desktop.transfers.board import RowBatch, TransferBoard
from transferapp.desktop.transfers.rows import TransferRow
from transferapp.errors import (
    AgentUnreachable,
    Denied,
    GrantRefused,
    NotFound,
    TransferAppError,
    TransferNotFound,
    Unavailable,
)
from transferapp.host.clock import Clock, SystemClock
from transferapp.model.transfers import TransferDetails, TransferItem
from transferapp.protocol.messages import PlacementView, Submission

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.model.events import Event

#: Transfers in one request to the server.
PAGE = 200
#: Seconds between two rounds of asking the server about changes.
REFRESH_PAUSE_S = 0.5
#: Seconds until a server that did not answer is asked again.
UNAVAILABLE_PAUSE_S = 3.0
#: Seconds between two looks at what has gone quiet or moves on another workstation.
POLL_PAUSE_S = 10.0
#: An agent that restarts is back before anyone needs to know.
AGENT_GRACE_S = 5.0
#: Details with more items than this are read less often.
MANY_ITEMS = 500

#: In place of a transfer's id: every page of the list, or the newest page only.
_ALL, _NEWEST = "", "-"

Step = Callable[[], Coroutine[Any, Any, None]]


class TransfersPresenter:
    """All transfers of the signed-in person.

    ``batches`` tells of changed rows (at most 10 times a second), ``changed`` of notices and
    of the selected transfer's details. It starts and stops by itself with the session.
    """

    def __init__(
        self,
        session: SessionPresenter,
        *,
        clock: Clock | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._session = session
        self._pause = pause
        self._board = TransferBoard(clock or SystemClock())
        self._tasks: list[asyncio.Task[None]] = []
        self._agent_watch: asyncio.Task[None] | None = None
        self._owner = ""
        self._online = False
        self._dirty: dict[str, None] = {}
        self._dirty_set = asyncio.Event()
        self.clock = clock or SystemClock()
        self.selected = ""
        self.details: TransferDetails | None = None
        self.loaded = False
        #: What a person should know about the list: empty, or a sentence.
        self.server_notice = ""
        self.changed: Listeners[[]] = Listeners()
        session.changed.listen(self._session_changed)
        session.events.listen(self._event)
        session.missed.listen(self.refresh)

    @property
    def rows(self) -> Mapping[str, TransferRow]:
        """All rows by transfer id."""
        return self._board.rows

    @property
    def batches(self) -> Listeners[[RowBatch]]:
        """Tells of changed rows."""
        return self._board.batches

    @property
    def selected_row(self) -> TransferRow | None:
        """The row of the selected transfer."""
        return self.rows.get(self.selected)

    def start(self) -> None:
        """Follow the session that is there already (the session's own changes start it too)."""
        self._session_changed()

    async def close(self) -> None:
        """Stop following."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._board.close()

    def refresh(self) -> None:
        """Read the list again from the server."""
        self._mark_dirty(_ALL)

    async def select(self, transfer_id: str) -> None:
        """Choose the transfer whose details are kept fresh; an empty id chooses none."""
        if transfer_id == self.selected:
            return
        self.selected, self.details = transfer_id, None
        self.changed.notify()
        await self._read_details()

    async def cancel(self, transfer_id: str) -> None:
        """Stop a transfer on both sides; raises what the server says."""
        await self._at_agent_and_server(
            transfer_id,
            self._session.server.cancel(transfer_id),
            self._session.agent.cancel(transfer_id),
            server_must=True,
        )

    async def retry(self, transfer_id: str) -> None:
        """Try again what failed or waits, on both sides; raises what neither could do."""
        await self._renew_grant(transfer_id)
        await self._send_changed_anew(transfer_id)
        await self._at_agent_and_server(
            transfer_id,
            self._session.server.retry(transfer_id),
            self._session.agent.retry(transfer_id),
        )

    async def cancel_item(self, transfer_id: str, item_id: str) -> None:
        """Stop one item."""
        await self._session.server.cancel(transfer_id, item_id)
        await self._reported(transfer_id)

    async def retry_item(self, transfer_id: str, item_id: str) -> None:
        """Try one item again; the agent tries all of its transfer's files."""
        await self._send_changed_anew(transfer_id, item_id)
        await self._at_agent_and_server(
            transfer_id,
            self._session.server.retry(transfer_id, item_id),
            self._session.agent.retry(transfer_id),
        )

    async def save_receipt(self, transfer_id: str, path: Path) -> None:
        """Save a transfer's receipt, in place of what is there; raises StateConflict when
        nothing of it is verified, Invalid when it cannot be written.
        """
        content = await self._session.server.receipt(transfer_id)
        await keep_keys(self._session.server)
        await asyncio.to_thread(save_receipt, path, content, replace=True)

    async def placement(self, item: TransferItem) -> PlacementView:
        """Say where an exported item is; raises AgentUnreachable, or NotFound where this
        workstation has not fetched it.
        """
        for found in await self._session.agent.placements(item.transfer_id):
            if found.item_id == item.id and found.placed:
                return found
        raise NotFound("This workstation has not placed this item yet.")

    async def _at_agent_and_server(
        self,
        transfer_id: str,
        server: Awaitable[object],
        agent: Awaitable[object],
        *,
        server_must: bool = False,
    ) -> None:
        """Ask both sides, the server first: the agent asks it how far it is. One of them (or
        the server, if it must) has to agree.
        """
        [by_server] = await asyncio.gather(server, return_exceptions=True)
        [by_agent] = await asyncio.gather(agent, return_exceptions=True)
        await self._reported(transfer_id)
        if not isinstance(by_server, BaseException):
            return
        unknown = isinstance(by_server, TransferNotFound)
        if isinstance(by_agent, BaseException) or (server_must and not unknown):
            raise by_server

    async def _send_changed_anew(self, transfer_id: str, item_id: str = "") -> None:
        """What the agent cannot say goes on with what was sent."""
        with suppress(*NOT_IN_ITS_HANDS):
            await self._session.agent.send_changed_anew(transfer_id, item_id)

    async def _renew_grant(self, transfer_id: str) -> None:
        """Give the agent a fresh permission when the old one has run out."""
        view = self._board.view(transfer_id)
        if view is None or view.trouble_code != GrantRefused.code:
            return
        grant = await self._session.server.renew_grant(transfer_id)
        kept = view.model_dump(
            include={"kind", "transfer_id", "name", "owner", "server_url", "destination"}
        )
        await self._session.agent.submit(Submission(**kept, grant=SecretStr(grant)))

    async def _reported(self, transfer_id: str) -> None:
        self._mark_dirty(transfer_id)
        await self._read_details()

    # Following the session ------------------------------------------------------------

    def _session_changed(self) -> None:
        if self._session.owner != self._owner:
            self._switch(self._session.owner)
        online = self._session.connection is Connection.ONLINE
        if online and not self._online:
            self._mark_dirty(_ALL)  # Whatever happened meanwhile was not told.
        self._online = online
        offline = self._session.connection is Connection.OFFLINE
        self._notice(
            "The server does not answer. This list shows what this workstation knows;"
            " started transfers continue by themselves."
            if offline
            else ""
        )

    def _switch(self, owner: str) -> None:
        for task in self._tasks:
            task.cancel()
        self._owner, self._tasks, self._agent_watch = owner, [], None
        self._online = False
        self.selected, self.details, self.loaded = "", None, False
        self._board.clear()
        if owner:
            self._begin(self._follow_agent)
            self._begin(self._keep_fresh)
            self._begin(self._keep_polling)

    def _begin(self, step: Step) -> asyncio.Task[None]:
        following = kept_going("following the transfers", step)
        task = asyncio.get_running_loop().create_task(following.run(), name=following.name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task in self._tasks:
            self._tasks.remove(task)

    def _event(self, event: Event) -> None:
        if event.transfer_id:
            self._mark_dirty(event.transfer_id)

    def _mark_dirty(self, transfer_id: str) -> None:
        self._dirty[transfer_id] = None
        self._dirty_set.set()

    async def _follow_agent(self) -> None:
        async for view in self._session.agent.follow(self._owner, on_lost=self._agent_gone):
            self._agent_back()
            self._board.put_view(view)

    def _agent_gone(self, _error: AgentUnreachable) -> None:
        if self._agent_watch is None:
            self._agent_watch = self._begin(self._watch_agent)

    async def _watch_agent(self) -> None:
        """Note that the agent is gone until it answers; a quick restart is not worth it.

        That it is gone is said above all pages (shell/services.py).
        """
        while True:
            await self._pause(AGENT_GRACE_S)
            try:
                await self._session.agent.info()
            except AgentUnreachable:
                self._board.note_agent(lost=True)
            else:
                break
        self._agent_watch = None
        self._agent_back()

    def _agent_back(self) -> None:
        if self._agent_watch is not None:
            self._agent_watch.cancel()
            self._agent_watch = None
        self._board.note_agent(lost=False)

    def _notice(self, text: str) -> None:
        if text != self.server_notice:
            self.server_notice = text
            self.changed.notify()

    # Asking the server ----------------------------------------------------------------

    async def _keep_fresh(self) -> None:
        """Ask for what changed, at most twice a second, however many events come."""
        while True:
            await self._dirty_set.wait()
            self._dirty_set.clear()
            dirty, self._dirty = self._dirty, {}
            try:
                await self._refresh(set(dirty))
            except Unavailable:
                # The session says so above the page; what was dirty still is.
                self._dirty = {**dirty, **self._dirty}
                self._dirty_set.set()
                await self._pause(UNAVAILABLE_PAUSE_S)
            except Denied:
                return  # The session has ended; the main window says so.
            except Exception:
                self._dirty = {**dirty, **self._dirty}
                self._dirty_set.set()
                raise
            await self._pause(REFRESH_PAUSE_S)

    async def _refresh(self, dirty: set[str]) -> None:
        everything = _ALL in dirty or not self.loaded
        missing = dirty - {_ALL, _NEWEST}
        after = ""
        while True:
            page = await self._session.server.transfers(after=after, limit=PAGE)
            self._board.put_transfers(page.items)
            missing -= {transfer.id for transfer in page.items}
            # The newest page answers for nearly all changes with one request.
            if page.next is None or not everything:
                break
            after = page.next
        for transfer_id in missing:
            await self._refresh_one(transfer_id)
        if not self.loaded:
            self.loaded = True
            self.changed.notify()
        if self.selected in dirty or (everything and self.selected):
            await self._read_details()

    async def _refresh_one(self, transfer_id: str) -> None:
        try:
            details = await self._session.server.transfer(transfer_id)
        except NotFound:
            self._board.drop_transfer(transfer_id)
        else:
            self._board.put_transfers([details.transfer])

    async def _read_details(self) -> None:
        wanted = self.selected
        if not wanted:
            return
        try:
            details = await self._session.server.transfer(wanted)
        except TransferAppError:
            return  # The row and the notice above the list say what is wrong.
        if self.selected == wanted:
            self.details = details
            self._board.put_transfers([details.transfer])
            self.changed.notify()

    async def _keep_polling(self) -> None:
        """Look at the clock, and at transfers that other workstations move."""
        while True:
            await self._pause(POLL_PAUSE_S)
            self._board.scan_again()
            if any(not row.ended for row in self.rows.values()):
                self._mark_dirty(self.selected if self._few_items() else _NEWEST)

    def _few_items(self) -> bool:
        return self.details is not None and len(self.details.items) <= MANY_ITEMS
