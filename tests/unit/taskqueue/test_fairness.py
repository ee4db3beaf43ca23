"""Who goes next: lanes, priorities, owners in turn, and what the limits leave."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from transferapp.taskqueue.fairness import Line, RunningTasks, Shares, next_line
from transferapp.taskqueue.port import Lane

ROOM = dict.fromkeys(Lane, 10)


def line(
    owner: str, *, lane: Lane = Lane.TRANSFERS, priority: int = 100, turn: int = 0
) -> Line:
    return Line(lane, owner, priority, turn)


def starts(lines: list[Line], count: int, shares: Shares) -> list[str]:
    """Start ``count`` tasks that end at once, and return their owners."""
    owners = []
    for turn in range(1, count + 1):
        chosen = next_line(lines, RunningTasks(), shares)
        assert chosen is not None
        lines[lines.index(chosen)] = replace(chosen, turn=turn)
        owners.append(chosen.owner)
    return owners


def test_everyone_has_a_turn_before_anyone_has_two() -> None:
    people = [f"user-{number}" for number in range(30)]
    owners = starts([line(name) for name in people], 60, Shares(4, ROOM))
    assert sorted(owners[:30]) == sorted(people)
    assert owners[30:] == owners[:30]


def test_who_runs_least_goes_first() -> None:
    running = RunningTasks()
    running.add(Lane.TRANSFERS, "ada", 2)
    chosen = next_line([line("ada", turn=1), line("bob", turn=9)], running, Shares(4, ROOM))
    assert chosen is not None
    assert chosen.owner == "bob"


def test_priority_goes_before_turns() -> None:
    chosen = next_line(
        [line("ada"), line("bob", priority=10, turn=9)], RunningTasks(), Shares(4, ROOM)
    )
    assert chosen is not None
    assert chosen.owner == "bob"


def test_an_owner_has_no_more_than_her_share() -> None:
    running = RunningTasks()
    running.add(Lane.TRANSFERS, "ada", 2)
    assert next_line([line("ada")], running, Shares(4, ROOM, per_owner=2)) is None
    assert next_line([line("ada")], running, Shares(4, ROOM, per_owner=3)) is not None


def test_small_lanes_get_half_of_a_target_and_transfers_all() -> None:
    running = RunningTasks()
    conversion = line("ada", lane=Lane.CONVERSIONS)
    running.add(Lane.CONVERSIONS, "ada", 2)
    assert next_line([conversion], running, Shares(4, ROOM)) is None
    transfers = RunningTasks()
    transfers.add(Lane.TRANSFERS, "ada", 3)
    assert next_line([line("ada")], transfers, Shares(4, ROOM)) is not None
    # A single place is for any lane.
    assert next_line([conversion], RunningTasks(), Shares(1, ROOM)) is not None


def test_the_lane_with_the_fewest_goes_first() -> None:
    running = RunningTasks()
    running.add(Lane.TRANSFERS, "ada", 1)
    lines = [line("ada", priority=1), line("ada", lane=Lane.HOUSEKEEPING)]
    chosen = next_line(lines, running, Shares(4, ROOM))
    assert chosen is not None
    assert chosen.lane is Lane.HOUSEKEEPING


def test_a_lane_without_room_in_this_worker_waits() -> None:
    room = {**ROOM, Lane.TRANSFERS: 0}
    lines = [line("ada"), line("ada", lane=Lane.PREVIEWS)]
    chosen = next_line(lines, RunningTasks(), Shares(4, room))
    assert chosen is not None
    assert chosen.lane is Lane.PREVIEWS
    assert next_line(lines[:1], RunningTasks(), Shares(4, room)) is None


def test_held_counts() -> None:
    running = RunningTasks()
    running.add(Lane.PREVIEWS, "ada", 2)
    running.add(Lane.TRANSFERS, "bob")
    assert running.total == 3
    assert running.by_owner == Counter({"ada": 2, "bob": 1})


@pytest.mark.parametrize(("places", "half"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (9, 4)])
def test_half_of_the_places_is_rounded_down_to_one_at_the_least(places: int, half: int) -> None:
    shares = Shares(places, ROOM)
    assert shares.of_lane(Lane.TRANSFERS) == places
    assert {shares.of_lane(lane) for lane in Lane if lane is not Lane.TRANSFERS} == {half}


def test_a_lane_is_full_at_its_share_and_not_before() -> None:
    preview = line("ada", lane=Lane.PREVIEWS)
    running = RunningTasks()
    running.add(Lane.PREVIEWS, "bob", 3)
    assert next_line([preview], running, Shares(8, ROOM)) == preview
    running.add(Lane.PREVIEWS, "bob")
    assert next_line([preview], running, Shares(8, ROOM)) is None
    assert next_line([line("ada")], running, Shares(8, ROOM)) == line("ada")


def test_a_lane_that_the_worker_does_not_know_or_has_one_place_for() -> None:
    one = line("ada")
    assert next_line([one], RunningTasks(), Shares(4, {})) is None
    assert next_line([one], RunningTasks(), Shares(4, {Lane.TRANSFERS: 1})) == one


def test_who_waited_longest_goes_first_and_then_by_name() -> None:
    lines = [line("bob", turn=3), line("ada", turn=7), line("eve", turn=3)]
    assert next_line(lines, RunningTasks(), Shares(4, ROOM)) == lines[0]


def test_nobody_waits() -> None:
    assert next_line([], RunningTasks(), Shares(4, ROOM)) is None
