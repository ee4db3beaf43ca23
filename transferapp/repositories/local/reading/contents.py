"""Read stored contents in pieces, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import BinaryIO

from transferapp.errors import NoSuchFile
from transferapp.repositories.local.store import in_thread

_PIECE = 1024 * 1024


def opened(content: Path, size_bytes: int) -> tuple[BinaryIO, int]:
    """Open a content of the store; raises NoSuchFile."""
    try:
        return content.open("rb"), size_bytes
    except FileNotFoundError as error:
        raise NoSuchFile from error


async def pieces(
    open_file: Callable[[], tuple[BinaryIO, int]], offset: int, length: int | None
) -> AsyncGenerator[bytes, None]:
    """Yield pieces of 1 MiB of what is opened, which tells its size in bytes. Once begun it
    ends well, even when the file is deleted.
    """
    file, size = await _opened(open_file)
    try:
        start = min(max(0, offset), size)
        left = size - start if length is None else min(max(0, length), size - start)
        await in_thread(file.seek, start)
        while left and (piece := await in_thread(file.read, min(_PIECE, left))):
            left -= len(piece)
            yield piece
    finally:
        # Shielded by a thread of its own: closing must also happen on cancellation.
        await asyncio.shield(asyncio.to_thread(file.close))


async def _opened(open_file: Callable[[], tuple[BinaryIO, int]]) -> tuple[BinaryIO, int]:
    """Open; a thread that is at it when nobody waits any more opens, so that is closed."""
    opening = asyncio.ensure_future(in_thread(open_file))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise


def _close(opening: asyncio.Future[tuple[BinaryIO, int]]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].close()
