from __future__ import annotations

import threading

import pytest

from transferapp.client.pace import RateLimit, keep_pace
from transferapp.errors import Cancelled


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    return clock


def test_the_rate_holds_over_time(now: list[float]) -> None:
    limit, taken = RateLimit(1000.0), 0
    for _ in range(400):
        now[0] += 0.025
        if limit.take(100) == 0:
            taken += 100
    assert taken == pytest.approx(10_000, rel=0.02)


def test_a_large_piece_is_admitted_and_paid_for(now: list[float]) -> None:
    limit = RateLimit(1000.0)
    assert limit.take(5000) == 0
    assert limit.take(1) == pytest.approx(5.0)
    now[0] += 5
    assert limit.take(1) == 0


def test_unused_time_makes_no_flood(now: list[float]) -> None:
    limit = RateLimit(1000.0)
    now[0] += 3600
    assert limit.take(250) == 0
    assert limit.take(1) == 0
    assert limit.take(1) > 0


def test_a_limit_can_be_lifted(now: list[float]) -> None:
    limit = RateLimit(1.0)
    limit.take(10_000)
    assert limit.take(1) > 9000
    limit.change(None)
    assert limit.take(1 << 40) == 0
    assert now == [100.0]


def test_cancel_ends_the_waiting() -> None:
    cancelled, limit = threading.Event(), RateLimit(1.0)
    limit.take(1000)
    threading.Timer(0.05, cancelled.set).start()
    with pytest.raises(Cancelled):
        keep_pace(1, cancelled, limit)
