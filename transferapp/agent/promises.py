"""The three promises of a submission, computed from what is durable and never guessed."""

from __future__ import annotations

from transferapp.agent.records import SubmissionRecord, Totals
from transferapp.model.moves import FINAL_STATES
from transferapp.model.promises import ImportFacts, Promises, safe_to_delete
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import TransferKind


def promises(record: SubmissionRecord, totals: Totals) -> Promises:
    """Say what a person may do now.

    Log off: the submission is in the outbox, and only what is there gets here. Switch off:
    no byte has to move between this workstation and the server any more. Delete: see
    ``model.promises``.
    """
    switch_off = _safe_to_switch_off(record, totals)
    if record.kind is TransferKind.EXPORT:
        return Promises(
            safe_to_log_off=True, safe_to_switch_off=switch_off, safe_to_delete_source=False
        )
    facts = ImportFacts(
        items=totals.items,
        items_verified=totals.items_by_stage.get(ItemStage.DONE, 0),
        files_verified=totals.files_verified,
        left_out_files=None if record.roots is None else totals.left_out_files,
        look=record.look,
    )
    source, imported = safe_to_delete(facts)
    return Promises(
        safe_to_log_off=True,
        safe_to_switch_off=switch_off,
        safe_to_delete_source=source,
        safe_to_delete_imported=imported,
    )


def _safe_to_switch_off(record: SubmissionRecord, totals: Totals) -> bool:
    if record.ended and record.state in FINAL_STATES:
        return True
    if record.kind is TransferKind.EXPORT:
        return False
    return totals.files > 0 and totals.files_open == 0
