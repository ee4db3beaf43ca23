"""Bring one submission to its end, for days if need be: the part both directions share."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import structlog

from transferapp import error_codes, errors
from transferapp.agent.records import FileRecord, ItemRecord, Moved, SubmissionRecord
from transferapp.agent.services import AgentServices
from transferapp.client.server import ServerClient
from transferapp.client.workstation import WorkstationClient
from transferapp.host.backoff import Backoff, bounded_s
from transferapp.host.waking import woken
from transferapp.model.stages import ENDED_STAGES, ItemStage, shown_state
from transferapp.model.transfers import ItemState, TransferDetails, TransferItem, overall_state

_log = structlog.get_logger(__name__)

#: Without these nothing of the submission can go on.
_STOPS_ALL = (errors.Unavailable, errors.GrantRefused, errors.ChecksumMismatch)
#: A defect of ours is tried again after so many seconds at first: a new version may cure it.
_DEFECT_PAUSE_S = 60.0
#: Who asks for a submission has the server asked, but not more often than this.
_ASKED_AGAIN_S = 1.0


class Run(abc.ABC):
    """One submission under way. ``run`` ends when nothing more is to be done for it."""

    def __init__(self, record: SubmissionRecord, services: AgentServices) -> None:
        """Take a submission as the outbox has it."""
        self.transfer_id = record.transfer_id
        self.record = record
        self.services = services
        self.cancelled = threading.Event()
        self._wake = asyncio.Event()
        self._failures = 0
        self._quiet_polls = 0
        self._halt: errors.TransferAppError | None = None
        self._troubled: set[str] = set()
        self._last_state: tuple[ItemState, tuple[str, str]] | None = None
        self._asked_s = -_ASKED_AGAIN_S

    @abc.abstractmethod
    async def take_over(self, server: WorkstationClient, details: TransferDetails) -> None:
        """Bring the outbox to what the server says of the items."""

    @abc.abstractmethod
    async def move(self, server: WorkstationClient, file: FileRecord) -> Moved:
        """Move one file; raises what ``client`` raises."""

    @abc.abstractmethod
    async def after_files(self, server: WorkstationClient) -> None:
        """Do what follows when the open files have been moved."""

    @abc.abstractmethod
    async def before_end(self, server: ServerClient) -> None:
        """Do what must be done before the submission is told as ended; it has not where this
        sets an item aside.
        """

    async def file_moved(  # noqa: B027 - an import has nothing to do then
        self, server: WorkstationClient, file: FileRecord
    ) -> None:
        """Do what follows when one file has been moved; raises what ``move`` raises."""

    @property
    @abc.abstractmethod
    def moving(self) -> ItemState:
        """The word for bytes on their way."""

    def wake(self) -> None:
        """Go on at once: a person pressed Retry or brought a new grant."""
        self._failures = self._quiet_polls = 0
        # The outbox says something else now than was said last: say it again.
        self._last_state = None
        self._wake.set()

    def poll_soon(self) -> None:
        """Ask the server how far it is, unless that was done just now."""
        now_s = time.monotonic()
        if now_s - self._asked_s >= _ASKED_AGAIN_S:
            self._asked_s = now_s
            self._wake.set()

    def stop(self) -> None:
        """Let the threads end at their next piece; the outbox stays as it is."""
        self.cancelled.set()
        self._wake.set()

    async def run(self) -> None:
        """Work until the submission has ended or ``stop`` is called."""
        grant = self.record.grant.get_secret_value()
        # One client for all of it: making one reads the system's certificates.
        server = await asyncio.to_thread(self.services.connect, self.record.server_url, grant)
        async with server:
            await self._run(server)

    async def _run(self, server: ServerClient) -> None:
        while not self.cancelled.is_set():
            try:
                if await self._pass(server):
                    return
                await self._sleep(self._poll_pause())
            except errors.Cancelled:
                continue
            except errors.TransferAppError as error:
                await self._wait_after(error)
            except Exception:  # noqa: BLE001 - logged with its trace
                # The last line of defence: a defect must not end a submission in silence.
                _log.exception("defect in a submission", transfer=self.transfer_id)
                await self._wait_after(errors.Internal(retry_after_s=_DEFECT_PAUSE_S))

    async def _pass(self, server: ServerClient) -> bool:
        """Look, move what is to be moved, look again; True when it has ended."""
        self.record = await asyncio.to_thread(self.services.outbox.submission, self.transfer_id)
        server.token = self.record.grant.get_secret_value()
        if await self._poll(server):
            return True
        moved = await self._move_open_files(server)
        await self.after_files(server)
        if not moved:
            return False
        self._failures = self._quiet_polls = 0
        return await self._poll(server)

    async def _poll(self, server: ServerClient) -> bool:
        details = await server.transfer(self.transfer_id)
        await self.take_over(server, details)
        await self._exchange_problems(server, details.items)
        items = await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        if _have_ended(items, details):
            await self.before_end(server)
            # What it found may be a person's to put right.
            items = await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        ended = _have_ended(items, details)
        stages = {item.item_id: item.stage for item in items}
        states = [shown_state(stages.get(item.id), item.state) for item in details.items]
        state = overall_state(states, self.record.kind)
        problem = next(((i.trouble_code, i.trouble) for i in items if i.trouble_code), ("", ""))
        if not problem[0]:
            problem = _first_problem(details.items)
        open_files = await asyncio.to_thread(self.services.outbox.open_files, self.transfer_id)
        if not open_files or ended:
            await self.set_state(state, problem, ended=ended)
        return ended

    async def _move_open_files(self, server: WorkstationClient) -> bool:
        """Move all open files, several at once; True when there were any."""
        queue = deque(
            await asyncio.to_thread(self.services.outbox.open_files, self.transfer_id)
        )
        if not queue:
            return False
        self._halt, self._troubled = None, set()
        if self._failures == 0:
            await self.set_state(self.moving)
        movers = min(self.services.settings.parallel_files, len(queue))
        await asyncio.gather(*(self._move_files(server, queue) for _ in range(movers)))
        if self._halt is not None:
            raise self._halt
        return True

    async def _move_files(self, server: WorkstationClient, queue: deque[FileRecord]) -> None:
        while queue and not self._is_halted():
            file = queue.popleft()
            if file.item_id in self._troubled:
                continue
            async with self.services.slots.slot(self.transfer_id):
                if not self._is_halted() and not await self._move_file(server, file):
                    self._troubled.add(file.item_id)

    def _is_halted(self) -> bool:
        return self._halt is not None or self.cancelled.is_set()

    async def _move_file(self, server: WorkstationClient, file: FileRecord) -> bool:
        """Move one file; False when its item needs a person."""
        self.services.progress.begin(self.transfer_id, file.file_id, file.offset)
        try:
            moved = await self.move(server, file)
            await asyncio.to_thread(
                self.services.outbox.finish_file, file.file_id, file.size_bytes, moved
            )
            await self._recovered()
            await self.file_moved(server, file)
        except errors.Cancelled:
            return True
        except _STOPS_ALL as error:
            self._halt = self._halt or error
        except errors.TransferAppError as error:
            await self.item_has_problem(server, file.item_id, error)
            return False
        finally:
            await self._keep_offset(file)
            self.services.changes.publish(self.transfer_id)
        return True

    async def _keep_offset(self, file: FileRecord) -> None:
        """Keep how far an unfinished file got, for what is shown meanwhile."""
        offset = self.services.progress.offsets(self.transfer_id).get(file.file_id, 0)
        if file.offset < offset < file.size_bytes:
            await asyncio.to_thread(self.services.outbox.set_offsets, {file.file_id: offset})
        self.services.progress.end(self.transfer_id, file.file_id)

    async def _recovered(self) -> None:
        self._failures = 0
        if self._last_state is not None and self._last_state[0] is not self.moving:
            await self.set_state(self.moving)

    async def item_has_problem(
        self, server: WorkstationClient, item_id: str, error: errors.TransferAppError
    ) -> None:
        """Set an item aside until a person acts, and tell the server why."""
        with contextlib.suppress(errors.TransferAppError):
            # The server may have ended it meanwhile; then there is no problem of ours.
            await self.take_over(server, await server.transfer(self.transfer_id))
        items = await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        if any(i.item_id == item_id and i.stage is not ItemStage.OPEN for i in items):
            return
        _log.info("item in trouble", transfer=self.transfer_id, code=error.code)
        await self.set_stages([item_id], ItemStage.PROBLEM, (error.code, error.message))
        with contextlib.suppress(errors.TransferAppError):
            # Not lost when the server is away: the next look compares and tells it.
            await server.report(self.transfer_id, item_id, error.code, error.message)

    async def set_stages(
        self, item_ids: Sequence[str], stage: ItemStage, problem: tuple[str, str] = ("", "")
    ) -> None:
        """Move items in the outbox."""
        await asyncio.to_thread(self.services.outbox.set_stages, item_ids, stage, problem)
        self.services.changes.publish(self.transfer_id)

    async def set_state(
        self, state: ItemState, problem: tuple[str, str] = ("", ""), *, ended: bool = False
    ) -> None:
        """Put the word for the whole submission into the outbox and tell of it."""
        if self.cancelled.is_set() or (self._last_state == (state, problem) and not ended):
            return  # a person's cancel has the last word
        self._last_state = (state, problem)
        self._quiet_polls = 0
        await asyncio.to_thread(
            self.services.outbox.set_state, self.transfer_id, state, problem, ended=ended
        )
        self.services.changes.publish(self.transfer_id)

    async def _exchange_problems(
        self, server: WorkstationClient, items: Iterable[TransferItem]
    ) -> None:
        """Make the server's word of source problems the same as ours, both ways."""
        mine = {
            item.item_id: item
            for item in await asyncio.to_thread(self.services.outbox.items, self.transfer_id)
        }
        for item in items:
            ours = mine.get(item.id)
            theirs = (item.trouble.code, item.trouble.message) if item.trouble else ("", "")
            if ours is None:
                continue
            if ours.stage is ItemStage.PROBLEM and theirs != (ours.trouble_code, ours.trouble):
                await server.report(self.transfer_id, item.id, ours.trouble_code, ours.trouble)
            elif ours.stage is ItemStage.OPEN and _is_source_problem(theirs[0]):
                await server.report(self.transfer_id, item.id, "", "")

    async def _wait_after(self, error: errors.TransferAppError) -> None:
        """Say why it does not go on, and pause: briefly, or until a person has acted."""
        problem = (error.code, error.message)
        self._failures += 1
        longest = self.services.settings.retry_max_s
        # Spread: a facility's workstations all come back after an outage.
        pause = Backoff(1.0, longest).spread_s(self._failures - 1)
        if error.retryable:
            await self.set_state(ItemState.WAITING, problem)
        else:
            await self.set_state(ItemState.NEEDS_ATTENTION, problem)
            pause = longest
        await self._sleep(max(pause, bounded_s(error.retry_after_s)))

    def _poll_pause(self) -> float:
        settings = self.services.settings
        polls = Backoff(settings.look_every_s, settings.look_at_most_every_s, 1.3)
        self._quiet_polls += 1
        return polls.pause_s(self._quiet_polls - 1)

    async def _sleep(self, seconds: float) -> None:
        if await woken(self._wake, seconds):
            self._wake.clear()

    def listener(self, file: FileRecord) -> Callable[[int], None]:
        """Return what a transfer's thread calls with its offset."""
        first = True

        def at(offset: int) -> None:
            nonlocal first
            self.services.progress.at(self.transfer_id, file.file_id, offset, moved=not first)
            first = False

        return at


def _have_ended(items: Iterable[ItemRecord], details: TransferDetails) -> bool:
    stages = {item.item_id: item.stage for item in items}
    return all(stages.get(item.id) in ENDED_STAGES for item in details.items)


def _first_problem(items: Iterable[TransferItem]) -> tuple[str, str]:
    found = next((item.trouble for item in items if item.trouble), None)
    return (found.code, found.message) if found else ("", "")


def _is_source_problem(code: str) -> bool:
    cls = error_codes.all_errors().get(code)
    return cls is not None and issubclass(cls, errors.SourceProblem)
