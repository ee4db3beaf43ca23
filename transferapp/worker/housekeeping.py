"""Keep the database small and nothing forgotten in it, beside the tasks of this worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from transferapp.commands.port import OldCommandRuns
from transferapp.errors import TransferAppError
from transferapp.grants.port import Grants
from transferapp.host.clock import Clock
from transferapp.host.supervise import supervised
from transferapp.ledger.port import ItemMoves, OldTransfers
from transferapp.notify.port import OldDeliveries
from transferapp.operations.keep_places import PlaceKeeping
from transferapp.taskqueue.port import TaskSubmission
from transferapp.worker.leftovers import queue_leftovers

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how many days what is over is kept."""

    events_days: int
    notifications_days: int
    #: 0 keeps them for ever.
    transfers_days: int
    #: Runs of commands with their output; 0 keeps them for ever.
    command_runs_days: int
    #: After they have expired.
    grants_days: int


class _Records(ItemMoves, OldTransfers, Protocol):
    """What of the ledger a house is kept in: what lies about, and what is over."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What old things are kept in."""

    ledger: _Records
    deliveries: OldDeliveries
    command_runs: OldCommandRuns
    grants: Grants


class Housekeeping:
    """What is done now and then; any number of workers may do so at the same time."""

    def __init__(
        self,
        stores: Stores,
        queue: TaskSubmission,
        clock: Clock,
        retention: Retention,
        places: PlaceKeeping,
    ) -> None:
        self._places = places
        self._stores = stores
        self._ledger = stores.ledger
        self._deliveries = stores.deliveries
        self._queue = queue
        self._clock = clock
        self._retention = retention

    async def round(self) -> None:
        """Do each chore once; one that fails keeps no other from being done."""
        await _chore("leftovers", self._leftovers)
        await self.check_places()
        await _chore("items to bring", self._places.bring_leftovers)
        await _chore("cancelled items at places", self._places.discard_abandoned)
        await _chore("items that expire", self._places.notify_expiry)
        await _chore("expired items", self._places.remove_expired)
        await _chore("items deleted at places", self._places.note_gone)
        await _chore("events", self._forget_events)
        await _chore("notifications", self._forget_notifications)
        await _chore("transfers", self._forget_transfers)
        await _chore("command runs", self._forget_command_runs)
        await _chore("grants", self._forget_grants)

    async def check_places(self) -> None:
        """Log which places cannot be used."""
        await _chore("places", self._places.check_places)

    async def _leftovers(self) -> int:
        """Queue what a server received and was killed before it could queue it."""
        return await queue_leftovers(self._ledger, self._queue, thorough=False)

    async def _forget_events(self) -> int:
        # What was not looked at yet still has to be told.
        reported = await self._deliveries.position() or 0
        before = self._clock.now() - timedelta(days=self._retention.events_days)
        return await self._ledger.forget_events(before, reported)

    async def _forget_notifications(self) -> int:
        before = self._clock.now() - timedelta(days=self._retention.notifications_days)
        return await self._deliveries.forget(before)

    async def _forget_transfers(self) -> int:
        if not self._retention.transfers_days:
            return 0
        before = self._clock.now() - timedelta(days=self._retention.transfers_days)
        return await self._ledger.forget_transfers(before)

    async def _forget_command_runs(self) -> int:
        if not self._retention.command_runs_days:
            return 0
        age = timedelta(days=self._retention.command_runs_days)
        return await self._stores.command_runs.forget_ended(age)

    async def _forget_grants(self) -> int:
        # For a while their owner sees in her list that they have expired.
        age = timedelta(days=self._retention.grants_days)
        return await self._stores.grants.forget_expired(age)


def maintaining(
    housekeeping: Housekeeping, every_s: float
) -> AbstractAsyncContextManager[None]:
    """Do a round every ``every_s`` seconds while the block runs."""
    return supervised("housekeeping", lambda: _keep(housekeeping, every_s))


async def _keep(housekeeping: Housekeeping, every_s: float) -> None:
    await housekeeping.check_places()
    while True:
        await asyncio.sleep(every_s)
        await housekeeping.round()


async def _chore(name: str, do: Callable[[], Awaitable[int]]) -> None:
    try:
        count = await do()
    except TransferAppError as error:
        _log.warning("housekeeping waits", chore=name, error=error.message)
    except Exception:  # noqa: BLE001
        # A defect in one chore must not end the others until the next restart.
        _log.exception("housekeeping failed", chore=name)
    else:
        if count:
            _log.info("housekeeping done", chore=name, count=count)
