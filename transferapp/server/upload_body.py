"""Bring a request's body into staging without a thread hop for every piece."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.types import Receive

from transferapp.server.tus_headers import Refusal
from transferapp.staging.port import PartWriter

#: Bytes gathered for one write; measured best between 1 and 2 MiB (docs/adr/0005).
BATCH_SIZE = 2 << 20
#: Bytes after which a long body without a checksum is committed in between.
COMMIT_SIZE = 64 << 20
#: Seconds without a batch after which the sender counts as gone.
IDLE_S = 300.0

#: Told of each new durable offset in bytes.
OffsetListener = Callable[[int], Awaitable[None]]


class BodyEnded(Exception):
    """The sender went away before the end of the body."""


async def receive_part(
    receive: Receive, writer: PartWriter, committed: OffsetListener, *, checked: bool
) -> int:
    """Write the whole body and return the offset after its commit.

    A body that is ``checked`` by a checksum is committed whole; others are committed now
    and then, and what arrived before an interruption is written. Raises BodyEnded when the
    connection ends early. The caller abandons the writer in every case.
    """
    batch: list[bytes] = []
    try:
        async with asyncio.timeout(IDLE_S) as idle:
            loop = asyncio.get_running_loop()
            uncommitted = 0
            more = True
            while more:
                more = await _gather(receive, batch)
                uncommitted += sum(map(len, batch))
                full, batch = batch, []
                await writer.write(full)
                if uncommitted >= COMMIT_SIZE and not checked:
                    await committed(await writer.commit())
                    uncommitted = 0
                idle.reschedule(loop.time() + IDLE_S)
            return await writer.commit()
    except (BodyEnded, TimeoutError, asyncio.CancelledError) as error:
        if batch and not checked:
            await writer.write(batch)
        if isinstance(error, TimeoutError):
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "No bytes came any more.") from error
        raise


async def _gather(receive: Receive, batch: list[bytes]) -> bool:
    """Fill ``batch`` with pieces; False when the body has ended."""
    gathered = 0
    while gathered < BATCH_SIZE:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyEnded
        piece: bytes = message.get("body", b"")
        if piece:
            batch.append(piece)
            gathered += len(piece)
        if not message.get("more_body", False):
            return False
    return True
