"""The three promises of a submission, computed from what is durable and never guessed."""

from __future__ import annotations

from transferapp.agent.records import ItemStage, SubmissionRecord, Totals
from transferapp.model.transfers import DONE_STATES, ItemState, Promises, TransferKind

_NOTHING_LEFT = DONE_STATES | {ItemState.CANCELLED}


def promises(record: SubmissionRecord, totals: Totals) -> Promises:
    """Say what a person may do now.

    Log off: the submission is in the outbox, and only what is there gets here. Switch off:
    no byte has to move between this workstation and the server any more. Delete the
    source: the server said of every item that the repository holds it, verified.
    """
    return Promises(
        safe_to_log_off=True,
        safe_to_switch_off=_safe_to_switch_off(record, totals),
        safe_to_delete_source=_safe_to_delete_source(record, totals),
    )


def _safe_to_switch_off(record: SubmissionRecord, totals: Totals) -> bool:
    if record.ended and record.state in _NOTHING_LEFT:
        return True
    if record.kind is TransferKind.EXPORT:
        return False
    return totals.files > 0 and totals.files_open == 0


def _safe_to_delete_source(record: SubmissionRecord, totals: Totals) -> bool:
    if record.kind is TransferKind.EXPORT:
        return False  # an export has no source here
    return totals.items > 0 and totals.items_by_stage.get(ItemStage.DONE, 0) == totals.items
