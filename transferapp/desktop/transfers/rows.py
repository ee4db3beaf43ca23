"""Merge what the server and the workstation service say of a transfer into one row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from transferapp import error_codes, errors
from transferapp.model.drops import SourceScan
from transferapp.model.moves import (
    BEFORE_BYTES_STATES,
    LIVELY_STATES,
    MOVING_STATES,
    can_cancel,
    can_retry,
)
from transferapp.model.promises import Promises
from transferapp.model.skips import Skip
from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    PROBLEM_STATES,
    ItemProblem,
    ItemState,
    Transfer,
    TransferKind,
)
from transferapp.protocol.messages import SubmissionView

#: A moving transfer that nobody has heard of for so long is shown as stalled.
STALLED_AFTER = timedelta(minutes=5)


class RowGroup(StrEnum):
    """What the filter chips choose between."""

    RUNNING = "running"
    ATTENTION = "attention"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer as the table shows it; words are made when they are painted."""

    id: str
    kind: TransferKind
    name: str
    target: str
    state: ItemState
    group: RowGroup
    trouble: ItemProblem | None
    bytes_done: int
    bytes_total: int
    files_total: int
    files_done: int | None
    fileset_count: int
    filesets_done: int
    promises: Promises
    created_at: datetime
    updated_at: datetime
    items_in_trouble: int = 0
    #: Import: files to attach to the target, and how many are.
    to_attach: int = 0
    attached: int = 0
    #: Import: files that the repository holds, checked; what was left out; the source now.
    files_verified: int = 0
    checksum_skipped: bool = False
    left_out_files: int | None = None
    left_out_names: tuple[str, ...] = ()
    look: SourceScan | None = None
    #: The workstation service does not answer: how the source looks now is not known.
    source_unseen: bool = False
    #: Lower-case name and target, for the search field.
    haystack: str = ""
    bytes_per_s: float = 0.0
    #: Export: the folder that files go to, where this workstation knows it.
    destination: str = ""
    on_server: bool = False
    on_agent: bool = False

    @property
    def ended(self) -> bool:
        """Nothing more happens by itself."""
        return self.state in ENDED_STATES

    @property
    def moving(self) -> bool:
        """Bytes are on their way."""
        return self.state in MOVING_STATES

    @property
    def fraction(self) -> float:
        """How far the bytes are, 0 to 1."""
        if self.state in DONE_STATES:
            return 1.0
        if self.bytes_total <= 0:
            return 0.0
        return min(1.0, self.bytes_done / self.bytes_total)

    @property
    def eta_s(self) -> float | None:
        """Seconds until the bytes are there, where that can be known."""
        if not self.moving or self.bytes_per_s < 1:
            return None
        return max(0, self.bytes_total - self.bytes_done) / self.bytes_per_s

    @property
    def can_cancel(self) -> bool:
        """Cancelling would stop something."""
        return can_cancel(self.state)

    @property
    def can_retry(self) -> bool:
        """Retrying makes sense: it, or an item of it, is held up or needs a person."""
        return can_retry(self.state) or self.group is RowGroup.ATTENTION


def merge(
    transfer: Transfer | None,
    view: SubmissionView | None,
    *,
    now: datetime,
    bytes_per_s: float = 0.0,
    agent_lost: bool = False,
) -> TransferRow:
    """Make the row of a transfer that the server, the agent, or both know.

    ``agent_lost``: the agent does not answer, so what it last said may not go on. Raises
    Internal when neither knows it.
    """
    if transfer is None and view is None:
        raise errors.Internal("A row needs the server's or the agent's word.")
    row = _from_server(transfer) if transfer is not None else None
    if view is not None:
        row = _from_agent(view) if row is None else _joined(row, view)
    assert row is not None  # noqa: S101 - one of the two was given
    if agent_lost:
        row = _not_scanned_at(row)
    return _finished(row, now=now, bytes_per_s=bytes_per_s, lost=agent_lost and row.on_agent)


def _from_server(transfer: Transfer) -> TransferRow:
    return TransferRow(
        id=transfer.id,
        kind=transfer.kind,
        name=transfer.name,
        target=transfer.target_name
        or (str(transfer.target) if transfer.target else transfer.brought_to),
        state=transfer.state,
        group=RowGroup.RUNNING,
        trouble=transfer.trouble,
        bytes_done=transfer.bytes_done,
        bytes_total=transfer.size_bytes,
        files_total=transfer.file_count,
        files_done=None,
        fileset_count=transfer.fileset_count,
        filesets_done=transfer.filesets_done,
        to_attach=transfer.to_attach,
        attached=transfer.attached,
        items_in_trouble=transfer.items_in_trouble,
        promises=transfer.promises,
        files_verified=transfer.files_verified,
        checksum_skipped=Skip.CHECKSUM in transfer.skip,
        left_out_files=transfer.left_out_files,
        left_out_names=transfer.left_out_names,
        look=transfer.look,
        created_at=transfer.created_at,
        updated_at=transfer.updated_at,
        on_server=True,
    )


