"""Bring an import's files to the server and follow it until the repository has them."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path

import structlog
from typing_extensions import override

from transferapp import errors
from transferapp.agent.changed_files import send_forgotten_anew
from transferapp.agent.receipts import keep_receipt
from transferapp.agent.records import FileRecord, Moved
from transferapp.agent.running import Run
from transferapp.agent.source_scan import scan_and_report
from transferapp.agent.threads import in_daemon_thread
from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.server import ServerClient
from transferapp.client.uploads import UploadOrder, upload_file
from transferapp.client.workstation import WorkstationClient
from transferapp.model.skips import Skip
from transferapp.model.stages import ItemStage, stage_of
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.protocol import routes

_log = structlog.get_logger(__name__)


class ImportRun(Run):
    """One import under way."""

    @property
    @override
    def moving(self) -> ItemState:
        """The word for bytes on their way."""
        return ItemState.UPLOADING

    @override
    async def take_over(self, server: WorkstationClient, details: TransferDetails) -> None:
        """Bring the outbox to what the server says of the items."""
        skipped = Skip.CHECKSUM in details.transfer.skip
        stages = {
            item.id: stage_of(item.state, verified=item.verified, checksum_skipped=skipped)
            for item in details.items
        }
        known = await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        moved: dict[ItemStage, list[str]] = {}
        for item in known:
            stage = stages.get(item.item_id)
            if stage is None and item.stage is ItemStage.FAILED:
                stage = ItemStage.OPEN  # It was tried again.
            if stage is not None and stage is not item.stage:
                moved.setdefault(stage, []).append(item.item_id)
        for stage, item_ids in moved.items():
            await self.set_stages(item_ids, stage)
        await send_forgotten_anew(self.services.outbox, server, details)

    @override
    async def after_files(self, server: WorkstationClient) -> None:
        """Nothing: each file was sealed when it had arrived."""

    @override
    async def move(self, server: WorkstationClient, file: FileRecord) -> Moved:
        """Upload what the server does not have, and seal it."""
        client = self.services.bulk(self.record.server_url)
        grant = self.record.grant.get_secret_value()
        order = UploadOrder(
            transfer_id=self.transfer_id,
            file_id=file.file_id,
            path=Path(file.path),
            size_bytes=file.size_bytes,
            modified_ns=file.modified_ns,
            grant=grant,
            cancelled=self.cancelled,
            limit=self.services.rate_limit,
        )
        sent = await in_daemon_thread(partial(upload_file, client, order, self.listener(file)))
        try:
            await server.seal(self.transfer_id, file.file_id, sent.sha1)
        except errors.ChecksumMismatch:
            # What the server holds is of another state of this file: begin it anew.
            with contextlib.suppress(errors.TransferAppError):
                await in_daemon_thread(partial(self._discard, file.file_id, grant))
            raise
        return Moved(sent.sha1, sent.inode)

    @override
    async def before_end(self, server: ServerClient) -> None:
        """Look once more at the source: only then may anybody say that it can go. Keep what
        the server states of it.
        """
        services = self.services
        try:
            await scan_and_report(services.outbox, self.transfer_id, services.clock, server)
        except errors.TransferAppError as error:
            if error.retryable:
                raise
            # Kept here, so nothing is promised that is not so; told with the next look.
            _log.warning(
                "source not told of at the end", transfer=self.transfer_id, code=error.code
            )
        await keep_receipt(services.settings, self.record, server)

    def _discard(self, file_id: str, grant: str) -> None:
        headers = {"authorization": f"Bearer {grant}", "tus-resumable": "1.0.0"}
        client = self.services.bulk(self.record.server_url)
        with translated():
            raise_for_problem(client.delete(f"{routes.UPLOADS}/{file_id}", headers=headers))
