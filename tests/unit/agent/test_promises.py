"""The three promises are never wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st
from pydantic import SecretStr

from transferapp.agent.progress import Progress
from transferapp.agent.promises import promises
from transferapp.agent.records import SubmissionRecord, Totals
from transferapp.agent.views import view_of
from transferapp.model.drops import SourceScan
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import ItemState, TransferKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


SCANNED = SourceScan(NOW, files=3)


def record(
    kind: TransferKind, state: ItemState = ItemState.UPLOADING, *, ended: bool = False
) -> SubmissionRecord:
    return SubmissionRecord(
        transfer_id="t",
        kind=kind,
        name="n",
        owner="o",
        server_url="http://s",
        grant=SecretStr("ta1_secret"),
        destination="",
        state=state,
        trouble_code="",
        trouble="",
        ended=ended,
        created_at=NOW,
        updated_at=NOW,
        roots=("/data/day 3",),
        look=SCANNED if ended else None,
    )


def totals(files: int, files_open: int, **stages: int) -> Totals:
    by_stage = {ItemStage(name): count for name, count in stages.items()}
    verified = files if by_stage.get(ItemStage.DONE) else 0
    return Totals(files, files - files_open, 100, 50, by_stage, files_open, verified)


def test_without_checksums_it_ends_and_nothing_may_be_deleted() -> None:
    ended = record(TransferKind.IMPORT, ItemState.IMPORTED, ended=True)
    for others in ({}, {"done": 1}):
        known = promises(ended, totals(3, 0, unverified=1, **others))
        assert (known.safe_to_log_off, known.safe_to_switch_off) == (True, True)
        assert not known.safe_to_delete_source
    assert not promises(ended, totals(3, 0, unverified=1)).safe_to_delete_imported


def test_import_step_by_step() -> None:
    uploading = promises(record(TransferKind.IMPORT), totals(3, 1, open=2))
    assert uploading.safe_to_log_off
    assert not uploading.safe_to_switch_off
    sealed = promises(record(TransferKind.IMPORT), totals(3, 0, open=1, done=1))
    assert sealed.safe_to_switch_off
    assert not sealed.safe_to_delete_source
    done = promises(
        record(TransferKind.IMPORT, ItemState.IMPORTED, ended=True), totals(3, 0, done=2)
    )
    assert (done.safe_to_switch_off, done.safe_to_delete_source) == (True, True)


@pytest.mark.parametrize(
    "scan",
    [
        None,
        SourceScan(NOW, files=2),
        SourceScan(NOW, files=3, changed=1),
        SourceScan(NOW, files=3, comparing=1),
    ],
)
def test_what_was_not_scanned_at_or_has_changed_stays(scan: SourceScan | None) -> None:
    ended = replace(record(TransferKind.IMPORT, ItemState.IMPORTED, ended=True), look=scan)
    stated = promises(ended, totals(3, 0, done=2))
    assert not stated.safe_to_delete_source
    assert not stated.safe_to_delete_imported


@pytest.mark.parametrize("missed", ["left out", "came since", "nobody said"])
def test_the_imported_files_may_go_beside_others_that_may_not(missed: str) -> None:
    ended = record(TransferKind.IMPORT, ItemState.IMPORTED, ended=True)
    sums = totals(3, 0, done=2)
    if missed == "left out":
        sums = replace(sums, left_out_files=1)
    elif missed == "came since":
        ended = replace(ended, look=replace(SCANNED, added=1))
    else:
        ended = replace(ended, roots=None)
    stated = promises(ended, sums)
    assert (stated.safe_to_delete_source, stated.safe_to_delete_imported) == (False, True)


@pytest.mark.parametrize("other", ["cancelled", "failed", "trouble"])
def test_one_item_that_is_not_in_the_repository_keeps_the_source(other: str) -> None:
    ended = record(TransferKind.IMPORT, ItemState.IMPORTED, ended=True)
    assert not promises(ended, totals(3, 0, done=1, **{other: 1})).safe_to_delete_source


@given(st.sampled_from(list(ItemState)), st.booleans())
def test_an_export_needs_the_computer_until_it_is_delivered(
    state: ItemState, ended: bool
) -> None:
    stated = promises(record(TransferKind.EXPORT, state, ended=ended), totals(3, 0, done=3))
    done = ended and state in (ItemState.DELIVERED, ItemState.IMPORTED, ItemState.CANCELLED)
    assert stated.safe_to_switch_off == done
    assert not stated.safe_to_delete_source


def test_nothing_known_promises_nothing() -> None:
    stated = promises(record(TransferKind.IMPORT), totals(0, 0))
    assert not stated.safe_to_switch_off
    assert not stated.safe_to_delete_source


def test_view_counts_what_is_in_flight_and_hides_the_grant() -> None:
    progress = Progress()
    progress.begin("t", "f", 10)
    progress.at("t", "f", 30, moved=False)
    view = view_of(record(TransferKind.IMPORT), totals(3, 1, open=1), progress)
    assert view.bytes_done == 50 + 20
    assert view.bytes_per_s == 0
    progress.at("t", "f", 90)
    view = view_of(record(TransferKind.IMPORT), totals(3, 1, open=1), progress)
    assert view.bytes_done == 100, "never more than there is"
    assert view.bytes_per_s == 60
    assert "secret" not in view.model_dump_json()
    assert "secret" not in repr(record(TransferKind.IMPORT))
