"""Look again at the sources of imports for as long as somebody is told that they can go."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from transferapp import errors
from transferapp.agent.records import SubmissionRecord
from transferapp.agent.services import AgentServices
from transferapp.agent.source_scan import scan_and_report
from transferapp.host.sparing import sparing
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import TransferKind

_log = structlog.get_logger(__name__)

#: A look of so few seconds ago is as good as a new one.
FRESH_S = 2.0
#: A source that takes long is looked at again only after so many times of what it took.
_REST = 50
#: Who asks for one submission waits so many seconds for the look.
WAIT_S = 5.0


class SourceWatch:
    """One look at a time for each submission."""

    def __init__(self, services: AgentServices) -> None:
        """Nothing is looked at before somebody asks."""
        self._services = services
        self._polls: dict[str, asyncio.Task[None]] = {}
        #: When the last look at a submission ended, and what it took, in seconds.
        self._last: dict[str, tuple[float, float]] = {}
        #: When it was seen that nothing of a submission is imported.
        self._nothing_yet: dict[str, float] = {}

    async def fresh(self, record: SubmissionRecord) -> None:
        """Look unless it was done just now; returns when it is done, or takes long."""
        ended_s, _ = self._last.get(record.transfer_id, (-FRESH_S, 0.0))
        if time.monotonic() - ended_s < FRESH_S or not await self._has_imported(record):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await asyncio.shield(self._poll(record))

    async def again(self, records: list[SubmissionRecord]) -> None:
        """Look at those whose turn it is, one after the other."""
        for record in records:
            if self._rests(record.transfer_id):
                continue
            with sparing("sources of a submission", record.transfer_id):
                if await self._has_imported(record):
                    await asyncio.shield(self._poll(record))
                else:
                    self._nothing_yet[record.transfer_id] = time.monotonic()

    def _rests(self, transfer_id: str) -> bool:
        every_s = self._services.settings.sources_every_s
        ended_s, took_s = self._last.get(transfer_id, (-every_s, 0.0))
        ended_s = max(ended_s, self._nothing_yet.get(transfer_id, -every_s))
        return time.monotonic() - ended_s < max(every_s, took_s * _REST)

    async def stop(self) -> None:
        """Let go of the looks; they are repeated when somebody asks again."""
        tasks = list(self._polls.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self, transfer_id: str) -> None:
        """A submission is gone."""
        self._last.pop(transfer_id, None)
        self._nothing_yet.pop(transfer_id, None)

    async def _has_imported(self, record: SubmissionRecord) -> bool:
        if record.kind is not TransferKind.IMPORT:
            return False
        totals = await asyncio.to_thread(self._services.outbox.totals, record.transfer_id)
        return totals.items_by_stage.get(ItemStage.DONE, 0) > 0

    def _poll(self, record: SubmissionRecord) -> asyncio.Task[None]:
        running = self._polls.get(record.transfer_id)
        if running is None or running.done():
            running = asyncio.create_task(self._scan_and_report(record))
            self._polls[record.transfer_id] = running
        return running

    async def _scan_and_report(self, record: SubmissionRecord) -> None:
        began_s = time.monotonic()
        transfer_id = record.transfer_id
        try:
            with sparing("sources of a submission", transfer_id):
                await self._publish(record)
        except errors.TransferAppError as error:
            # Not lost: it is told with the next look.
            _log.info("source not told of", transfer=transfer_id, code=error.code)
        finally:
            self._polls.pop(transfer_id, None)
            self._last[transfer_id] = time.monotonic(), time.monotonic() - began_s
            self._services.changes.publish(transfer_id)

    async def _publish(self, record: SubmissionRecord) -> None:
        outbox, transfer_id = self._services.outbox, record.transfer_id
        grant = record.grant.get_secret_value()
        server = await asyncio.to_thread(self._services.connect, record.server_url, grant)
        async with server:
            await scan_and_report(outbox, transfer_id, self._services.clock, server)
