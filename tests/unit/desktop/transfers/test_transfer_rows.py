"""Rows merge the server's and the agent's word and never promise too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.transfer_fakes import NOW, problem, promises, transfer, view
from transferapp import errors
from transferapp.desktop.transfers.columns import Column, cell_text
from transferapp.desktop.transfers.promise_texts import (
    PromiseLine,
    promise_lines,
    promises_in_short,
)
from transferapp.desktop.transfers.rows import (
    STALLED_AFTER,
    RowGroup,
    TransferRow,
    merge,
)
from transferapp.model.drops import SourceScan
from transferapp.model.promises import Promises
from transferapp.model.skips import Skip
from transferapp.model.transfers import ItemState, Transfer, TransferKind
from transferapp.protocol.messages import SubmissionView


def merged(*, server: object = None, agent: object = None, **more: object) -> TransferRow:
    return merge(server, agent, **{"now": NOW, **more})  # type: ignore[arg-type]


def test_a_row_needs_someones_text() -> None:
    with pytest.raises(errors.Internal):
        merged()


def test_the_server_alone_makes_a_row() -> None:
    row = merged(server=transfer())
    assert (row.name, row.target, row.state) == (
        "Embryo 1",
        "Flies / Embryos",
        ItemState.UPLOADING,
    )
    assert row.on_server
    assert not row.on_agent
    assert row.files_done is None


def test_an_export_to_a_place_has_it_as_its_target() -> None:
    export = transfer(
        kind=TransferKind.EXPORT, target=None, target_name="", brought_to="cluster:runs/Embryo"
    )
    row = merged(server=export)
    assert (row.target, row.destination) == ("cluster:runs/Embryo", "")


def test_the_agent_alone_makes_a_row() -> None:
    row = merged(agent=view(state="uploading"))
    assert row.state is ItemState.UPLOADING
    assert row.promises == promises(log_off=True)
    assert row.group is RowGroup.RUNNING


def test_an_agents_state_of_a_later_version_is_no_crash() -> None:
    assert merged(agent=view(state="teleporting")).state is ItemState.QUEUED


def test_the_farther_side_reports_the_bytes() -> None:
    row = merged(server=transfer(bytes_done=10), agent=view(bytes_done=20))
    assert row.bytes_done == 20


def test_the_agent_reports_why_bytes_do_not_move() -> None:
    agent = view(state="needs-attention", trouble_code="vanished-file", trouble="Gone.")
    row = merged(server=transfer(), agent=agent)
    assert row.state is ItemState.NEEDS_ATTENTION
    assert row.trouble is not None
    assert (row.trouble.code, row.trouble.message) == ("vanished-file", "Gone.")
    assert row.group is RowGroup.ATTENTION
    assert row.can_retry


def test_the_server_has_the_last_text_once_it_has_all_bytes() -> None:
    server = transfer(state=ItemState.IMPORTING, promises=promises(switch_off=True))
    agent = view(state="waiting", trouble_code="server-unreachable", trouble="Away.")
    row = merged(server=server, agent=agent)
    assert row.state is ItemState.IMPORTING
    assert row.trouble is None


@pytest.mark.parametrize("state", [ItemState.IMPORTED, ItemState.CANCELLED, ItemState.FAILED])
def test_what_has_ended_stays_ended(state: ItemState) -> None:
    row = merged(server=transfer(state=state), agent=view(state="uploading"))
    assert row.state is state
    assert row.ended
    assert not row.can_cancel


def test_the_agent_is_ahead_of_a_server_that_has_heard_nothing() -> None:
    row = merged(server=transfer(state=ItemState.QUEUED, bytes_done=0), agent=view())
    assert row.state is ItemState.UPLOADING


def test_log_off_is_safe_as_soon_as_the_agent_has_it() -> None:
    assert not merged(server=transfer()).promises.safe_to_log_off
    assert merged(server=transfer(), agent=view()).promises.safe_to_log_off


@pytest.mark.parametrize(
    ("quiet_for", "state"),
    [
        (STALLED_AFTER - timedelta(seconds=1), ItemState.UPLOADING),
        (STALLED_AFTER + timedelta(seconds=1), ItemState.STALLED),
    ],
)
def test_silence_is_called_stalled(quiet_for: timedelta, state: ItemState) -> None:
    row = merged(server=transfer(updated_at=NOW - quiet_for))
    assert row.state is state


def test_a_sign_of_life_from_either_side_counts() -> None:
    old = NOW - 2 * STALLED_AFTER
    assert merged(server=transfer(updated_at=old), agent=view()).state is ItemState.UPLOADING


def test_waiting_with_a_reason_is_not_stalled() -> None:
    old = NOW - 2 * STALLED_AFTER
    why = problem(errors.RepositoryUnavailable())
    row = merged(server=transfer(state=ItemState.WAITING, trouble=why, updated_at=old))
    assert row.state is ItemState.WAITING


def test_without_its_agent_an_upload_is_stalled() -> None:
    both = {"server": transfer(), "agent": view()}
    assert merged(**both, agent_lost=True).state is ItemState.STALLED
    assert merged(server=transfer(), agent_lost=True).state is ItemState.UPLOADING


def test_time_left_needs_a_speed() -> None:
    assert merged(server=transfer()).eta_s is None
    assert merged(server=transfer(), bytes_per_s=1_000_000.0).eta_s == pytest.approx(24.0)


def test_what_does_not_move_has_no_speed() -> None:
    row = merged(server=transfer(state=ItemState.IMPORTING), bytes_per_s=1e6)
    assert row.bytes_per_s == 0.0


def test_an_empty_file_is_no_division_by_zero() -> None:
    assert merged(server=transfer(size_bytes=0, bytes_done=0)).fraction == 0.0


def test_problem_of_one_item_lists_the_whole_among_those_that_need_attention() -> None:
    row = merged(server=transfer(state=ItemState.IMPORTED, items_in_trouble=1))
    assert row.group is RowGroup.DONE
    row = merged(server=transfer(state=ItemState.UPLOADING, items_in_trouble=1))
    assert row.group is RowGroup.ATTENTION


def test_promises_are_stated_apart_with_their_reasons() -> None:
    lines = promise_lines(merged(server=transfer(items_done=2), agent=view()))
    assert [line.text for line in lines] == [
        "Safe to log off: yes",
        "Safe to switch off: not yet (3 of 31 files uploaded)",
        "Safe to delete the source: not yet (2 of 12 filesets imported)",
    ]


def test_an_export_has_no_source_to_delete() -> None:
    row = merged(
        server=transfer(kind=TransferKind.EXPORT, state=ItemState.DOWNLOADING),
        agent=view(kind="export", state="downloading", destination="/home/anna"),
    )
    assert [line.key for line in promise_lines(row)] == ["logOff", "switchOff"]
    assert promise_lines(row)[1].reason == "3 of 31 files saved"
    assert row.destination == "/home/anna"


DONE: dict[str, Any] = {"state": ItemState.IMPORTED, "items_done": 12, "files_verified": 31}
ONLY = Promises(True, True, False, True)
BOTH = {"safe_to_switch_off": True, "safe_to_delete_imported": True}


def delete_line(server: Transfer, agent: SubmissionView | None = None) -> PromiseLine:
    return promise_lines(merged(server=server, agent=agent))[2]


def test_what_was_left_out_is_named_in_the_promise() -> None:
    server = transfer(
        **DONE, promises=ONLY, left_out_files=4, left_out_names=("a.tif", "b.lif", "c.part")
    )
    line = delete_line(server, view(**BOTH))
    assert (line.safe, line.partly) == (False, True)
    assert line.text == (
        "Safe to delete the source: only the 31 imported files (4 files were left out and not"
        " imported: 'a.tif', 'b.lif', 'c.part' and 1 more)"
    )


def test_a_part_that_was_cancelled_is_named_in_the_promise() -> None:
    server = transfer(state=ItemState.CANCELLED, items_done=5, files_verified=9, promises=ONLY)
    assert delete_line(server, view(**BOTH)).text == (
        "Safe to delete the source: only the 9 imported files (7 of 12 filesets not imported)"
    )
    text = cell_text(merged(server=server), Column.STATE, NOW)
    assert text == "Cancelled in part: 5 of 12 imported"
    assert cell_text(merged(server=replace(server, items_done=0)), Column.STATE, NOW) == (
        "Cancelled"
    )


def test_files_to_attach_are_no_fileset_in_the_promise() -> None:
    waiting = transfer(item_count=13, items_done=12, to_attach=3, files_verified=31)
    assert delete_line(waiting).reason == "3 files not attached"
    part = replace(waiting, promises=ONLY)
    assert delete_line(part, view(**BOTH)).text == (
        "Safe to delete the source: only the 31 imported files (3 files not attached)"
    )
    earlier = replace(waiting, items_done=5)
    assert delete_line(earlier).reason == "5 of 12 filesets imported"
    first = replace(part, items_done=5, attached=3, files_verified=12)
    assert delete_line(first, view(**BOTH)).text == (
        "Safe to delete the source: only the 12 imported or attached files (8 of 12 filesets"
        " not imported)"
    )


def test_both_sides_must_show_that_the_source_may_go() -> None:
    kept = promises(switch_off=True, delete=True)
    server, agent = transfer(**DONE, promises=kept), view(**BOTH, safe_to_delete_source=True)
    assert delete_line(server).safe, "on another computer the server's word is all there is"
    assert delete_line(server, agent).safe
    changed = SourceScan(NOW, files=31, changed=1, names=("a.tif",))
    line = delete_line(server, view(safe_to_switch_off=True, look=changed))
    assert line.text == (
        "Safe to delete the source: not yet (1 file changed since the import: 'a.tif')"
    )
    unlooked = transfer(**DONE, promises=promises(switch_off=True))
    assert not delete_line(unlooked, agent).safe
    assert delete_line(unlooked).reason == (
        "imported; the workstation has not looked at its files since"
    )


def test_deleting_is_not_promised_before_it_is_verified() -> None:
    server = transfer(items_done=12, promises=promises(switch_off=True))
    line = promise_lines(merged(server=server, agent=view()))[2]
    assert line.text == "Safe to delete the source: not yet (imported, being verified)"
    skipped = replace(server, skip=frozenset({Skip.CHECKSUM}))
    line = promise_lines(merged(server=skipped, agent=view()))[2]
    assert not line.safe
    assert line.reason == "imported; the repository's checksums were skipped"


def test_nothing_is_promised_of_a_source_while_the_agent_is_silent() -> None:
    """What it saw last may be past: files are changed while nobody looks."""
    green = transfer(
        state=ItemState.IMPORTED,
        items_done=12,
        files_verified=31,
        promises=Promises(True, True, True, True),
    )
    assert merged(server=green).promises.safe_to_delete_source
    lost = merged(server=green, agent_lost=True)
    assert not lost.promises.safe_to_delete_source
    assert not lost.promises.safe_to_delete_imported
    assert "nobody looks at the files" in promises_in_short(lost)
