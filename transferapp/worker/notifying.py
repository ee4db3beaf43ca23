"""Follow the ledger's events and queue notifications, beside the tasks of this worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from transferapp.errors import TransferAppError
from transferapp.operations.notifications import NotificationRounds

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def following(rounds: NotificationRounds, poll_s: float) -> AsyncIterator[None]:
    """Look for news every ``poll_s`` seconds while the block runs."""
    task = asyncio.create_task(_follow(rounds, poll_s), name="notifications")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _follow(rounds: NotificationRounds, poll_s: float) -> None:
    while True:
        try:
            await rounds.round()
        except TransferAppError as error:
            _log.warning("notifications wait", error=error.message)
        except Exception:  # noqa: BLE001
            # A defect here must not silence everybody until the next restart.
            _log.exception("notifications failed")
        await asyncio.sleep(poll_s)
