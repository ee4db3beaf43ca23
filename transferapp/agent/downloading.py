"""Fetch an export's files into the person's folder and tell the server that they are there."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath

from typing_extensions import override

from transferapp import errors
from transferapp.agent.destination import Destination
from transferapp.agent.records import FileRecord, Moved, SubmissionRecord
from transferapp.agent.running import Run
from transferapp.agent.services import AgentServices
from transferapp.agent.threads import in_daemon_thread
from transferapp.client.downloads import DownloadOrder, download_file
from transferapp.client.server import ServerClient
from transferapp.client.workstation import WorkstationClient
from transferapp.model.moves import FETCHED_STATES, UNPREPARED_STATES
from transferapp.model.stages import ItemStage, stage_of
from transferapp.model.transfers import (
    ENDED_STATES,
    PROBLEM_STATES,
    ItemState,
    TransferDetails,
    TransferItem,
)
from transferapp.protocol import routes

#: Nothing of these items moves by itself.
_RESTING = frozenset(map(str, ENDED_STATES | PROBLEM_STATES))
#: Seconds that items which are ready wait for those that are looked up.
_WAIT_FOR_ALL_S = 20.0
#: So often a file may arrive damaged; then it is not the way that damages it.
_MISMATCHES = 3


class ExportRun(Run):
    """One export under way."""

    def __init__(self, record: SubmissionRecord, services: AgentServices) -> None:
        """Take a submission as the outbox has it."""
        super().__init__(record, services)
        self._destination = Destination(services.outbox, record)
        self._in_flight = 0
        #: Files of an item that are not here yet, as far as that was counted.
        self._left: dict[str, int] = {}
        self._finishing: set[str] = set()
        self._first_ready_at = 0.0
        #: How often a file has arrived damaged, by its id.
        self._mismatches: Counter[str] = Counter()
        self._asked = False
        #: What the server said last of each item, and whether the manifest says so.
        self._reported: dict[str, tuple[str, str, str]] = {}
        self._written = False
        #: Items that may still be delivered, as far as the server was asked.
        self._coming: set[str] = set()

    @property
    @override
    def moving(self) -> ItemState:
        """The word for bytes on their way."""
        return ItemState.DOWNLOADING

    @override
    async def take_over(self, server: WorkstationClient, details: TransferDetails) -> None:
        """Take in items that are ready now, with the places of their files."""
        await self._ask_for_places(server)
        await self._note_states(details.items)
        rows = await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        known = {row.item_id: row.stage for row in rows}
        for item in details.items:
            stage = stage_of(item.state, verified=item.verified)
            if stage is not None and known.get(item.id) is not stage:
                add = self.services.outbox.add_item
                await asyncio.to_thread(add, self.transfer_id, (item.id, item.name))
                await self.set_stages([item.id], stage, _why(item))
        if not self._in_flight:
            await asyncio.to_thread(self._destination.discard_unwanted)
        ready = [
            item
            for item in details.items
            if item.state in FETCHED_STATES
            and known.get(item.id, ItemStage.OPEN) is ItemStage.OPEN
        ]
        coming = any(item.state in UNPREPARED_STATES for item in details.items)
        if ready and not (coming and self._waits_for_all()):
            await self._take_in(server, ready)

    async def _ask_for_places(self, server: WorkstationClient) -> None:
        """Ask once where the items go: they and their images are known from the start."""
        folders = self.services.outbox.folders
        if not self._asked:
            if await asyncio.to_thread(folders.known, self.transfer_id) is None:
                details = await server.transfer(self.transfer_id, files=True)
                await asyncio.to_thread(folders.keep, details)
            self._asked = True

    def _waits_for_all(self) -> bool:
        """Filesets of one name get better names when all are known, which takes a moment."""
        now = asyncio.get_running_loop().time()
        self._first_ready_at = self._first_ready_at or now
        return now < self._first_ready_at + _WAIT_FOR_ALL_S

    async def _take_in(self, server: WorkstationClient, items: Sequence[TransferItem]) -> None:
        """Take in those whose files were not known; also one that had failed before that."""
        placements = self.services.outbox.placements
        placed = await asyncio.to_thread(placements.item_ids, self.transfer_id)
        new = [item for item in items if item.id not in placed]
        if new:
            details = await server.transfer(self.transfer_id, files=True)
            await asyncio.to_thread(self._destination.add, new, details.files)

    @override
    async def move(self, server: WorkstationClient, file: FileRecord) -> Moved:
        """Download a file, verified, to its place; raises ChecksumMismatch, and DamagedFile
        when that happens again and again.
        """
        order = DownloadOrder(
            address=routes.file_content(self.transfer_id, file.file_id),
            file_id=file.file_id,
            open_folder=partial(self._destination.open_part, file.item_id),
            inside=PurePath(file.path),
            size_bytes=file.size_bytes,
            sha1=file.sha1,
            grant=self.record.grant.get_secret_value(),
            cancelled=self.cancelled,
            limit=self.services.rate_limit,
        )
        client = self.services.bulk(self.record.server_url)
        self._in_flight += 1
        try:
            fetched = await in_daemon_thread(
                partial(download_file, client, order, self.listener(file))
            )
        except errors.ChecksumMismatch:
            self._mismatches[file.file_id] += 1
            if self._mismatches[file.file_id] < _MISMATCHES:
                raise
            raise errors.DamagedFile(
                f"'{file.client_path}' arrived {_MISMATCHES} times with other bytes than the"
                " repository once wrote down, so it is damaged there. Ask your administrator"
                " to bring it back from a backup, then press Retry."
            ) from None
        finally:
            self._in_flight -= 1
        return Moved(fetched.sha1)

    @override
    async def before_end(self, server: ServerClient) -> None:
        """Write down what has come, and what has not."""
        await self._write_manifest(server)

    @override
    async def file_moved(self, server: WorkstationClient, file: FileRecord) -> None:
        """Place an item as soon as its last file is here; the others may take days."""
        item_id = file.item_id
        known = self._left.get(item_id)
        placements = self.services.outbox.placements
        self._left[item_id] = (
            await asyncio.to_thread(placements.files_left, item_id)
            if known is None
            else known - 1
        )
        if self._left[item_id] <= 0:
            await self._finish(server, item_id)

    @override
    async def after_files(self, server: WorkstationClient) -> None:
        """Place what an earlier try has brought here and not placed."""
        placements = self.services.outbox.placements
        for item_id in await asyncio.to_thread(placements.complete, self.transfer_id):
            try:
                await self._finish(server, item_id)
            except (errors.SourceProblem, errors.StateConflict) as error:
                await self.item_has_problem(server, item_id, error)
        if self._rests():
            await self._write_manifest(server)

    async def _note_states(self, items: Sequence[TransferItem]) -> None:
        """Keep what the server says of the items; while some go on, no manifest holds."""
        reported = {item.id: (str(item.state), *_why(item)) for item in items}
        self._coming = {item.id for item in items if str(item.state) not in _RESTING}
        if reported != self._reported:
            self._reported, self._written = reported, False
            folders = self.services.outbox.folders
            known = await asyncio.to_thread(folders.known, self.transfer_id)
            if known is not None and known.manifest is not None:
                await asyncio.to_thread(folders.set_manifest, self.transfer_id, None)

    def _rests(self) -> bool:
        """Say whether nothing moves any more, unless a person acts."""
        return all(state in _RESTING for state, _, _ in self._reported.values())

    async def _write_manifest(self, server: WorkstationClient) -> None:
        if not self._written:
            lost = await self._set_lost_aside(server)
            now = self.services.clock.now()
            write = partial(self._destination.write_manifest, self._reported, now, lost)
            await in_daemon_thread(write)
            self._written = True

    async def _set_lost_aside(self, server: WorkstationClient) -> dict[str, str]:
        """Look at what was delivered, and tell the server what is not there any more: its
        person may have it fetched again. Returns a sentence for each item.
        """
        lost = dict(await in_daemon_thread(self._destination.lost))
        placements = self.services.outbox.placements
        for item_id, sentence in lost.items():
            problem = (errors.VanishedFile.code, sentence)
            # First: what is not told stays as it is here, and is found again.
            reported = await server.report(self.transfer_id, item_id, *problem)
            if reported.state in PROBLEM_STATES:
                await asyncio.to_thread(placements.begin_anew, item_id)
                await self.set_stages([item_id], ItemStage.PROBLEM, problem)
        return lost

    async def _finish(self, server: WorkstationClient, item_id: str) -> None:
        """Place an item and tell the server of it; not one that has ended meanwhile."""
        if item_id in self._finishing:
            return  # its last two files came at the same time
        self._finishing.add(item_id)
        try:
            self._left.pop(item_id, None)
            placements = self.services.outbox.placements
            sums = await asyncio.to_thread(placements.sums_of_complete, item_id)
            if not sums:
                return
            if await in_daemon_thread(partial(self._destination.put_whole, item_id)):
                self._coming.discard(item_id)
                # With the last one the export ends well or not, and people are told.
                if not self._coming and item_id in await self._set_lost_aside(server):
                    return
                await server.delivered(self.transfer_id, item_id, sums)
                await self.set_stages([item_id], ItemStage.DONE)
        finally:
            self._finishing.discard(item_id)


def _why(item: TransferItem) -> tuple[str, str]:
    """Return code and sentence of what is wrong with an item, where something is."""
    return (item.trouble.code, item.trouble.message) if item.trouble else ("", "")
