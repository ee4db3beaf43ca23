"""The table of moves leads everywhere, revives nothing, and is drawn as it is."""

from __future__ import annotations

import pytest

from transferapp.model.moves import (
    BEFORE_BYTES_STATES,
    CANCEL,
    DELIVER,
    FETCHED_STATES,
    FINAL_STATES,
    LIVELY_STATES,
    LOSE,
    MOVES,
    MOVING_STATES,
    REPORT_LEFT,
    RETRY,
    SEND_ANEW,
    UNPREPARED_STATES,
    Mover,
    can_retry,
)
from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    SHOWN_FIRST,
    SHOWN_OF_ENDED,
    WAY,
    ItemState,
    TransferKind,
    overall_state,
)
from transferapp.testing import state_diagram

#: Windows show it of an agent that is silent; nobody writes it.
SHOWN_ONLY = {ItemState.STALLED}


def reached(kind: TransferKind) -> set[ItemState]:
    found = {ItemState.QUEUED}
    while True:
        more = {
            state
            for move in MOVES
            if kind in move.kinds and move.start & found
            for state in move.end
        }
        if more <= found:
            return found
        found |= more


def test_every_state_is_reached_from_the_queue() -> None:
    assert reached(TransferKind.IMPORT) | reached(TransferKind.EXPORT) | SHOWN_ONLY == set(
        ItemState
    )
    assert ItemState.IMPORTED not in reached(TransferKind.EXPORT)
    assert ItemState.DELIVERED not in reached(TransferKind.IMPORT)


@pytest.mark.parametrize("state", [s for s in ItemState if s not in ENDED_STATES])
def test_what_has_not_ended_can_end(state: ItemState) -> None:
    assert CANCEL.allows(state, ItemState.CANCELLED)


def test_a_move_needs_both_its_start_and_its_end() -> None:
    assert not CANCEL.allows(ItemState.IMPORTED, ItemState.CANCELLED)
    assert not CANCEL.allows(ItemState.QUEUED, ItemState.IMPORTED)


def test_what_ended_stays_ended() -> None:
    leaving = {
        (move.name, state) for move in MOVES for state in move.start & ENDED_STATES
        if move.end - {state}
    }  # fmt: skip
    assert leaving == {
        *((move.name, ItemState.FAILED) for move in (RETRY, SEND_ANEW)),
        (LOSE.name, ItemState.DELIVERED),
    }
    assert REPORT_LEFT.start == REPORT_LEFT.end == {ItemState.CANCELLED}
    assert DELIVER.start & DONE_STATES == {ItemState.DELIVERED}


def test_ended_is_what_only_a_person_can_move() -> None:
    leaving = {
        state: {
            move.mover
            for move in MOVES
            if move != LOSE and state in move.start and move.end - {state}
        }
        for state in ItemState
    }
    assert {s for s, movers in leaving.items() if movers <= {Mover.PERSON}} == ENDED_STATES
    assert {s for s, movers in leaving.items() if not movers} == FINAL_STATES
    assert ENDED_STATES - RETRY.start == FINAL_STATES


def test_what_the_workstation_reads_in_the_table() -> None:
    assert {ItemState.READY, ItemState.DOWNLOADING} == FETCHED_STATES
    assert {ItemState.QUEUED, ItemState.PREPARING} == UNPREPARED_STATES
    assert {ItemState.QUEUED, ItemState.READY} == BEFORE_BYTES_STATES


def test_each_move_is_named_once() -> None:
    assert len({move.name for move in MOVES}) == len(MOVES)


def test_a_transfer_of_items_in_any_state_has_a_text() -> None:
    assert sorted([*SHOWN_FIRST, *SHOWN_OF_ENDED]) == sorted(ItemState)
    assert set(SHOWN_OF_ENDED) == ENDED_STATES
    for kind in TransferKind:
        assert overall_state([WAY[kind][-1]], kind) is WAY[kind][-1]
        assert set(WAY[kind]) <= reached(kind)


def test_the_document_draws_the_table() -> None:
    assert state_diagram.DOCUMENT.read_text(encoding="utf-8") == state_diagram.document(), (
        "python -m transferapp.testing.state_diagram"
    )


def test_a_window_shows_as_moving_what_sends_or_fetches() -> None:
    assert {ItemState.UPLOADING, ItemState.DOWNLOADING} == MOVING_STATES
    assert {
        ItemState.UPLOADING, ItemState.DOWNLOADING, ItemState.IMPORTING,
    } == LIVELY_STATES  # fmt: skip


@pytest.mark.parametrize("state", ItemState)
def test_retry_is_offered_where_a_person_is_needed_or_something_waits(state: ItemState) -> None:
    offered = {
        ItemState.FAILED, ItemState.NEEDS_ATTENTION, ItemState.WAITING, ItemState.STALLED,
    }  # fmt: skip
    assert can_retry(state) is (state in offered)
