"""Write one part: gathered positional writes in a pool, one in flight, then one sync."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

import structlog
from typing_extensions import override

from transferapp import errors
from transferapp.staging.checksums import ALGORITHMS
from transferapp.staging.port import Checksum, PartWriter, StagedFile
from transferapp.staging.stores.errors import storage_errors
from transferapp.staging.stores.journal import sync_data
from transferapp.staging.stores.layout import UploadFiles

#: Buffers that one pwritev takes (IOV_MAX of Linux and macOS).
_MAX_BUFFERS = 1024

_log = structlog.get_logger(__name__)


class FilePart(PartWriter):
    """A part of a file in a folder."""

    def __init__(
        self,
        files: UploadFiles,
        staged: StagedFile,
        checksum: Checksum | None,
        executor: Executor,
    ) -> None:
        """Go on at the committed offset; the file is opened by the first write."""
        self._files = files
        self._size = staged.size_bytes
        self._checksum = checksum
        self._hasher = ALGORITHMS[checksum.algorithm]() if checksum else None
        self._executor = executor
        #: Bytes taken in; written (by the pool); durable.
        self._accepted = self._written = self._committed = staged.offset
        self._in_flight: asyncio.Future[int] | None = None
        self._ending: asyncio.Task[None] | None = None
        #: False while written bytes may not be what the disk holds.
        self._trusted = True
        self._fd = -1

    @override
    async def write(self, pieces: Sequence[bytes]) -> None:
        """Write a batch at the end while the caller gathers the next one; raises Invalid beyond
        the file's size.
        """
        await self._settle()
        self._must_go_on()
        end = self._accepted + sum(map(len, pieces))
        if end > self._size:
            raise errors.Invalid("More bytes came than the file was announced to have.")
        self._accepted = end
        self._start(lambda: self._write(pieces))

    @override
    async def commit(self) -> int:
        """Sync, check, advance and return the offset."""
        await self._settle()
        self._must_go_on()
        self._start(self._commit)
        try:
            await self._settle()
        finally:
            # A digest covers what came before it: nothing may follow unchecked.
            if self._checksum is not None:
                await self.abandon(keep=False)
        return self._committed

    @override
    async def abandon(self, *, keep: bool) -> None:
        """End the part and keep what it can; every caller returns only when it has ended."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(keep=keep))
        await asyncio.shield(self._ending)

    async def _end(self, *, keep: bool) -> None:
        try:
            with suppress(errors.TransferAppError):
                await self._settle()
            if keep and self._checksum is None and self._trusted:
                self._start(self._commit)
                await self._settle()
        except errors.TransferAppError as error:
            _log.warning("part not kept", upload=self._files.id, code=error.code)
        finally:
            if self._fd >= 0:
                os.close(self._fd)

    def _must_go_on(self) -> None:
        if self._ending is not None:
            raise errors.StateConflict("Another connection has continued this upload.")
        if self._written != self._accepted or not self._trusted:
            raise errors.Unavailable("The part could not be written; send it again.")

    def _start(self, work: Callable[[], int]) -> None:
        loop = asyncio.get_running_loop()
        self._in_flight = loop.run_in_executor(self._executor, work)

    async def _settle(self) -> None:
        """Wait for the write in flight; raises its error once.

        Shielded: a cancelled caller must not leave a thread writing to a closed file.
        """
        running = self._in_flight
        if running is None:
            return
        try:
            await asyncio.shield(running)
        finally:
            if running.done() and self._in_flight is running:
                self._in_flight = None

    def _write(self, pieces: Sequence[bytes]) -> int:
        views = [memoryview(piece) for piece in pieces]
        with storage_errors():
            if self._fd < 0:
                self._fd = os.open(self._files.part, os.O_WRONLY)
            while views:
                count = os.pwritev(self._fd, views[:_MAX_BUFFERS], self._written)
                self._written += count
                views = _after(views, count)
        if self._hasher is not None:
            for piece in pieces:
                self._hasher.update(piece)
        return self._written

    def _commit(self) -> int:
        offset = self._written
        digest = self._hasher.digest() if self._hasher is not None else b""
        if self._checksum is not None and digest != self._checksum.digest:
            raise errors.ChecksumMismatch
        if offset == self._committed:
            return offset
        # After a failed sync the kernel forgets which bytes it lost: never sync them again.
        self._trusted = False
        with storage_errors():
            sync_data(self._fd)
            self._files.advance(offset, self._size)
        self._trusted = True
        self._committed = offset
        return offset


def _after(views: list[memoryview], count: int) -> list[memoryview]:
    """Return what is left of the buffers after ``count`` bytes were written."""
    for index, view in enumerate(views):
        if count < len(view):
            return [view[count:], *views[index + 1 :]]
        count -= len(view)
    return []
