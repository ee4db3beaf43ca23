"""The ledger in SQLite or PostgreSQL, shared by server and workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
from typing_extensions import override

from transferapp.host.clock import Clock
from transferapp.host.database import reading, writing
from transferapp.host.migrations import upgrade
from transferapp.ledger.port import (
    FileWork,
    HeldFiles,
    ItemChange,
    ItemWork,
    Ledger,
    NewTransfer,
    PlannedTransferFile,
    ReceiptFacts,
)
from transferapp.ledger.stores import additions, changes, outbox, reads, retention
from transferapp.ledger.stores.schema import SCHEMA
from transferapp.model.containers import ContainerRef
from transferapp.model.drops import SourceScan
from transferapp.model.events import Event, EventKind
from transferapp.model.moves import Move
from transferapp.model.origins import Origin
from transferapp.model.transfers import (
    ItemState,
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
)

P = ParamSpec("P")
R = TypeVar("R")


class SqlLedger(Ledger):
    """The ledger's port on one database; makes or upgrades its tables."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Prepare the tables; raises Unavailable when the database cannot be reached."""
        self._engine = engine
        self._clock = clock
        upgrade(engine, SCHEMA)
        # SQLite has one writer: waiting in line here beats polling for its lock.
        writers = 1 if engine.dialect.name == "sqlite" else 6
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="ledger-write")
        self._readers = ThreadPoolExecutor(3, thread_name_prefix="ledger-read")

    @override
    async def add(self, new: NewTransfer) -> TransferDetails:
        """Store a transfer; a known request key gives the first."""
        return await self._in(self._writers, partial(self._add, new))

    @override
    async def transfers(
        self,
        owner: str,
        *,
        kind: TransferKind | None = None,
        after: str = "",
        limit: int = 50,
    ) -> list[Transfer]:
        """List a person's transfers, newest first."""
        return await self._read(reads.transfers_of, owner, kind, after, limit)

    @override
    async def details(
        self, transfer_id: str, *, owner: str | None = None, with_files: bool = True
    ) -> TransferDetails:
        """Return a transfer with items (and files)."""
        return await self._read(reads.details_of, transfer_id, owner, with_files=with_files)

    @override
    async def work(self, item_id: str) -> ItemWork:
        """Return what a worker needs of an item."""
        return await self._read(reads.work_of, item_id)

    @override
    async def item(self, item_id: str) -> TransferItem:
        """Return one item."""
        return await self._read(reads.item_by_id, item_id)

    @override
    async def items_in(
        self, states: Sequence[ItemState], *, received: bool = False
    ) -> list[TransferItem]:
        """List everyone's items in these states, oldest first."""
        return await self._read(reads.items_in, states, received=received)

    @override
    async def items_of_images(self, transfer_id: str) -> dict[int, str]:
        """Return the items of the images that come with their files."""
        return await self._read(reads.items_of_images, transfer_id)

    @override
    async def file(self, file_id: str) -> TransferFile:
        """Return one file."""
        return await self._read(reads.file_by_id, file_id)

    @override
    async def file_work(self, file_id: str) -> FileWork:
        """Return a file and where it belongs."""
        return await self._read(reads.file_work, file_id)

    @override
    async def retarget(self, transfer_id: str, target: ContainerRef, target_name: str) -> None:
        """Send what is not imported yet to another container."""
        now = self._clock.now()
        await self._write(changes.retarget, now, transfer_id, target, target_name)

    @override
    async def set_files(self, item_id: str, files: Sequence[PlannedTransferFile]) -> None:
        """Store the files that an item resolves to, once."""
        await self._write(changes.resolve_item, self._clock.now(), item_id, files)

    @override
    async def file_progress(self, file_id: str, bytes_done: int) -> None:
        """Note a file's durable bytes."""
        await self._write(changes.move_file, self._clock.now(), file_id, bytes_done)

    @override
    async def file_sealed(self, file_id: str, sha1: str) -> bool:
        """Mark a file complete; True when every file of its item is (also when repeated)."""
        return await self._write(changes.seal_file, self._clock.now(), file_id, sha1)

    @override
    async def send_file_anew(self, file_id: str, size_bytes: int) -> bool:
        """Forget what was sent of a file; False where its item does not wait for it."""
        return await self._write(changes.send_file_anew, self._clock.now(), file_id, size_bytes)

    @override
    async def move(self, item_id: str, move: Move, change: ItemChange) -> bool:
        """Move an item and write the event."""
        return await self._write(changes.move_item, self._clock.now(), item_id, move, change)

    @override
    async def keep_held(self, item_id: str, held: HeldFiles) -> None:
        """Keep under which ids the repository holds an item's files."""
        await self._write(changes.keep_held, item_id, held)

    @override
    async def keep_origin(self, transfer_id: str, origin: Origin) -> None:
        """Keep where an import's files lay."""
        await self._write(changes.keep_origin, transfer_id, origin)

    @override
    async def receipt_facts(self, transfer_id: str) -> ReceiptFacts:
        """Return what a receipt states beyond the details."""
        return await self._read(reads.receipt_facts, transfer_id)

    @override
    async def source_scanned(self, transfer_id: str, scan: SourceScan) -> Transfer:
        """Keep the last look at an import's source."""
        return await self._write(changes.keep_scan, self._clock.now(), transfer_id, scan)

    @override
    async def publish(self, owner: str, kind: EventKind) -> None:
        """Write an event that is no transfer's."""
        row = outbox.personal_event(self._clock.now(), owner, kind)
        await self._write(outbox.write_events, [row])

    @override
    async def events(self, owner: str | None, after: int, limit: int = 500) -> list[Event]:
        """Events after an id, in order."""
        return await self._read(reads.events_after, owner, after, limit)

    @override
    async def last_event_id(self) -> int:
        """Return the newest event's id."""
        return await self._read(reads.last_event_id)

    @override
    async def first_event_id(self) -> int:
        """Return the oldest event's id that was not forgotten."""
        return await self._read(retention.first_event_id)

    @override
    async def forget_events(self, before: datetime, upto: int) -> int:
        """Delete old events, a page at a time: others must be able to write meanwhile."""
        return await self._in_pages(retention.forget_events, before, upto)

    @override
    async def forget_transfers(self, before: datetime) -> int:
        """Delete old transfers, a page at a time."""
        return await self._in_pages(retention.forget_transfers, before)

    async def close(self) -> None:
        """Finish what was begun and let go of the threads; the engine stays open."""
        await asyncio.to_thread(self._writers.shutdown)
        await asyncio.to_thread(self._readers.shutdown)

    def _add(self, new: NewTransfer) -> TransferDetails:
        now = self._clock.now()
        first = self._find(new)
        if first is not None:
            return first
        rows = additions.rows_of(new, now)
        try:
            with writing(self._engine) as connection:
                additions.insert(connection, rows, now)
        except sa.exc.IntegrityError:
            # The same request, at the same time, in another process.
            first = self._find(new)
            if first is None:
                raise
            return first
        return rows.details()

    def _find(self, new: NewTransfer) -> TransferDetails | None:
        with reading(self._engine) as connection:
            found = reads.transfer_by_key(connection, new.owner, new.request_key)
            if found is None:
                return None
            return reads.details_of(connection, found, None, with_files=True)

    async def _read(
        self,
        function: Callable[Concatenate[sa.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        def run() -> R:
            with reading(self._engine) as connection:
                return function(connection, *args, **kwargs)

        return await self._in(self._readers, run)

    async def _write(
        self,
        function: Callable[Concatenate[sa.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        def run() -> R:
            with writing(self._engine) as connection:
                return function(connection, *args, **kwargs)

        return await self._in(self._writers, run)

    async def _in_pages(
        self,
        function: Callable[Concatenate[sa.Connection, P], int],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> int:
        total = 0
        while done := await self._write(function, *args, **kwargs):
            total += done
        return total

    async def _in(self, pool: ThreadPoolExecutor, function: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(pool, function)
