"""Fan events out: one reader of the ledger per process, any number of open streams.

A stream is put in line before its past is read, so that nothing is lost between the two;
ids tell what both have brought, so that nothing comes twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from transferapp.errors import TransferAppError
from transferapp.ledger.port import Ledger
from transferapp.model.events import Event

#: Seconds between two looks at the ledger; workers write to it from other processes.
POLL_S = 0.25
#: Seconds before another try when the database does not answer.
_RETRY_S = 2.0
#: Events in line for one slow reader; then it is cut off and resumes by its last id.
_LONGEST_LINE = 2_000
_PAGE = 500

_log = logging.getLogger(__name__)


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

    def __init__(self, ledger: Ledger, *, poll_s: float = POLL_S) -> None:
        self._ledger = ledger
        self._poll_s = poll_s
        self._lines: set[_Line] = set()
        self._task: asyncio.Task[None] | None = None
        self._stopped = False
        #: Set when every later event will be put into the open lines.
        self._following = asyncio.Event()

    def start(self) -> None:
        """Begin to read the ledger."""
        self._task = asyncio.create_task(self._follow(), name="event feed")

    @property
    def stopped(self) -> bool:
        """Whether the server is about to end, and with it every stream."""
        return self._stopped

    def end_streams(self) -> None:
        """Let every open stream end; new ones end at once."""
        self._stopped = True
        for line in self._lines:
            line.end()

    async def stop(self) -> None:
        """End the streams and stop reading."""
        self.end_streams()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def position(self, after: int | None) -> Position:
        """Return where a stream begins: ``after``, or now (None, or an id from elsewhere)."""
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
        """Yield the events after an id, first the past ones; None after ``silence_s``."""
        with self._line(audience) as line:
            await self._following.wait()
            async for event in self._past(audience, after):
                after = event.id
                yield event
            while True:
                try:
                    async with asyncio.timeout(silence_s):
                        event_or_end = await line.queue.get()
                except TimeoutError:
                    yield None
                    continue
                if event_or_end is None:
                    return
                if event_or_end.id > after:
                    yield event_or_end

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
        while True:
            try:
                if position is None:
                    position = await self._ledger.last_event_id()
                    self._following.set()
                page = await self._ledger.events(None, position, _PAGE)
            except TransferAppError as error:
                _log.warning("events cannot be read: %s", error.message)
                await asyncio.sleep(_RETRY_S)
                continue
            for event in page:
                for line in self._lines:
                    line.put(event)
            position = page[-1].id if page else position
            if len(page) < _PAGE:
                await asyncio.sleep(self._poll_s)
