"""A transfer's counters follow its items, whatever order they change in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from transferapp.ledger.stores.rows import promises_of
from transferapp.ledger.stores.tally import Share, Tally
from transferapp.model.drops import SourceScan
from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    PROBLEM_STATES,
    ItemRole,
    ItemState,
    TransferKind,
)

NEW = Share(ItemState.QUEUED, 2, 100, 0, received=False, verified=False)


@pytest.mark.parametrize("seed", range(20))
def test_adding_up_changes_equals_counting(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable, guards no secret
    shares = [NEW] * 6
    tally = Tally({ItemState.QUEUED: 6}, file_count=12, size_bytes=600)
    for _ in range(100):
        turn = chance.randrange(6)
        after = replace(
            shares[turn],
            state=chance.choice(list(ItemState)),
            bytes_done=chance.randrange(101),
            received=chance.random() < 0.5,
            verified=chance.random() < 0.5,
        )
        tally = tally.changed(shares[turn], after)
        shares[turn] = after
    assert tally.item_count == 6
    assert tally.done == sum(share.state in DONE_STATES for share in shares)
    assert tally.with_problem == sum(share.state in PROBLEM_STATES for share in shares)
    assert tally.settled == sum(share.settled for share in shares)
    assert tally.verified == sum(share.safe for share in shares)
    assert tally.bytes_done == sum(share.bytes_done for share in shares)
    assert (tally.file_count, tally.size_bytes) == (12, 600)
    assert all(tally.states.values())


def test_the_source_may_go_only_when_every_item_is_imported_and_verified() -> None:
    imported = replace(NEW, state=ItemState.IMPORTED, received=True, verified=True)
    tally = Tally({ItemState.QUEUED: 2}).changed(NEW, imported)
    cancelled = replace(NEW, state=ItemState.CANCELLED, received=True, verified=True)
    for last, safe in ((cancelled, False), (imported, True)):
        ended = tally.changed(NEW, last)
        scan = SourceScan(datetime(2026, 1, 1, tzinfo=UTC), files=ended.files_verified)
        promises = promises_of(ended, TransferKind.IMPORT, 0, scan)
        assert promises.safe_to_switch_off
        assert promises.safe_to_delete_source is safe


def test_an_export_needs_the_workstation_to_the_end() -> None:
    tally = Tally({ItemState.READY: 1, ItemState.DELIVERED: 1})
    assert not promises_of(tally, TransferKind.EXPORT, None, None).safe_to_switch_off
    tally = Tally({ItemState.DELIVERED: 2})
    assert promises_of(tally, TransferKind.EXPORT, None, None).safe_to_switch_off


@pytest.mark.parametrize("state", list(ItemState))
def test_the_workstation_is_needed_until_all_is_received_or_has_ended(state: ItemState) -> None:
    tally = Tally({ItemState.QUEUED: 1})
    ended = tally.changed(NEW, replace(NEW, state=state))
    assert ended.settled == (1 if state in ENDED_STATES else 0)
    assert ended.ended is (state in ENDED_STATES)
    received = tally.changed(NEW, replace(NEW, state=state, received=True))
    assert received.settled == 1


@pytest.mark.parametrize("state", list(ItemState))
@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("role", list(ItemRole))
def test_only_what_is_verified_in_the_repository_is_safe(
    state: ItemState, verified: bool, role: ItemRole
) -> None:
    after = replace(NEW, state=state, verified=verified, role=role)
    tally = Tally({ItemState.QUEUED: 1}, file_count=2).changed(NEW, after)
    safe = verified and state is ItemState.IMPORTED
    assert (tally.verified, tally.files_verified) == ((1, 2) if safe else (0, 0))
    assert tally.attached == (2 if safe and role is ItemRole.ATTACHMENTS else 0)


def test_one_of_two_items_changes_by_what_it_counts_for() -> None:
    before = Share(ItemState.IMPORTED, 3, 100, 40, received=True, verified=True)
    before = replace(before, role=ItemRole.ATTACHMENTS)
    tally = Tally({ItemState.IMPORTED: 2}, 2, 2, 7, 8, 1000, 540, to_attach=3, attached=3)
    after = replace(before, file_count=5, size_bytes=70, bytes_done=10)
    assert tally.changed(before, after) == replace(
        tally, files_verified=9, file_count=10, size_bytes=970, bytes_done=510, attached=5
    )
    failed = tally.changed(before, replace(before, state=ItemState.FAILED, received=False))
    assert failed == replace(
        tally,
        states={ItemState.IMPORTED: 1, ItemState.FAILED: 1},
        verified=1,
        files_verified=4,
        attached=0,
    )
    assert (failed.item_count, failed.done, failed.with_problem) == (2, 1, 1)


def test_nothing_counts_nothing() -> None:
    assert Tally({}) == Tally({}, 0, 0, 0, 0, 0, 0, 0, 0)
    queued = Tally({ItemState.QUEUED: 1})
    assert (queued.item_count, queued.done, queued.with_problem, queued.ended) == (
        1,
        0,
        0,
        False,
    )


def test_states_that_nothing_is_in_are_not_seen() -> None:
    tally = Tally({ItemState.IMPORTED: 1, ItemState.QUEUED: 0})
    assert tally.ended
    assert tally.overall(TransferKind.IMPORT) is ItemState.IMPORTED
