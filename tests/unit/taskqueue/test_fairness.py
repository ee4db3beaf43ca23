"""Who goes next: lanes, priorities, owners in turn, and what the limits leave."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from transferapp.taskqueue.fairness import FairnessKey, RunningTasks, Shares, next_key
from transferapp.taskqueue.port import WorkClass

FREE_SLOTS = dict.fromkeys(WorkClass, 10)


def key(
    owner: str,
    *,
    work_class: WorkClass = WorkClass.TRANSFERS,
    priority: int = 100,
    turn: int = 0,
) -> FairnessKey:
    return FairnessKey(work_class, owner, priority, turn)


def starts(keys: list[FairnessKey], count: int, shares: Shares) -> list[str]:
    """Start ``count`` tasks that end at once, and return their owners."""
    owners = []
    for turn in range(1, count + 1):
        chosen = next_key(keys, RunningTasks(), shares)
        assert chosen is not None
        keys[keys.index(chosen)] = replace(chosen, turn=turn)
        owners.append(chosen.owner)
    return owners


def test_everyone_has_a_turn_before_anyone_has_two() -> None:
    people = [f"user-{number}" for number in range(30)]
    owners = starts([key(name) for name in people], 60, Shares(4, FREE_SLOTS))
    assert sorted(owners[:30]) == sorted(people)
    assert owners[30:] == owners[:30]


def test_who_runs_least_goes_first() -> None:
    running = RunningTasks()
    running.add(WorkClass.TRANSFERS, "ada", 2)
    chosen = next_key([key("ada", turn=1), key("bob", turn=9)], running, Shares(4, FREE_SLOTS))
    assert chosen is not None
    assert chosen.owner == "bob"


def test_priority_goes_before_turns() -> None:
    chosen = next_key(
        [key("ada"), key("bob", priority=10, turn=9)], RunningTasks(), Shares(4, FREE_SLOTS)
    )
    assert chosen is not None
    assert chosen.owner == "bob"


def test_an_owner_has_no_more_than_her_share() -> None:
    running = RunningTasks()
    running.add(WorkClass.TRANSFERS, "ada", 2)
    assert next_key([key("ada")], running, Shares(4, FREE_SLOTS, per_owner=2)) is None
    assert next_key([key("ada")], running, Shares(4, FREE_SLOTS, per_owner=3)) is not None


def test_small_lanes_get_half_of_a_target_and_transfers_all() -> None:
    running = RunningTasks()
    conversion = key("ada", work_class=WorkClass.CONVERSIONS)
    running.add(WorkClass.CONVERSIONS, "ada", 2)
    assert next_key([conversion], running, Shares(4, FREE_SLOTS)) is None
    transfers = RunningTasks()
    transfers.add(WorkClass.TRANSFERS, "ada", 3)
    assert next_key([key("ada")], transfers, Shares(4, FREE_SLOTS)) is not None
    # A single place is for any lane.
    assert next_key([conversion], RunningTasks(), Shares(1, FREE_SLOTS)) is not None


def test_the_lane_with_the_fewest_goes_first() -> None:
    running = RunningTasks()
    running.add(WorkClass.TRANSFERS, "ada", 1)
    keys = [key("ada", priority=1), key("ada", work_class=WorkClass.HOUSEKEEPING)]
    chosen = next_key(keys, running, Shares(4, FREE_SLOTS))
    assert chosen is not None
    assert chosen.lane is WorkClass.HOUSEKEEPING


def test_a_lane_without_room_in_this_worker_waits() -> None:
    free_slots = {**FREE_SLOTS, WorkClass.TRANSFERS: 0}
    keys = [key("ada"), key("ada", work_class=WorkClass.PREVIEWS)]
    chosen = next_key(keys, RunningTasks(), Shares(4, free_slots))
    assert chosen is not None
    assert chosen.lane is WorkClass.PREVIEWS
    assert next_key(keys[:1], RunningTasks(), Shares(4, free_slots)) is None


def test_held_counts() -> None:
    running = RunningTasks()
    running.add(WorkClass.PREVIEWS, "ada", 2)
    running.add(WorkClass.TRANSFERS, "bob")
    assert running.total == 3
    assert running.by_owner == Counter({"ada": 2, "bob": 1})


@pytest.mark.parametrize(("slots", "half"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (9, 4)])
def test_half_of_the_places_is_rounded_down_to_one_at_the_least(slots: int, half: int) -> None:
    shares = Shares(slots, FREE_SLOTS)
    assert shares.of_class(WorkClass.TRANSFERS) == slots
    assert {
        shares.of_class(work_class)
        for work_class in WorkClass
        if work_class is not WorkClass.TRANSFERS
    } == {half}


def test_a_lane_is_full_at_its_share_and_not_before() -> None:
    preview = key("ada", work_class=WorkClass.PREVIEWS)
    running = RunningTasks()
    running.add(WorkClass.PREVIEWS, "bob", 3)
    assert next_key([preview], running, Shares(8, FREE_SLOTS)) == preview
    running.add(WorkClass.PREVIEWS, "bob")
    assert next_key([preview], running, Shares(8, FREE_SLOTS)) is None
    assert next_key([key("ada")], running, Shares(8, FREE_SLOTS)) == key("ada")


def test_a_lane_that_the_worker_does_not_know_or_has_one_place_for() -> None:
    one = key("ada")
    assert next_key([one], RunningTasks(), Shares(4, {})) is None
    assert next_key([one], RunningTasks(), Shares(4, {WorkClass.TRANSFERS: 1})) == one


def test_who_waited_longest_goes_first_and_then_by_name() -> None:
    keys = [key("bob", turn=3), key("ada", turn=7), key("eve", turn=3)]
    assert next_key(keys, RunningTasks(), Shares(4, FREE_SLOTS)) == keys[0]


def test_nobody_waits() -> None:
    assert next_key([], RunningTasks(), Shares(4, FREE_SLOTS)) is None
