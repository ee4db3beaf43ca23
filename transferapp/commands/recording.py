"""Record what a program prints: stamped, clean, up to a limit, and durable soon after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import humanize

from transferapp.commands.port import OutputPiece
from transferapp.commands.redaction import OutputCleaner
from transferapp.host.clock import Clock

#: Seconds that output is collected before it is written.
FLUSH_S = 0.2
#: Bytes that may wait to be written; then the program waits as well.
_MOST_WAITING = 256 << 10
#: Bytes of one write, about.
_PIECE = 128 << 10

PieceWriter = Callable[[OutputPiece], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class OutputKeeping:
    """How much of the output is kept, and what of it is never shown."""

    limit_bytes: int
    #: What earlier attempts have printed.
    kept_bytes: int = 0
    secrets: tuple[str, ...] = ()


class OutputRecorder:
    """Takes the bytes of one attempt; use it within ``recording``."""

    def __init__(self, write: PieceWriter, clock: Clock, keeping: OutputKeeping) -> None:
        """Write with ``write``, which returns when a piece is durable."""
        self._write = write
        self._clock = clock
        self._limit_bytes = keeping.limit_bytes
        self._cleaner = OutputCleaner(keeping.secrets)
        self._stamped = keeping.kept_bytes
        self._written = keeping.kept_bytes
        self._waiting = b""
        self._cut = False
        self._closed = False
        #: A write that may or may not have arrived is repeated as it was.
        self._piece: OutputPiece | None = None
        self._wanted = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def take(self, data: bytes) -> None:
        """Record what was printed; waits while too much is not written yet."""
        if self._cut or self._closed:
            return
        self._add(await asyncio.to_thread(lambda: list(self._cleaner.feed(data))))
        await self._room.wait()

    def show(self, text: str) -> None:
        """Record a line of our own, also beyond the limit."""
        self._append(f"[transferapp] {text}")

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[asyncio.Task[None]]:
        """Write in the background; when the block ends, what is left is written too.

        Yields the writing, which only ends by itself when it fails.
        """
        writing = asyncio.create_task(self._keep_writing())
        try:
            yield writing
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            if writing.cancelled():
                self._add(self._cleaner.finish())
                await self._flush()

    def _add(self, lines: Iterable[str]) -> None:
        for line in lines:
            if self._cut:
                return
            if self._stamped + len(self._stamp(line)) > self._limit_bytes:
                size = humanize.naturalsize(self._limit_bytes, binary=True)
                self._cut = True
                self.show(
                    f"It printed more than the {size} that are kept; the rest is left out."
                )
            else:
                self._append(line)

    def _append(self, line: str) -> None:
        stamped = self._stamp(line)
        self._stamped += len(stamped)
        self._waiting += stamped
        self._wanted.set()
        if len(self._waiting) > _MOST_WAITING and not self._closed:
            self._room.clear()

    def _stamp(self, line: str) -> bytes:
        at = self._clock.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        return f"{at}Z {line}\n".encode()

    async def _keep_writing(self) -> None:
        try:
            while True:
                await self._wanted.wait()
                await asyncio.sleep(FLUSH_S)
                await self._flush()
        finally:
            # Nobody waits for a writer that is gone.
            self._closed = True
            self._room.set()

    async def _flush(self) -> None:
        while piece := self._next_piece():
            await self._write(piece)
            self._piece = None
            self._written += len(piece.text)
        self._room.set()

    def _next_piece(self) -> OutputPiece | None:
        if self._piece is not None:
            return self._piece
        self._wanted.clear()
        if self._waiting:
            # At line ends: a piece is a text of its own.
            end = self._waiting.rfind(b"\n", 0, _PIECE) + 1 or len(self._waiting)
            text, self._waiting = self._waiting[:end], self._waiting[end:]
            self._piece = OutputPiece(self._written, text, self._cut)
        return self._piece
