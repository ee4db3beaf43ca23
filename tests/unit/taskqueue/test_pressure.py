"""How hard a target is pressed through outages, slowness and recovery."""

from __future__ import annotations

import pytest

from transferapp.errors import (
    Busy,
    DamagedFile,
    DestinationUnwritable,
    RepositoryUnavailable,
    StorageFull,
)
from transferapp.taskqueue.pressure import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    Outcomes,
    Pressure,
    after_failure,
    after_look,
    after_probe_failed,
    after_success,
    blames_target,
    can_judge,
    retries_allowed,
)

CALM = Pressure(ceiling=8, limit=8, usual_s=2.0)
GOOD = Outcomes(done=10, seconds=20.0)


def failed(pressure: Pressure, times: int) -> Pressure:
    for _ in range(times):
        pressure = after_failure(pressure, now=100.0)
    return pressure


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (RepositoryUnavailable(), True),
        (Busy(), True),
        (StorageFull(), True),
        (DestinationUnwritable(), False),
        (DamagedFile(), False),
        (ValueError(), False),
    ],
)
def test_who_is_to_blame(error: Exception, blamed: bool) -> None:
    assert blames_target(error) is blamed


def test_one_failure_more_than_slots_opens_the_circuit() -> None:
    assert not failed(CALM, 8).is_open
    opened = failed(CALM, 9)
    assert (opened.is_open, opened.probe_at) == (True, 100.0 + FIRST_PAUSE_S)
    assert not failed(Pressure(ceiling=1, limit=1), 2).is_open
    assert failed(Pressure(ceiling=1, limit=1), 3).is_open


def test_a_success_between_keeps_it_closed() -> None:
    assert not failed(after_success(failed(CALM, 8)), 8).is_open


def test_failures_of_stragglers_do_not_put_the_probe_off() -> None:
    opened = failed(CALM, 9)
    assert failed(opened, 20).probe_at == opened.probe_at


def test_probes_grow_rarer_up_to_a_bound() -> None:
    pressure, pauses = failed(CALM, 9), []
    for _ in range(10):
        pressure = after_probe_failed(pressure, now=0.0)
        pauses.append(pressure.probe_at)
    assert pauses[:3] == [2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S, 8 * FIRST_PAUSE_S]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S


def test_recovery_begins_with_one_and_ends_at_the_ceiling() -> None:
    pressure = after_success(failed(CALM, 9))
    assert (pressure.is_open, pressure.limit, pressure.failures) == (False, 1, 0)
    limits = []
    for _ in range(9):
        pressure = after_look(pressure, GOOD)
        limits.append(pressure.limit)
    assert limits == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_errors_step_down_to_one_at_the_least() -> None:
    pressure, limits = CALM, []
    for _ in range(6):
        pressure = after_look(pressure, Outcomes(done=7, failed=3, seconds=14.0))
        limits.append(pressure.limit)
    assert limits == [5, 3, 2, 1, 1, 1]


def test_few_errors_do_not() -> None:
    assert after_look(CALM, Outcomes(done=9, failed=1, seconds=18.0)).limit == 8


def test_slowness_steps_down_and_is_forgiven_when_it_stays() -> None:
    slow = Outcomes(done=10, seconds=100.0)
    pressure = after_look(CALM, slow)
    assert pressure.limit == 5
    for _ in range(200):
        pressure = after_look(pressure, slow)
    assert pressure.limit == 8, "what is usual has changed"


def test_no_judgement_without_outcomes() -> None:
    assert after_look(CALM, Outcomes()) == CALM
    assert not can_judge(CALM, Outcomes(done=4))
    assert can_judge(CALM, Outcomes(done=4) + Outcomes(failed=1))
    assert can_judge(Pressure(ceiling=8, limit=1), Outcomes(done=1))


def test_retry_budget() -> None:
    assert retries_allowed(failed(CALM, 9), GOOD) == 0
    assert retries_allowed(CALM, Outcomes()) == 16
    assert retries_allowed(CALM, Outcomes(done=100)) == 36
