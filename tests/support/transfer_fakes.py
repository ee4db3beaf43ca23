"""Transfers, submissions and a session to watch, for tests of presenters and pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from transferapp.client.sessions import FormatsAnswer
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection, SessionPresenter
from transferapp.errors import AgentUnreachable, NotFound, TransferAppError, TransferNotFound
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.drops import LeftOut
from transferapp.model.duplicates import DuplicateMatch
from transferapp.model.events import Event, EventKind
from transferapp.model.promises import Promises
from transferapp.model.transfers import (
    ItemProblem,
    ItemState,
    Transfer,
    TransferDetails,
    TransferItem,
    TransferKind,
)
from transferapp.protocol.duplicates import AskedItem
from transferapp.protocol.messages import (
    AgentInfo,
    PlacementView,
    ServerInfo,
    SubmissionView,
    TransferList,
)

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
OWNER = "anna@http://localhost:8470"


class StillClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


def promises(log_off: bool = True, switch_off: bool = False, delete: bool = False) -> Promises:
    return Promises(log_off, switch_off, delete, delete)


def transfer(number: int = 1, **changes: Any) -> Transfer:
    """An import of 31 files, 48 MB, half uploaded."""
    base = Transfer(
        id=f"{number:032x}",
        kind=TransferKind.IMPORT,
        name=f"Embryo {number}",
        owner="anna",
        state=ItemState.UPLOADING,
        created_at=NOW - timedelta(minutes=number),
        updated_at=NOW,
        item_count=12,
        items_done=0,
        items_in_trouble=0,
        file_count=31,
        size_bytes=48_000_000,
        bytes_done=24_000_000,
        promises=promises(log_off=False),
        target=ContainerRef(ContainerKind.DATASET, 5),
        target_name="Flies / Embryos",
    )
    return replace(base, **changes)


def view(number: int = 1, **changes: Any) -> SubmissionView:
    """The agent's word on the same transfer."""
    base = SubmissionView(
        transfer_id=f"{number:032x}",
        kind="import",
        name=f"Embryo {number}",
        owner=OWNER,
        server_url="http://localhost:8470",
        state="uploading",
        files_total=31,
        files_done=3,
        bytes_total=48_000_000,
        bytes_done=24_000_000,
        safe_to_log_off=True,
        safe_to_switch_off=False,
        safe_to_delete_source=False,
        created_at=NOW - timedelta(minutes=number),
        updated_at=NOW,
    )
    return base.model_copy(update=changes)


def item(number: int = 1, **changes: Any) -> TransferItem:
    """One fileset of two files."""
    base = TransferItem(
        id=f"item{number}",
        transfer_id=f"{1:032x}",
        name=f"position_{number:03d}.ome.tif",
        state=ItemState.UPLOADING,
        file_count=2,
        size_bytes=4_000_000,
        bytes_done=1_000_000,
        updated_at=NOW,
    )
    return replace(base, **changes)


def problem(error: TransferAppError, retry_in_s: float | None = None) -> ItemProblem:
    retry_at = NOW + timedelta(seconds=retry_in_s) if retry_in_s is not None else None
    return ItemProblem(error.code, error.title, error.message, error.retryable, retry_at)


def event(transfer_id: str, number: int = 1) -> Event:
    return Event(
        number, EventKind.TRANSFER_CHANGED, "anna", transfer_id, "", "uploading", "", "", NOW
    )


