"""What follows a failure."""

from __future__ import annotations

import pytest

from transferapp.errors import DamagedFile, Internal, RepositoryUnavailable
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.taskqueue.retry_decision import MAX_DEFECTS, FailureCount, judge

POLICY = RetryPolicy(max_attempts=4, first_delay_s=10.0, factor=2.0, max_delay_s=30.0)


@pytest.mark.parametrize(("attempts", "delay_s"), [(0, 10.0), (1, 20.0), (2, 30.0)])
def test_pauses_grow_up_to_the_longest(attempts: int, delay_s: float) -> None:
    result = judge(RepositoryUnavailable(), POLICY, FailureCount(attempts), jitter=0.5)
    assert result.state is TaskState.WAITING
    assert result.delay_s == pytest.approx(delay_s)
    assert result.count.attempts == attempts + 1


def test_jitter_spreads_by_a_fifth() -> None:
    pauses = [
        judge(RepositoryUnavailable(), POLICY, FailureCount(), jitter).delay_s
        for jitter in (0.0, 1.0)
    ]
    assert pauses == pytest.approx([8.0, 12.0])


def test_last_attempt_ends_dead() -> None:
    result = judge(RepositoryUnavailable("gone"), POLICY, FailureCount(3), jitter=0.5)
    assert (result.state, result.error_code) == (TaskState.DEAD, "repository-unavailable")


def test_the_other_sides_longer_request_wins() -> None:
    request = RepositoryUnavailable(retry_after_s=500.0)
    assert judge(request, POLICY, FailureCount(), jitter=0.5).delay_s == 500.0
    hurry = RepositoryUnavailable(retry_after_s=1.0)
    assert judge(hurry, POLICY, FailureCount(), jitter=0.5).delay_s == pytest.approx(10.0)


@pytest.mark.parametrize("error", [DamagedFile("cut"), Internal("a bug we know")])
def test_what_cannot_be_helped_ends_at_once(error: Exception) -> None:
    assert judge(error, POLICY, FailureCount(), jitter=0.5).state is TaskState.DEAD


def test_unknown_exceptions_get_a_few_tries_even_after_outages() -> None:
    count = FailureCount(attempts=1)
    states = []
    for _ in range(MAX_DEFECTS):
        result = judge(KeyError("x"), RetryPolicy(), count, jitter=0.5)
        count = result.count
        states.append(result.state)
        assert result.error_code == "internal"
    assert states == [TaskState.WAITING, TaskState.WAITING, TaskState.DEAD]


def test_each_failure_is_counted_and_only_a_defect_twice() -> None:
    before = FailureCount(attempts=1, defects=1)
    known = judge(RepositoryUnavailable(), POLICY, before, jitter=0.5)
    assert known.count == FailureCount(attempts=2, defects=1)
    unknown = judge(KeyError("x"), POLICY, before, jitter=0.5)
    assert unknown.count == FailureCount(attempts=2, defects=2)
    assert FailureCount() == FailureCount(0, 0)


def test_a_defect_is_tried_three_times_in_all() -> None:
    policy = RetryPolicy(max_attempts=100)
    states = {
        before: judge(KeyError("x"), policy, FailureCount(10, before), jitter=0.5).state
        for before in range(5)
    }
    assert states == {
        0: TaskState.WAITING,
        1: TaskState.WAITING,
        **dict.fromkeys((2, 3, 4), TaskState.DEAD),
    }


def test_who_ends_dead_does_not_wait() -> None:
    result = judge(DamagedFile("cut"), POLICY, FailureCount(), jitter=0.5)
    assert result.delay_s == 0.0
    assert (result.error_code, result.error) == ("damaged-file", "cut")


def test_a_defects_text_names_it_and_has_a_bound() -> None:
    result = judge(KeyError("x" * 5000), POLICY, FailureCount(), jitter=0.5)
    assert "(KeyError: 'xxx" in result.error
    assert len(result.error) == 2000
