"""How hard a target is pressed through outages, slowness and recovery."""

from __future__ import annotations

from dataclasses import replace

import pytest

from transferapp.errors import (
    AgentUnreachable,
    Busy,
    DamagedFile,
    DestinationUnwritable,
    RepositoryUnavailable,
    StorageFull,
)
from transferapp.taskqueue.pressure import (
    FIRST_PAUSE_S,
    LONGEST_PAUSE_S,
    Pressure,
    RunStats,
    after_evaluation,
    after_failure,
    after_probe_failed,
    after_success,
    blames_resource,
    can_judge,
    probe_due,
    retries_allowed,
)
from transferapp.tier_errors import ArchiveUnavailable, InArchive

CALM = Pressure(ceiling=8, limit=8, usual_s=2.0)
GOOD = RunStats(done=10, seconds=20.0)


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
        (AgentUnreachable(), False),
        (InArchive(), False),
        (ArchiveUnavailable(), False),
        (DamagedFile(), False),
        (ValueError(), False),
    ],
)
def test_who_is_to_blame(error: Exception, blamed: bool) -> None:
    assert blames_resource(error) is blamed


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
        pressure = after_probe_failed(pressure, now=1000.0)
        pauses.append(pressure.probe_at - 1000.0)
    assert FIRST_PAUSE_S == 5.0
    assert pauses == [10.0, 20.0, 40.0, 80.0, 160.0, *[300.0] * 5], "at most five minutes"
    assert pressure.outages == 11


def test_an_outage_without_end_is_counted_to_what_a_column_holds() -> None:
    pressure = replace(failed(CALM, 9), outages=2**31 - 2)
    after = after_probe_failed(pressure, now=0.0)
    assert (after.outages, after.probe_at) == (2**31 - 2, LONGEST_PAUSE_S)


def test_a_probe_is_due_at_its_time_and_not_before() -> None:
    opened = failed(CALM, 9)
    assert opened.probe_at == 105.0
    assert not probe_due(opened, 104.9)
    assert probe_due(opened, 105.0)
    assert probe_due(opened, 106.0)


def test_a_time_that_a_wrong_clock_wrote_is_not_waited_for() -> None:
    pressure = replace(failed(CALM, 9), probe_at=1600.0)
    assert not probe_due(pressure, 1000.0), "ten minutes: two clocks may differ by a pause"
    assert probe_due(pressure, 999.9)


def test_recovery_begins_with_one_and_ends_at_the_ceiling() -> None:
    pressure = after_success(failed(CALM, 9))
    assert (pressure.is_open, pressure.limit, pressure.failures) == (False, 1, 0)
    limits = []
    for _ in range(9):
        pressure = after_evaluation(pressure, GOOD)
        limits.append(pressure.limit)
    assert limits == [2, 3, 4, 5, 6, 7, 8, 8, 8]


def test_errors_step_down_to_one_at_the_least() -> None:
    pressure, limits = CALM, []
    for _ in range(6):
        pressure = after_evaluation(pressure, RunStats(done=7, failed=3, seconds=14.0))
        limits.append(pressure.limit)
    assert limits == [5, 3, 2, 1, 1, 1]


def test_few_errors_do_not() -> None:
    assert after_evaluation(CALM, RunStats(done=9, failed=1, seconds=18.0)).limit == 8


def test_slowness_steps_down_and_is_forgiven_when_it_stays() -> None:
    slow = RunStats(done=10, seconds=100.0)
    pressure = after_evaluation(CALM, slow)
    assert pressure.limit == 5
    for _ in range(200):
        pressure = after_evaluation(pressure, slow)
    assert pressure.limit == 8, "what is usual has changed"


def test_no_judgement_without_notables() -> None:
    assert after_evaluation(CALM, RunStats()) == CALM
    assert not can_judge(CALM, RunStats(done=4))
    assert can_judge(CALM, RunStats(done=4) + RunStats(failed=1))
    assert can_judge(Pressure(ceiling=8, limit=1), RunStats(done=1))


def test_retry_budget() -> None:
    assert retries_allowed(failed(CALM, 9), GOOD) == 0
    assert retries_allowed(CALM, RunStats()) == 16
    assert retries_allowed(CALM, RunStats(done=100)) == 36


def test_a_success_of_a_closed_circuit_leaves_the_limit() -> None:
    assert after_success(failed(CALM, 8)) == CALM
    opened = after_probe_failed(failed(CALM, 9), now=0.0)
    assert after_success(opened) == replace(CALM, limit=1)


def test_an_open_circuit_is_not_judged() -> None:
    opened = failed(CALM, 9)
    assert after_evaluation(opened, GOOD) == opened


@pytest.mark.parametrize(
    ("mean_s", "limit", "usual_s"),
    [
        (2.0, 9, 2.0),
        (3.0, 9, 2.1),
        (1.0, 9, 1.9),
        # Three times as long is not slow yet.
        (6.0, 9, 2.4),
        (7.0, 5, 2.1),
        (12.0, 5, 2.2),
    ],
)
def test_what_is_usual_is_learned_and_slowly_while_it_is_slow(
    mean_s: float, limit: int, usual_s: float
) -> None:
    pressure = replace(CALM, ceiling=10)
    after = after_evaluation(pressure, RunStats(done=10, seconds=10 * mean_s))
    assert after.limit == limit
    assert after.usual_s == pytest.approx(usual_s)


def test_the_first_duration_is_the_usual_one() -> None:
    new = Pressure(ceiling=8, limit=2)
    assert after_evaluation(new, RunStats(done=4, seconds=10.0)) == replace(
        new, limit=3, usual_s=2.5
    )
    quick = replace(new, usual_s=0.5)
    assert after_evaluation(quick, RunStats(done=4, seconds=10.0)).limit == 1, (
        "five times as long"
    )


def test_failures_alone_log_nothing_of_the_duration() -> None:
    after = after_evaluation(CALM, RunStats(failed=1))
    assert (after.limit, after.usual_s) == (5, 2.0)
    new = Pressure(ceiling=8, limit=8)
    assert after_evaluation(new, RunStats(failed=1)).usual_s == 0.0


@pytest.mark.parametrize(("failures", "limit"), [(2, 8), (3, 5)])
def test_one_failure_in_five_is_borne(failures: int, limit: int) -> None:
    lately = RunStats(done=10 - failures, failed=failures, seconds=2.0 * (10 - failures))
    assert after_evaluation(CALM, lately).limit == limit


@pytest.mark.parametrize(("before", "after"), [(10, 7), (4, 2), (3, 2), (2, 1), (1, 1)])
def test_a_step_down_is_by_three_tenths_and_never_to_nothing(before: int, after: int) -> None:
    pressed = replace(CALM, ceiling=10, limit=before)
    assert after_evaluation(pressed, RunStats(failed=1)).limit == after


def test_five_notables_are_enough_or_as_many_as_slots() -> None:
    assert can_judge(CALM, RunStats(done=5))
    assert not can_judge(replace(CALM, limit=3), RunStats(done=2))
    assert can_judge(replace(CALM, limit=3), RunStats(done=2, failed=1))


def test_notables_add_up() -> None:
    both = RunStats(1, 2, 3.0) + RunStats(10, 20, 30.0)
    assert both == RunStats(11, 22, 33.0)
    assert both.total == 33
    assert RunStats() == RunStats(0, 0, 0.0)


def test_a_new_target_is_closed_and_knows_nothing() -> None:
    assert Pressure(4, 4) == Pressure(4, 4, 0.0, failures=0, outages=0, probe_at=0.0)
    assert not Pressure(4, 4).is_open
