"""A transfer's counters follow its items, whatever order they change in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from transferapp.ledger.stores.rows import promises_of
from transferapp.ledger.stores.tally import Share, Tally
from transferapp.model.drops import SourceLook
from transferapp.model.transfers import (
    DONE_STATES,
    TROUBLE_STATES,
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
    assert tally.in_trouble == sum(share.state in TROUBLE_STATES for share in shares)
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
        look = SourceLook(datetime(2026, 1, 1, tzinfo=UTC), files=ended.files_verified)
        promises = promises_of(ended, TransferKind.IMPORT, 0, look)
        assert promises.safe_to_switch_off
        assert promises.safe_to_delete_source is safe


def test_an_export_needs_the_workstation_to_the_end() -> None:
    tally = Tally({ItemState.READY: 1, ItemState.DELIVERED: 1})
    assert not promises_of(tally, TransferKind.EXPORT, None, None).safe_to_switch_off
    tally = Tally({ItemState.DELIVERED: 2})
    assert promises_of(tally, TransferKind.EXPORT, None, None).safe_to_switch_off
