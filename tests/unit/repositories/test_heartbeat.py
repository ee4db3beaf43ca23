"""Slow or silent: what a process tells of the imports that it watches."""

from __future__ import annotations

from datetime import UTC, datetime

from typing_extensions import override

from transferapp.host.clock import SystemClock
from transferapp.repositories.heartbeat import SILENT_AFTER, HeartbeatWatch


def test_a_watch_reports_slow_from_silent() -> None:
    class MovedClock(SystemClock):
        moved = datetime(2026, 1, 1, tzinfo=UTC)

        @override
        def now(self) -> datetime:
            return self.moved

    clock = MovedClock()
    watch = HeartbeatWatch(clock)
    assert watch.silent_since() is None
    began = clock.moved
    watch.saw(1, 0)
    assert watch.queued() == 1
    clock.moved += SILENT_AFTER
    watch.saw(1, 0)
    assert watch.silent_since() == began
    watch.saw(1, 1)
    assert (watch.silent_since(), watch.queued()) == (None, 0)
    clock.moved += SILENT_AFTER
    watch.ended(1)
    assert watch.silent_since() is None
