"""Pauses between tries, for any count that may be stored anywhere."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given, strategies as st
from tenacity import RetryCallState

import transferapp
from transferapp.errors import Unavailable
from transferapp.host.backoff import LONGEST_S, MOST_COUNTED, Backoff, bounded_s, grown
from transferapp.taskqueue.port import RetryPolicy
from transferapp.taskqueue.retry_decision import FailureCount, judge

ANY_COUNT = st.one_of(st.integers(), st.sampled_from([1023, 1024, 2**31 - 1, 2**63, 10**400]))
ANY_SECONDS = st.floats(allow_nan=True, allow_infinity=True)


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(5.0, 300.0)
    assert [backoff.pause_s(n) for n in range(8)] == [5, 10, 20, 40, 80, 160, 300, 300]


@given(ANY_COUNT, st.floats(0.001, 1e9), st.floats(0.001, 1e9), st.floats(1.0, 1e9))
def test_any_count_gives_a_pause(
    failures: int, first_s: float, longest_s: float, factor: float
) -> None:
    pause_s = Backoff(first_s, longest_s, factor).pause_s(failures)
    assert 0.0 <= pause_s <= min(longest_s, LONGEST_S)
    assert pause_s <= Backoff(first_s, longest_s, factor).pause_s(failures + 1)


def test_a_pause_grows_by_its_factor() -> None:
    backoff = Backoff(2.0, 1000.0, factor=3.0)
    assert [backoff.pause_s(n) for n in (-1, 0, 1, 2, 3)] == [2, 2, 6, 18, 54]


def test_no_pause_is_longer_than_a_week() -> None:
    assert Backoff(1e9, 1e12).pause_s(0) == bounded_s(1e12) == 7 * 86400.0


def test_a_thousand_failures_wait_as_long_as_ten() -> None:
    backoff = Backoff(5.0, 300.0)
    assert backoff.pause_s(1023) == backoff.pause_s(10**6) == backoff.pause_s(10) == 300.0


def test_spread_is_half_to_all() -> None:
    spread = [Backoff(8.0, 8.0).spread_s(3) for _ in range(200)]
    assert 4.0 <= min(spread) < 5.0
    assert 7.0 < max(spread) <= 8.0


@given(ANY_SECONDS)
def test_any_request_is_bounded(seconds: float) -> None:
    assert 0.0 <= bounded_s(seconds) <= LONGEST_S


def test_a_request_that_can_be_met_is_met() -> None:
    assert bounded_s(500.0) == 500.0
    assert bounded_s(0.5) == 0.5
    assert bounded_s(None) == bounded_s(-3.0) == bounded_s(math.nan) == 0.0


def test_counters_stay_within_their_column() -> None:
    assert grown(3) == 4
    assert grown(0) == grown(-5) == 1
    assert grown(3, 4) == 7
    assert grown(2**31 - 4) == 2**31 - 3
    assert grown(2**31 - 1) == MOST_COUNTED
    assert grown(MOST_COUNTED, 10**9) == MOST_COUNTED


@given(ANY_COUNT, st.floats(0.0, 1.0))
def test_policies_of_tasks_do_not_overflow(attempts: int, jitter: float) -> None:
    delay_s = RetryPolicy(factor=10.0).delay_s(attempts, jitter)
    assert 0.0 < delay_s <= 1.21 * RetryPolicy().max_delay_s


@pytest.mark.parametrize("asked_s", [1e18, math.inf, math.nan, -1.0])
def test_another_sides_request_does_not_park_a_task_for_ever(asked_s: float) -> None:
    """A webhook that answers ``Retry-After: 99999999999999`` made its row unreadable."""
    error = Unavailable(retry_after_s=asked_s)
    result = judge(error, RetryPolicy(), FailureCount(), jitter=0.5)
    assert 0.0 < result.delay_s <= LONGEST_S


def test_nobody_else_raises_to_a_power_that_grows() -> None:
    """Powers and shifts by a variable are of pixels and screens, not of what waits."""
    shows = {
        "conversion",
        "desktop",
        "display",
        "model",
        "preview",
        "repositories",
        "sandbox",
        "testing",
    }
    root = Path(transferapp.__file__).parent
    paths = [path.relative_to(root) for path in root.rglob("*.py")]
    found = {
        path
        for path in paths
        if path.parts[0] not in shows and path != Path("host/backoff.py")
        for node in ast.walk(ast.parse((root / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Pow | ast.LShift)
        and not isinstance(node.right, ast.Constant)
    }
    assert found == set()


@pytest.mark.parametrize(("attempt", "longest_s"), [(1, 1.0), (2, 2.0), (3, 4.0)])
def test_a_retry_waits_the_pause_of_its_earlier_failures(
    attempt: int, longest_s: float
) -> None:
    """tenacity counts attempts from 1; the pause after the first one is the first pause."""
    state = SimpleNamespace(attempt_number=attempt)
    pauses = [Backoff(1.0, 60.0).wait(cast("RetryCallState", state)) for _ in range(200)]
    assert longest_s / 2 <= min(pauses) < longest_s * 0.6
    assert longest_s * 0.9 < max(pauses) <= longest_s


def test_a_count_at_its_most_fits_a_column_and_one_more() -> None:
    assert grown(MOST_COUNTED) == MOST_COUNTED == 2**31 - 1 - 1
