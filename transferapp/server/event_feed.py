"""Fan events out: one reader of the ledger per process, any number of open streams.

A stream is put in line before its past is read, so that nothing is lost between the two;
ids tell what both have brought, so that nothing comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from transferapp.errors import TransferAppError, Unavailable
from transferapp.host.backoff import Backoff
from transferapp.host.supervise import Supervisor
from transferapp.host.waking import woken
from transferapp.ledger.port import LedgerEvents
from transferapp.model.events import Event

#: Seconds between two looks at the ledger; workers write to it from other processes.
POLL_S = 0.25
#: Between two tries when the database does not answer.
RETRIES = Backoff(0.5, 10.0)
#: A reader that has not looked for so long is stuck (seconds).
_STUCK_AFTER_S = 15.0
#: Events in line for one slow reader; then it is cut off and resumes by its last id.
_LONGEST_LINE = 2_000
_PAGE = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose events a stream carries: a person's, or only those of one transfer."""

    owner: str
    transfer_id: str | None = None

    def hears(self, event: Event) -> bool:
        """Whether an event belongs to this stream."""
        if event.owner != self.owner:
            return False
        return self.transfer_id is None or event.transfer_id == self.transfer_id


@dataclass(frozen=True, slots=True)
class Position:
    """Where a stream goes on, and whether events between the asked id and that one are
    not kept any more.
    """

    after: int
    missed: bool = False


@dataclass(eq=False, slots=True)
class _Line:
    """Events that wait for one reader; None ends it."""

    audience: Audience
    queue: asyncio.Queue[Event | None] = field(
        default_factory=lambda: asyncio.Queue(_LONGEST_LINE + 1)
    )
    is_open: bool = True

    def put(self, event: Event) -> None:
        """Add an event, or end the line when its reader is too slow."""
        if not self.is_open or not self.audience.hears(event):
            return
        if self.queue.qsize() >= _LONGEST_LINE:
            self.end()
            return
        self.queue.put_nowait(event)

    def end(self) -> None:
        """Let the reader go after what is in line."""
        if self.is_open:
            self.is_open = False
            self.queue.put_nowait(None)


class EventFeed:
    """The events of this server, for as many streams as are open."""

    def __init__(self, ledger: LedgerEvents, *, poll_s: float = POLL_S) -> None:
        self._ledger = ledger
        self._poll_s = poll_s
        self._lines: set[_Line] = set()
        self._reader = Supervisor(
            "event feed",
            self._follow,
            on_fault=self._send_all_home,
            silent_after_s=_STUCK_AFTER_S,
        )
        self._stopped = False
        #: Set when every later event will be put into the open lines.
        self._following = asyncio.Event()

    def start(self) -> None:
        """Begin to read the ledger."""
        self._reader.start()

    @property
    def stopped(self) -> bool:
        """Whether the server is about to end, and with it every stream."""
        return self._stopped

    @property
    def problem(self) -> str:
        """Why no events come now; empty when they do."""
        return self._reader.problem

    def end_streams(self) -> None:
        """Let every open stream end; new ones end at once."""
        self._stopped = True
        self._end_lines()

    async def stop(self) -> None:
        """End the streams and stop reading."""
        self.end_streams()
        await self._reader.stop()

    async def position(self, after: int | None) -> Position:
        """Return where a stream begins: ``after``, or now (None, or an id from elsewhere).

        Raises Unavailable while no events can come: a stream would only seem to be alive.
        """
        if self.problem:
            raise Unavailable("The server cannot follow events now. Nothing is lost.")
        newest = await self._ledger.last_event_id()
        if after is None or after >= newest:
            return Position(newest)
        # Old events are forgotten; whether one of them was this person's nobody knows.
        oldest = await self._ledger.first_event_id()
        # From the oldest on: who takes note of that is not told again when it comes back.
        return Position(max(after, oldest - 1), missed=after < oldest - 1)

    async def stream(
        self, audience: Audience, after: int, *, silence_s: float
    ) -> AsyncIterator[Event | None]:
        """Yield the events after an id, first the past ones; None after ``silence_s``.

        Ends when the feed is in problem: its reader comes back, and is told so.
        """
        with self._line(audience) as line:
            if not await woken(self._following, silence_s):
                return
            async for event in self._past(audience, after):
                after = event.id
                yield event
            while True:
                try:
                    async with asyncio.timeout(silence_s):
                        event_or_end = await line.queue.get()
                except TimeoutError:
                    if self.problem:
                        return
                    yield None
                    continue
                if event_or_end is None:
                    return
                if event_or_end.id > after:
                    yield event_or_end

    def _end_lines(self) -> None:
        for line in self._lines:
            line.end()

    def _send_all_home(self, _fault: Exception) -> None:
        """End the streams: what was not put into their lines, they ask for by their last id."""
        self._following.clear()
        self._end_lines()

    @contextmanager
    def _line(self, audience: Audience) -> Iterator[_Line]:
        line = _Line(audience)
        self._lines.add(line)
        if self._stopped:
            line.end()
        try:
            yield line
        finally:
            self._lines.discard(line)

    async def _past(self, audience: Audience, after: int) -> AsyncIterator[Event]:
        while page := await self._ledger.events(audience.owner, after, _PAGE):
            for event in page:
                if audience.hears(event):
                    yield event
            after = page[-1].id

    async def _follow(self) -> None:
        position: int | None = None
        failures = 0
        while True:
            try:
                if position is None:
                    position = await self._ledger.last_event_id()
                    self._following.set()
                page = await self._ledger.events(None, position, _PAGE)
            except TransferAppError as error:
                _log.warning("events cannot be read", error=error.message)
                self._reader.note(error.message)
                await asyncio.sleep(RETRIES.pause_s(failures))
                failures += 1
                continue
            failures = 0
            self._reader.beat()
            for event in page:
                for line in self._lines:
                    line.put(event)
            position = page[-1].id if page else position
            if len(page) < _PAGE:
                await asyncio.sleep(self._poll_s)
