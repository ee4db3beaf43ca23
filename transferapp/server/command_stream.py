"""What a command printed and prints: as a text, or as events until it has ended."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

from sse_starlette import ServerSentEvent
from starlette.requests import Request

from transferapp.commands.port import RunState
from transferapp.errors import GrantRefused, Unavailable
from transferapp.operations.command_requests import CommandRequests, SeenRun
from transferapp.protocol.commands import ENDED_EVENT, OUTPUT_EVENT
from transferapp.server.auth import any_grant
from transferapp.server.command_views import run_view
from transferapp.server.content import ContentReader
from transferapp.server.event_feed import EventFeed
from transferapp.server.parts import parts_of

#: Seconds between two looks for more; workers write from other processes.
POLL_S = 0.25
#: Seconds between two signs of life; also how soon a revoked grant ends its stream.
HEARTBEAT_S = 10.0
#: The worker of a run that was stopped has so long for last words (seconds).
_LAST_OUTPUT_S = 12.0
_PIECE = 64 << 10
_ENDED = frozenset(str(state) for state in RunState if state.ended)


def output_reader(commands: CommandRequests, run_id: str, after: int) -> ContentReader:
    """Read what comes after so many bytes as one content."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        position, end = after + offset, after + offset + length
        while position < end:
            piece = await commands.output(run_id, position, min(_PIECE, end - position))
            if not piece:
                return  # forgotten meanwhile
            # Pieces end where they were written.
            yield piece[: end - position]
            position += len(piece)

    return read


async def whole_output(
    commands: CommandRequests, run_id: str, after: int
) -> AsyncIterator[bytes]:
    """Yield what is there now."""
    while piece := await commands.output(run_id, after, _PIECE):
        after += len(piece)
        yield piece


async def follow_output(
    request: Request, run_id: str, position: int
) -> AsyncIterator[ServerSentEvent]:
    """Yield the output from byte ``position``, what comes to it, and the run at its end."""
    commands = parts_of(request).commands
    feed: EventFeed = request.app.state.feed
    silence = _Silence()
    while not feed.stopped:
        # First the state: what was printed before the end is read after it.
        seen = await commands.again(run_id)
        async for piece in whole_output(commands, run_id, position):
            position += len(piece)
            silence.broken()
            yield _output(piece, position)
        if _is_over(seen, silence):
            ended = run_view(seen).model_dump_json()
            yield ServerSentEvent(ended, event=ENDED_EVENT, id=str(position))
            return
        if silence.heartbeat_is_due():
            try:
                await any_grant(request)
            except (GrantRefused, Unavailable):
                return
            yield ServerSentEvent(comment="still here")
        await asyncio.sleep(POLL_S)


class _Silence:
    """How long a stream has said nothing."""

    def __init__(self) -> None:
        self.broken()

    def broken(self) -> None:
        """Something was said."""
        self._since = self._beat_at = time.monotonic()

    def lasts_s(self) -> float:
        """Return for how long nothing of the run was said."""
        return time.monotonic() - self._since

    def heartbeat_is_due(self) -> bool:
        """Tell so once in a while."""
        is_due = time.monotonic() - self._beat_at > HEARTBEAT_S
        if is_due:
            self._beat_at = time.monotonic()
        return is_due


def _is_over(seen: SeenRun, silence: _Silence) -> bool:
    if seen.run.state.ended:
        return True
    # The queue says so already; its worker may still be ending it, or be gone for good.
    return str(seen.state) in _ENDED and silence.lasts_s() > _LAST_OUTPUT_S


def _output(piece: bytes, position: int) -> ServerSentEvent:
    # As JSON: an event's own lines would lose the ends of these.
    text = json.dumps(piece.decode("utf-8", "replace"))
    return ServerSentEvent(text, event=OUTPUT_EVENT, id=str(position))
