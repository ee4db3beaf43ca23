"""Rows merge the server's and the agent's word and never promise too much."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.transfer_fakes import NOW, promises, transfer, trouble, view
from transferapp import errors
from transferapp.desktop.presenters.promise_words import promise_lines
from transferapp.desktop.presenters.transfer_rows import (
    STALLED_AFTER,
    RowGroup,
    TransferRow,
    merge,
)
from transferapp.model.transfers import ItemState, TransferKind


def merged(*, server: object = None, agent: object = None, **more: object) -> TransferRow:
    return merge(server, agent, **{"now": NOW, **more})  # type: ignore[arg-type]


def test_a_row_needs_someones_word() -> None:
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


def test_the_agent_alone_makes_a_row() -> None:
    row = merged(agent=view(state="uploading"))
    assert row.state is ItemState.UPLOADING
    assert row.promises == promises(log_off=True)
    assert row.group is RowGroup.RUNNING


def test_an_agents_state_of_a_later_version_is_no_crash() -> None:
    assert merged(agent=view(state="teleporting")).state is ItemState.QUEUED


def test_the_farther_side_tells_the_bytes() -> None:
    row = merged(server=transfer(bytes_done=10), agent=view(bytes_done=20))
    assert row.bytes_done == 20


def test_the_agent_tells_why_bytes_do_not_move() -> None:
    agent = view(state="needs-attention", trouble_code="vanished-file", trouble="Gone.")
    row = merged(server=transfer(), agent=agent)
    assert row.state is ItemState.NEEDS_ATTENTION
    assert row.trouble is not None
    assert (row.trouble.code, row.trouble.message) == ("vanished-file", "Gone.")
    assert row.group is RowGroup.ATTENTION
    assert row.can_retry


def test_the_server_has_the_last_word_once_it_has_all_bytes() -> None:
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
    why = trouble(errors.RepositoryUnavailable())
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


def test_trouble_of_one_item_lists_the_whole_among_those_that_need_attention() -> None:
    row = merged(server=transfer(state=ItemState.IMPORTED, items_in_trouble=1))
    assert row.group is RowGroup.DONE
    row = merged(server=transfer(state=ItemState.UPLOADING, items_in_trouble=1))
    assert row.group is RowGroup.ATTENTION


def test_promises_are_said_apart_with_their_reasons() -> None:
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


def test_deleting_is_not_promised_before_it_is_verified() -> None:
    server = transfer(items_done=12, promises=promises(switch_off=True))
    line = promise_lines(merged(server=server, agent=view()))[2]
    assert line.text == "Safe to delete the source: not yet (imported, being verified)"
