"""Hold what both sides said of all transfers and hand out changed rows in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.transfers.rows import TransferRow, merge
from transferapp.desktop.transfers.speed_meter import SpeedMeter
from transferapp.host.clock import Clock
from transferapp.model.transfers import ENDED_STATES, Transfer
from transferapp.protocol.messages import SubmissionView

#: Seconds between two batches: the table repaints ten times a second at most.
BATCH_S = 0.1


@dataclass(frozen=True, slots=True)
class RowBatch:
    """What changed since the last batch; ``reset`` means forget all rows first."""

    changed: tuple[TransferRow, ...] = ()
    removed: tuple[str, ...] = ()
    reset: bool = False


class TransferBoard:
    """All transfers of one person, merged; ``batches`` tells of changes at most 10 times a
    second. Use it from one event loop.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._transfers: dict[str, Transfer] = {}
        self._views: dict[str, SubmissionView] = {}
        self._meters: dict[str, SpeedMeter] = {}
        self._rows: dict[str, TransferRow] = {}
        self._touched: dict[str, None] = {}
        self._flush_due: asyncio.TimerHandle | None = None
        self._agent_lost = False
        self.batches: Listeners[[RowBatch]] = Listeners()

    @property
    def rows(self) -> Mapping[str, TransferRow]:
        """All rows by transfer id, as of the last batch."""
        return self._rows

    def view(self, transfer_id: str) -> SubmissionView | None:
        """What the agent last said of a transfer."""
        return self._views.get(transfer_id)

    def put_transfers(self, transfers: Iterable[Transfer]) -> None:
        """Take the server's word."""
        for transfer in transfers:
            if self._transfers.get(transfer.id) != transfer:
                self._transfers[transfer.id] = transfer
                self._touch(transfer.id)

    def put_view(self, view: SubmissionView) -> None:
        """Take the agent's word."""
        self._views[view.transfer_id] = view
        self._touch(view.transfer_id)

    def drop_transfer(self, transfer_id: str) -> None:
        """The server does not know this transfer (any more)."""
        self._transfers.pop(transfer_id, None)
        self._touch(transfer_id)

    def drop_view(self, transfer_id: str) -> None:
        """The agent has forgotten this transfer."""
        self._views.pop(transfer_id, None)
        self._touch(transfer_id)

    def note_agent(self, *, lost: bool) -> None:
        """Note whether the agent answers; what it was moving is then not moving."""
        if lost != self._agent_lost:
            self._agent_lost = lost
            for transfer_id in self._rows:
                self._touch(transfer_id)

    def scan_again(self) -> None:
        """Judge by the clock which transfers have gone quiet."""
        for row in self._rows.values():
            if not row.ended:
                self._touch(row.id)

    def clear(self) -> None:
        """Forget everything, as another person signs in."""
        for store in (self._transfers, self._views, self._meters, self._rows, self._touched):
            store.clear()
        self.close()
        self.batches.notify(RowBatch(reset=True))

    def close(self) -> None:
        """Stop the timer."""
        if self._flush_due is not None:
            self._flush_due.cancel()
            self._flush_due = None

    def flush(self) -> None:
        """Merge what was touched and tell of it now."""
        self.close()
        touched, self._touched = list(self._touched), {}
        changed, removed = [], []
        for transfer_id in touched:
            row = self._merged(transfer_id)
            if row is None:
                if self._rows.pop(transfer_id, None) is not None:
                    removed.append(transfer_id)
            elif self._rows.get(transfer_id) != row:
                self._rows[transfer_id] = row
                changed.append(row)
        if changed or removed:
            self.batches.notify(RowBatch(tuple(changed), tuple(removed)))

    def _touch(self, transfer_id: str) -> None:
        self._touched[transfer_id] = None
        if self._flush_due is None:
            self._flush_due = asyncio.get_running_loop().call_later(BATCH_S, self.flush)

    def _merged(self, transfer_id: str) -> TransferRow | None:
        transfer, view = self._transfers.get(transfer_id), self._views.get(transfer_id)
        if transfer is None and view is None:
            return None
        return merge(
            transfer,
            view,
            now=self._clock.now(),
            bytes_per_s=self._speed(transfer_id, transfer, view),
            agent_lost=self._agent_lost,
        )

    def _speed(
        self, transfer_id: str, transfer: Transfer | None, view: SubmissionView | None
    ) -> float:
        if transfer is not None and transfer.state in ENDED_STATES:
            self._meters.pop(transfer_id, None)
            return 0.0
        bytes_done = max(transfer.bytes_done if transfer else 0, view.bytes_done if view else 0)
        meter = self._meters.get(transfer_id)
        if meter is None:
            meter = self._meters[transfer_id] = SpeedMeter()
        return meter.feed(bytes_done, self._monotonic())
