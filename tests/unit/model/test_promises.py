"""The three promises follow from facts, in one place, and are never more than these say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, strategies as st

from transferapp.model.drops import SourceScan
from transferapp.model.promises import ImportFacts, Promises, TransferFacts, promised

_COUNTS = st.integers(0, 3)
_SCANS = st.builds(
    SourceScan,
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    files=_COUNTS,
    changed=_COUNTS,
    added=_COUNTS,
    held_changed=_COUNTS,
    away=_COUNTS,
)
_SOURCES = st.builds(
    ImportFacts,
    items=_COUNTS,
    items_verified=_COUNTS,
    files_verified=_COUNTS,
    left_out_files=st.none() | _COUNTS,
    look=st.none() | _SCANS,
)
_FACTS = st.builds(
    TransferFacts,
    in_outbox=st.booleans(),
    ended=st.booleans(),
    arrived=st.booleans(),
    source=st.none() | _SOURCES,
)
_PROMISES = st.builds(Promises, st.booleans(), st.booleans(), st.booleans(), st.booleans())
ALL_HERE = TransferFacts(
    in_outbox=True,
    ended=True,
    arrived=True,
    source=ImportFacts(2, 2, 3, 0, SourceScan(datetime(2026, 1, 1, tzinfo=UTC), files=3)),
)


@given(_FACTS)
def test_each_promise_needs_its_fact(facts: TransferFacts) -> None:
    stated = promised(facts)
    assert stated.safe_to_log_off is (facts.in_outbox or stated.safe_to_switch_off)
    assert stated.safe_to_switch_off is (
        facts.ended or (facts.arrived and facts.source is not None)
    )
    assert stated.safe_to_delete_imported or not stated.safe_to_delete_source
    if stated.safe_to_delete_imported:
        source = facts.source
        assert source is not None
        assert source.look is not None
        assert source.items_verified
        assert source.look.covers(source.files_verified)
        assert (source.look.changed, source.look.away) == (0, 0)
        if stated.safe_to_delete_source:
            assert (source.items_verified, source.left_out_files) == (source.items, 0)
            assert (source.look.added, source.look.held_changed) == (0, 0)


def test_all_of_it_can_be_promised() -> None:
    assert promised(ALL_HERE) == Promises(True, True, True, True)


def test_an_export_needs_the_workstation_until_it_has_ended() -> None:
    facts = replace(ALL_HERE, in_outbox=False, ended=False, source=None)
    assert promised(facts) == Promises(False, False, False, False)
    assert promised(replace(facts, ended=True)) == Promises(True, True, False, False)


@given(_PROMISES, _PROMISES)
def test_joined_is_the_same_from_either_side(one: Promises, other: Promises) -> None:
    stated = one.joined(other)
    assert stated == other.joined(one)
    assert stated.safe_to_delete_source <= one.safe_to_delete_source
    assert stated.safe_to_delete_imported <= other.safe_to_delete_imported
    assert stated.safe_to_log_off >= one.safe_to_log_off
    assert stated.safe_to_switch_off >= one.safe_to_switch_off


@given(_PROMISES)
def test_of_a_source_that_nobody_sees_nothing_is_promised(one: Promises) -> None:
    stated = one.of_unseen_source()
    assert stated == Promises(one.safe_to_log_off, one.safe_to_switch_off, False, False)
