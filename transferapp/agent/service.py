"""The workstation service itself: takes submissions, runs them, answers what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import structlog

from transferapp import errors
from transferapp.agent.changed_files import send_changed_anew
from transferapp.agent.destination import Destination
from transferapp.agent.downloading import ExportRun
from transferapp.agent.records import SubmissionRecord
from transferapp.agent.retrying import reopen
from transferapp.agent.running import Run
from transferapp.agent.services import AgentServices
from transferapp.agent.source_watch import SourceWatch
from transferapp.agent.uploading import ImportRun
from transferapp.agent.views import placement_views, view_of
from transferapp.host.sparing import sparing
from transferapp.host.supervise import Supervisor
from transferapp.model.moves import FINAL_STATES
from transferapp.model.stages import ENDED_STAGES, ItemStage
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.protocol.messages import PlacementView, Submission, SubmissionView

_log = structlog.get_logger(__name__)

#: Seconds between two notes of offsets in the outbox, and between two tellings of progress.
_NOTE_EVERY_S = 2.0
_REPORT_EVERY_S = 0.25
#: Seconds between two rounds over the sources, and how many of the newest are watched.
_ROUND_EVERY_S = 5.0
_MOST_WATCHED = 200
#: Threads get so many seconds to end by themselves; what they do is resumable.
_STOP_WITHIN_S = 3.0

_RUNS: dict[TransferKind, type[Run]] = {
    TransferKind.IMPORT: ImportRun,
    TransferKind.EXPORT: ExportRun,
}


class Agent:
    """All submissions of this operating-system account."""

    def __init__(self, services: AgentServices) -> None:
        """Nothing runs before ``start``."""
        self._services = services
        self._runs: dict[str, tuple[Run, asyncio.Task[None]]] = {}
        self._background = [
            Supervisor("note of offsets", self._note_offsets),
            Supervisor("telling of progress", self._report_progress),
            Supervisor("watch over sources", self._watch_sources),
        ]
        self._sources = SourceWatch(services)
        self._followers = 0

    async def start(self) -> None:
        """Go on with everything that had not ended, and with what comes."""
        rows = await asyncio.to_thread(self._services.outbox.submissions, open_only=True)
        for record in reversed(rows):
            self._begin(record)
        for work in self._background:
            work.start()
        _log.info("workstation service started", submissions=len(rows))

    async def stop(self) -> None:
        """Stop moving bytes; everything stays in the outbox."""
        for run, _ in self._runs.values():
            run.stop()
        tasks = [task for _, task in self._runs.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=_STOP_WITHIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for work in self._background:
            await work.stop()
        await self._sources.stop()
        _log.info("workstation service stopped")

    async def submit(self, submission: Submission) -> SubmissionView:
        """Take a submission; returns when it is durable. A known one gets the new grant.

        Raises Invalid, Conflict, StorageFull.
        """
        _check(submission)
        new = await asyncio.to_thread(self._services.outbox.add, submission)
        record = await asyncio.to_thread(
            self._services.outbox.submission, submission.transfer_id
        )
        _log.info("submission taken", transfer=record.transfer_id, new=new)
        if not record.ended:
            self._begin(record)
        self._services.changes.publish(record.transfer_id)
        return await self.view(record.transfer_id)

    async def views(self, owner: str = "") -> list[SubmissionView]:
        """List submissions, newest first; of one owner or everyone's."""
        rows = await asyncio.to_thread(self._services.outbox.submissions, owner)
        views = []
        for row in rows:
            with sparing("submission", row.transfer_id):
                views.append(await self._view_of(row))
        return views

    async def view(self, transfer_id: str) -> SubmissionView:
        """Return one, its source looked at just now; raises TransferNotFound."""
        record = await asyncio.to_thread(self._services.outbox.submission, transfer_id)
        run, _ = self._runs.get(transfer_id, (None, None))
        if run is not None and not record.ended:
            run.poll_soon()
        await self._sources.fresh(record)
        return await self._kept_view(transfer_id)

    async def placements(self, transfer_id: str) -> list[PlacementView]:
        """List where the items of an export go, as far as that is decided; raises
        TransferNotFound.
        """
        outbox = self._services.outbox
        record = await asyncio.to_thread(outbox.submission, transfer_id)
        return await asyncio.to_thread(placement_views, outbox, record)

    async def follow(self, owner: str = "") -> AsyncIterator[SubmissionView]:
        """Yield every submission, then each one that changes, for ever."""
        # Follow first, list second: a change in between comes twice, never not at all.
        with self._services.changes.following() as batches, self._followed():
            for view in await self.views(owner):
                yield view
            async for names in batches:
                for name in names:
                    changed = None
                    with sparing("submission", name), suppress(errors.TransferNotFound):
                        changed = await self._kept_view(name)
                    if changed is not None and owner in ("", changed.owner):
                        yield changed

    async def retry(self, transfer_id: str) -> SubmissionView:
        """Clear what a person had to act on and go on at once; raises TransferNotFound."""
        record = await asyncio.to_thread(self._services.outbox.submission, transfer_id)
        if record.state not in FINAL_STATES:
            await asyncio.to_thread(reopen, self._services.outbox, transfer_id)
            await asyncio.to_thread(
                self._services.outbox.set_state, transfer_id, ItemState.QUEUED
            )
            self._begin(await asyncio.to_thread(self._services.outbox.submission, transfer_id))
        return await self.view(transfer_id)

    async def send_changed_anew(self, transfer_id: str, item_id: str = "") -> SubmissionView:
        """Send files of what needs a person anew where they have changed since; asked before
        the server is asked to try again. Raises TransferNotFound and what ``client`` raises.
        """
        if await send_changed_anew(self._services, transfer_id, item_id):
            self._begin(await asyncio.to_thread(self._services.outbox.submission, transfer_id))
        return await self.view(transfer_id)

    async def cancel(self, transfer_id: str) -> SubmissionView:
        """Stop moving its bytes for good; raises TransferNotFound."""
        record = await asyncio.to_thread(self._services.outbox.submission, transfer_id)
        if not record.ended:
            await self._end_run(transfer_id)
            await asyncio.to_thread(self._set_cancelled, record)
            self._services.changes.publish(transfer_id)
            await self._cancel_at_server(record)
        return await self.view(transfer_id)

    async def forget(self, transfer_id: str) -> None:
        """Drop an ended submission; raises TransferNotFound, StateConflict."""
        record = await asyncio.to_thread(self._services.outbox.submission, transfer_id)
        if not record.ended:
            raise errors.StateConflict("This transfer has not ended. Cancel it first.")
        await asyncio.to_thread(self._services.outbox.forget, transfer_id)
        self._services.progress.drop(transfer_id)
        self._sources.forget(transfer_id)

    def _begin(self, record: SubmissionRecord) -> None:
        known = self._runs.get(record.transfer_id)
        if known is not None and not known[1].done():
            known[0].wake()
            return
        run = _RUNS[record.kind](record, self._services)
        self._runs[record.transfer_id] = (run, asyncio.create_task(self._watch(run)))

    async def _watch(self, run: Run) -> None:
        try:
            # What a run raises nobody awaits, such as a full disk that takes no word of it.
            await Supervisor(f"submission {run.transfer_id}", run.run).run()
        finally:
            self._services.progress.drop(run.transfer_id)

    async def _end_run(self, transfer_id: str) -> None:
        run, task = self._runs.pop(transfer_id, (None, None))
        if run is None or task is None:
            return
        run.stop()
        await asyncio.wait([task], timeout=_STOP_WITHIN_S)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    def _set_cancelled(self, record: SubmissionRecord) -> None:
        outbox = self._services.outbox
        left = [
            item.item_id
            for item in outbox.items(record.transfer_id)
            if item.stage not in ENDED_STAGES
        ]
        outbox.set_stages(left, ItemStage.CANCELLED)
        if record.kind is TransferKind.EXPORT:
            Destination(outbox, record).discard_unwanted()
        outbox.set_state(record.transfer_id, ItemState.CANCELLED, ended=True)

    async def _cancel_at_server(self, record: SubmissionRecord) -> None:
        """Tell the server where the grant allows that; the person's own program does too."""
        grant = record.grant.get_secret_value()
        with suppress(errors.TransferAppError):
            async with (
                asyncio.timeout(_STOP_WITHIN_S),
                self._services.connect(record.server_url, grant) as server,
            ):
                await server.cancel(record.transfer_id)

    async def _kept_view(self, transfer_id: str) -> SubmissionView:
        return await self._view_of(
            await asyncio.to_thread(self._services.outbox.submission, transfer_id)
        )

    async def _view_of(self, record: SubmissionRecord) -> SubmissionView:
        totals = await asyncio.to_thread(self._services.outbox.totals, record.transfer_id)
        return view_of(record, totals, self._services.progress)

    @contextmanager
    def _followed(self) -> Iterator[None]:
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1

    async def _watch_sources(self) -> None:
        """While somebody sees what may be deleted, see to it that it stays true."""
        while True:
            await asyncio.sleep(min(_ROUND_EVERY_S, self._services.settings.sources_every_s))
            if self._followers:
                newest = partial(self._services.outbox.submissions, limit=_MOST_WATCHED)
                await self._sources.again(await asyncio.to_thread(newest))

    async def _note_offsets(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_EVERY_S)
            for transfer_id in list(self._runs):
                offsets = self._services.progress.offsets(transfer_id)
                with suppress(errors.Unavailable):
                    await asyncio.to_thread(self._services.outbox.set_offsets, offsets)
                    self._services.progress.stored(transfer_id, offsets)

    async def _report_progress(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY_S)
            for transfer_id in list(self._runs):
                if self._services.progress.offsets(transfer_id):
                    self._services.changes.publish(transfer_id)


def _check(submission: Submission) -> None:
    try:
        kind = TransferKind(submission.kind)
    except ValueError:
        raise errors.Invalid(f"'{submission.kind}' is neither import nor export.") from None
    if kind is TransferKind.EXPORT:
        places = [submission.destination]
    else:
        places = [file.path for item in submission.items for file in item.files]
        if not places:
            raise errors.Invalid("An import needs at least one file.")
        left_out = submission.drop.left_out if submission.drop else ()
        places += [file.path for one in left_out for file in one.held]
    if not all(Path(place).is_absolute() for place in places):
        raise errors.Invalid("Files and folders must be given with their full path.")