class FakeServer:
    """The server's answers, held in lists that a test fills."""

    def __init__(self) -> None:
        self.known: dict[str, Transfer] = {}
        self.items: dict[str, tuple[TransferItem, ...]] = {}
        self.left_out: dict[str, tuple[LeftOut, ...]] = {}
        self.image_page = ""
        self.calls: list[tuple[str, ...]] = []
        self.error: TransferAppError | None = None
        self.tops: list[Container] = []
        self.inside: dict[ContainerRef, list[Container]] = {}
        #: What is held already, by the client path of the file to open.
        self.held: dict[str, DuplicateMatch] = {}
        self.repository = "local"
        self.capabilities = ["attachments"]
        self.unknown_allowed = True
        self.base_url = "http://server.test"

    async def formats(self, etag: str = "") -> FormatsAnswer | None:
        if self.error is not None:
            raise self.error
        is_omero = self.repository.lower() == "omero"
        formats = omero_formats() if is_omero else embedded_formats()
        return FormatsAnswer(replace(formats, unknown_allowed=self.unknown_allowed), etag)

    async def server_info(self) -> ServerInfo:
        if self.error is not None:
            raise self.error
        return ServerInfo(
            name="T",
            version="1",
            repository=self.repository,
            capabilities=self.capabilities,
            part_size=1,
        )

    def put(self, *transfers: Transfer) -> None:
        self.known.update({t.id: t for t in transfers})

    async def transfers(self, *, after: str = "", limit: int = 50, **_: Any) -> TransferList:
        self._note("transfers", after)
        ordered = sorted(self.known.values(), key=lambda t: t.created_at, reverse=True)
        ids = [t.id for t in ordered]
        start = ids.index(after) + 1 if after else 0
        page = ordered[start : start + limit]
        more = start + limit < len(ordered)
        return TransferList(items=page, next=page[-1].id if more else None)

    async def transfer(self, transfer_id: str, **_: Any) -> TransferDetails:
        self._note("transfer", transfer_id)
        if transfer_id not in self.known:
            raise TransferNotFound
        items = self.items.get(transfer_id, ())
        left_out = self.left_out.get(transfer_id, ())
        return TransferDetails(
            self.known[transfer_id], items, left_out=left_out, image_page=self.image_page
        )

    async def cancel(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        return await self._act("cancel", transfer_id, item_id)

    async def retry(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        return await self._act("retry", transfer_id, item_id)

    async def receipt(self, transfer_id: str) -> bytes:
        self._note("receipt", transfer_id)
        return b"a.b.c\n"

    async def receipt_keys(self) -> list[object]:
        raise NotFound  # As a server of before receipts answers.

    async def renew_grant(self, transfer_id: str) -> str:
        self._note("renew_grant", transfer_id)
        return "ta1_fresh"

    async def containers(self, parent: ContainerRef | None = None, **_: Any) -> list[Container]:
        self._note("containers")
        return self.inside.get(parent, []) if parent else self.tops

    async def duplicates(self, items: Sequence[AskedItem]) -> list[DuplicateMatch]:
        self._note("duplicates")
        return [self.held.get(one.files[0].client_path, DuplicateMatch()) for one in items]

    async def _act(self, act: str, transfer_id: str, item_id: str | None) -> TransferDetails:
        self._note(act, transfer_id, *([item_id] if item_id else []))
        return await self.transfer(transfer_id)

    def _note(self, *call: str) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error


class FakeAgent:
    """The agent's stream, fed by ``say``; ``lose`` breaks it off."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.here = True
        self.trouble = ""
        #: Where items of exports are.
        self.placed: list[PlacementView] = []
        self._streams: list[asyncio.Queue[SubmissionView | AgentUnreachable]] = []

    def show(self, *views: SubmissionView) -> None:
        for queue in self._streams:
            for one in views:
                queue.put_nowait(one)

    def lose(self) -> None:
        self.here = False
        for queue in self._streams:
            queue.put_nowait(AgentUnreachable())

    async def follow(
        self, *_: Any, on_lost: Callable[[AgentUnreachable], None] | None = None
    ) -> AsyncIterator[SubmissionView]:
        queue: asyncio.Queue[SubmissionView | AgentUnreachable] = asyncio.Queue()
        self._streams.append(queue)
        while True:
            reported = await queue.get()
            if isinstance(reported, SubmissionView):
                yield reported
            elif on_lost is not None:
                on_lost(reported)

    async def info(self) -> AgentInfo:
        self._check()
        return AgentInfo(version="1", account="anna", pid=1, trouble=self.trouble)

    async def placements(self, _transfer_id: str) -> list[PlacementView]:
        self._check()
        return self.placed

    async def cancel(self, transfer_id: str) -> SubmissionView:
        return self._act("cancel", transfer_id)

    async def retry(self, transfer_id: str) -> SubmissionView:
        return self._act("retry", transfer_id)

    async def send_changed_anew(self, transfer_id: str, item_id: str = "") -> SubmissionView:
        return self._act("send_changed_anew", transfer_id, *([item_id] if item_id else []))

    async def submit(self, submission: Any) -> SubmissionView:
        return self._act("submit", submission.transfer_id, submission.grant.get_secret_value())

    def _act(self, *call: str) -> SubmissionView:
        self.calls.append(call)
        self._check()
        return view()

    def _check(self) -> None:
        if not self.here:
            raise AgentUnreachable


class FakeSession:
    """As much of a SessionPresenter as the pages see."""

    def __init__(self) -> None:
        self.server = FakeServer()
        self.agent = FakeAgent()
        self.owner = OWNER
        self.username = "anna"
        self.server_url = "http://localhost:8470"
        self.signed_in = True
        self.connection = Connection.ONLINE
        self.changed: Listeners[[]] = Listeners()
        self.events: Listeners[[Event]] = Listeners()
        self.missed: Listeners[[]] = Listeners()

    def as_session(self) -> SessionPresenter:
        return cast("SessionPresenter", self)

    def go(self, connection: Connection) -> None:
        self.connection = connection
        self.changed.notify()

    def sign_in_as(self, owner: str) -> None:
        self.owner = owner
        self.changed.notify()


async def until(holds: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait until something holds; fails after ``timeout_s``."""
    async with asyncio.timeout(timeout_s):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)
