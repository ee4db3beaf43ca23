"""Fetch an export's files into the person's folder and tell the server that they are there."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import PurePath

from typing_extensions import override

from transferapp import errors
from transferapp.agent.destination import Destination
from transferapp.agent.records import FileRecord, ItemStage, SubmissionRecord
from transferapp.agent.running import Run
from transferapp.agent.threads import in_daemon_thread
from transferapp.agent.workbench import Workbench
from transferapp.client.downloads import DownloadOrder, download_file
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemState, TransferDetails

_READY = frozenset({ItemState.READY, ItemState.DOWNLOADING})
_ENDED = {
    ItemState.DELIVERED: ItemStage.DONE,
    ItemState.FAILED: ItemStage.FAILED,
    ItemState.CANCELLED: ItemStage.CANCELLED,
}


class ExportRun(Run):
    """One export under way."""

    def __init__(self, record: SubmissionRecord, bench: Workbench) -> None:
        """Take a submission as the outbox has it."""
        super().__init__(record, bench)
        self._destination = Destination(bench.outbox, record)
        self._in_flight = 0

    @property
    @override
    def moving(self) -> ItemState:
        """The word for bytes on their way."""
        return ItemState.DOWNLOADING

    @override
    async def take_over(self, server: ServerClient, details: TransferDetails) -> None:
        """Take in items that are ready now, with the places of their files."""
        rows = await asyncio.to_thread(self.bench.outbox.items, self.transfer_id)
        known = {row.item_id: row.stage for row in rows}
        for item in details.items:
            stage = _ENDED.get(item.state)
            if stage is not None and known.get(item.id) is not stage:
                add = self.bench.outbox.add_item
                await asyncio.to_thread(add, self.transfer_id, (item.id, item.name))
                await self.set_stages([item.id], stage)
        if not self._in_flight:
            await asyncio.to_thread(self._destination.discard_unwanted)
        ready = [i for i in details.items if i.state in _READY and i.id not in known]
        if ready:
            details = await server.transfer(self.transfer_id, files=True)
            await asyncio.to_thread(self._destination.add, ready, details.files)

    @override
    async def move(self, server: ServerClient, file: FileRecord) -> str:
        """Download a file, verified, to its place."""
        order = DownloadOrder(
            transfer_id=self.transfer_id,
            file_id=file.file_id,
            open_folder=partial(self._destination.open_part, file.item_id),
            inside=PurePath(file.path),
            size_bytes=file.size_bytes,
            sha1=file.sha1,
            grant=self.record.grant.get_secret_value(),
            cancelled=self.cancelled,
            limit=self.bench.rate_limit,
        )
        client = self.bench.bulk(self.record.server_url)
        self._in_flight += 1
        try:
            fetched = await in_daemon_thread(
                partial(download_file, client, order, self.listener(file))
            )
        finally:
            self._in_flight -= 1
        return fetched.sha1

    @override
    async def after_files(self, server: ServerClient) -> None:
        """Place every item whose files are all here, and tell the server of it."""
        for item in await asyncio.to_thread(self.bench.outbox.items, self.transfer_id):
            if item.stage is not ItemStage.OPEN:
                continue
            files = await asyncio.to_thread(self.bench.outbox.files, item.item_id)
            if not files or not all(file.done for file in files):
                continue
            try:
                if not await in_daemon_thread(
                    partial(self._destination.put_whole, item.item_id)
                ):
                    continue
            except errors.SourceProblem as error:
                await self.item_in_trouble(server, item.item_id, error)
                continue
            sums = {file.file_id: file.sha1 for file in files}
            await server.delivered(self.transfer_id, item.item_id, sums)
            await self.set_stages([item.item_id], ItemStage.DONE)
