"""Guessing passwords is slowed per person and address, and for a minute only."""

from __future__ import annotations

import pytest

from transferapp.errors import Busy, GrantRefused
from transferapp.server import auth
from transferapp.server.auth import MAX_FAILURES, SignInThrottle, bearer_token
from transferapp.testing.moved_clock import MovedClock


def test_too_many_attempts_wait() -> None:
    clock = MovedClock()
    throttle = SignInThrottle(clock)
    for _ in range(MAX_FAILURES):
        throttle.admit("ada", "10.0.0.1")
        clock.advance(seconds=1)
    with pytest.raises(Busy) as refused:
        throttle.admit("ada", "10.0.0.1")
    assert refused.value.retry_after_s == 60 - MAX_FAILURES
    throttle.admit("bob", "10.0.0.1")
    throttle.admit("ada", "10.0.0.2")
    clock.advance(seconds=refused.value.retry_after_s)
    throttle.admit("ada", "10.0.0.1")


def test_success_forgets() -> None:
    throttle = SignInThrottle(MovedClock())
    for _ in range(3 * MAX_FAILURES):
        throttle.admit("ada", "10.0.0.1")
        throttle.succeeded("ada", "10.0.0.1")


def test_strangers_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_REMEMBERED", 5)
    throttle = SignInThrottle(MovedClock())
    for number in range(50):
        throttle.admit(f"guess {number}", "10.0.0.1")
    assert len(throttle._attempts) == 5


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YWRhOng=", "ta1_x"])
def test_what_is_no_bearer_token(header: str) -> None:
    with pytest.raises(GrantRefused):
        bearer_token(header)


def test_a_bearer_token() -> None:
    assert bearer_token("bearer ta1_x") == "ta1_x"