def _from_agent(view: SubmissionView) -> TransferRow:
    return TransferRow(
        id=view.transfer_id,
        kind=TransferKind(view.kind),
        name=view.name,
        target="",
        state=_state(view),
        group=RowGroup.RUNNING,
        trouble=_problem(view),
        bytes_done=view.bytes_done,
        bytes_total=view.bytes_total,
        files_total=view.files_total,
        files_done=view.files_done,
        fileset_count=0,
        filesets_done=0,
        promises=_promises(view),
        files_verified=view.files_verified,
        left_out_files=view.left_out_files,
        left_out_names=view.left_out_names,
        look=view.look,
        created_at=view.created_at,
        updated_at=view.updated_at,
        destination=view.destination,
        on_agent=True,
    )


def _joined(row: TransferRow, view: SubmissionView) -> TransferRow:
    """Put the agent's word beside the server's.

    The server decides what has ended. Until it has all bytes, the agent knows better why
    they do not move and how many are on their way.
    """
    agent_row = _from_agent(view)
    row = replace(
        row,
        on_agent=True,
        destination=view.destination,
        files_done=view.files_done,
        promises=row.promises.joined(agent_row.promises),
        look=view.look or row.look,
        updated_at=max(row.updated_at, view.updated_at),
    )
    if row.ended or not _agents_turn(row):
        return row
    state, problem = row.state, row.trouble
    if agent_row.trouble is not None and state not in PROBLEM_STATES:
        state, problem = agent_row.state, agent_row.trouble
    elif state in BEFORE_BYTES_STATES and agent_row.state in LIVELY_STATES:
        # The server has not yet heard of bytes that the agent moves.
        state = agent_row.state
    return replace(
        row,
        state=state,
        trouble=problem,
        bytes_done=max(row.bytes_done, view.bytes_done),
        bytes_total=max(row.bytes_total, view.bytes_total),
        files_total=max(row.files_total, view.files_total),
    )


def _agents_turn(row: TransferRow) -> bool:
    """Bytes still have to move between this workstation and the server."""
    if row.kind is TransferKind.IMPORT:
        return not row.promises.safe_to_switch_off
    return row.state is not ItemState.PREPARING


def _finished(
    row: TransferRow, *, now: datetime, bytes_per_s: float, lost: bool
) -> TransferRow:
    state = row.state
    quiet = now - row.updated_at > STALLED_AFTER
    if row.trouble is None and ((state in LIVELY_STATES and quiet) or (row.moving and lost)):
        state = ItemState.STALLED
    moving = state in MOVING_STATES
    return replace(
        row,
        state=state,
        group=_group(state, row.items_in_trouble),
        bytes_per_s=bytes_per_s if moving else 0.0,
        haystack=f"{row.name}\n{row.target}".casefold(),
    )


def _group(state: ItemState, items_in_trouble: int) -> RowGroup:
    if state in PROBLEM_STATES or state is ItemState.STALLED:
        return RowGroup.ATTENTION
    if state in ENDED_STATES:
        return RowGroup.DONE
    return RowGroup.ATTENTION if items_in_trouble else RowGroup.RUNNING


def _state(view: SubmissionView) -> ItemState:
    """The agent's word for the state; one that we do not know counts as queued."""
    try:
        return ItemState(view.state)
    except ValueError:
        return ItemState.QUEUED


def _problem(view: SubmissionView) -> ItemProblem | None:
    if not view.trouble and not view.trouble_code:
        return None
    error = error_codes.from_code(view.trouble_code, view.trouble or None)
    return ItemProblem(error.code, error.title, error.message, retryable=error.retryable)


def _promises(view: SubmissionView) -> Promises:
    return Promises(
        safe_to_log_off=view.safe_to_log_off,
        safe_to_switch_off=view.safe_to_switch_off,
        safe_to_delete_source=view.safe_to_delete_source,
        safe_to_delete_imported=view.safe_to_delete_imported,
    )


def _not_scanned_at(row: TransferRow) -> TransferRow:
    return replace(row, promises=row.promises.of_unseen_source(), source_unseen=True)
