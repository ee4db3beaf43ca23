"""What may be deleted, from the smallest import on: one file of one item."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from transferapp.model.drops import SourceScan
from transferapp.model.promises import ImportFacts, Promises, TransferFacts, promised

SCAN = SourceScan(datetime(2026, 1, 1, tzinfo=UTC), files=1)
#: One file, verified, looked at afterwards, and nothing beside it.
SAFE = ImportFacts(items=1, items_verified=1, files_verified=1, left_out_files=0, look=SCAN)
#: The whole source, the imported files.
ALL, IMPORTED, NOTHING = (True, True), (False, True), (False, False)


def safe_to_delete(facts: ImportFacts) -> tuple[bool, bool]:
    """Return what is promised of the source and of the imported files."""
    made = promised(TransferFacts(in_outbox=True, ended=True, arrived=True, source=facts))
    return made.safe_to_delete_source, made.safe_to_delete_imported


def test_one_file_of_one_item_may_go() -> None:
    assert safe_to_delete(SAFE) == ALL


def test_a_scan_at_more_than_was_verified_is_enough() -> None:
    assert safe_to_delete(replace(SAFE, look=replace(SCAN, files=2))) == ALL


@pytest.mark.parametrize(
    "facts",
    [
        replace(SAFE, items=2),
        replace(SAFE, left_out_files=1),
        replace(SAFE, left_out_files=None),
        replace(SAFE, look=replace(SCAN, added=1)),
        replace(SAFE, look=replace(SCAN, held_changed=1)),
        replace(SAFE, look=replace(SCAN, added=1, held_changed=1)),
    ],
)
def test_the_imported_file_may_go_and_others_may_not(facts: ImportFacts) -> None:
    assert safe_to_delete(facts) == IMPORTED


@pytest.mark.parametrize(
    "scan",
    [
        None,
        replace(SCAN, files=0),
        replace(SCAN, changed=1),
        replace(SCAN, unreadable=1),
        replace(SCAN, comparing=1),
        replace(SCAN, away=1),
    ],
)
def test_what_is_not_known_to_be_unchanged_stays(scan: SourceScan | None) -> None:
    assert safe_to_delete(replace(SAFE, look=scan)) == NOTHING


@pytest.mark.parametrize("items", [0, 1])
def test_nothing_verified_is_nothing_to_delete(items: int) -> None:
    facts = replace(SAFE, items=items, items_verified=0, files_verified=0)
    assert safe_to_delete(facts) == NOTHING
    assert safe_to_delete(replace(facts, look=replace(SCAN, files=0))) == NOTHING


def test_who_states_nothing_of_the_imported_files_promises_nothing_of_them() -> None:
    stated = Promises(
        safe_to_log_off=True, safe_to_switch_off=True, safe_to_delete_source=False
    )
    assert not stated.safe_to_delete_imported
