"""Follow the ledger's events and queue notifications, beside the tasks of this worker."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager

import structlog

from transferapp.errors import TransferAppError
from transferapp.host.supervise import supervised
from transferapp.operations.notifications import NotificationRounds

_log = structlog.get_logger(__name__)


def following(rounds: NotificationRounds, poll_s: float) -> AbstractAsyncContextManager[None]:
    """Look for news every ``poll_s`` seconds while the block runs."""
    return supervised("notifications", lambda: _follow(rounds, poll_s))


async def _follow(rounds: NotificationRounds, poll_s: float) -> None:
    while True:
        try:
            await rounds.round()
        except TransferAppError as error:
            _log.warning("notifications wait", error=error.message)
        await asyncio.sleep(poll_s)
