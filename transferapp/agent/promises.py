"""What the workstation knows of a submission, from which its promises follow."""

from __future__ import annotations

from transferapp.agent.records import SubmissionRecord, Totals
from transferapp.model.moves import FINAL_STATES
from transferapp.model.promises import ImportFacts, Promises, TransferFacts, promised
from transferapp.model.stages import ItemStage
from transferapp.model.transfers import TransferKind


def promises(record: SubmissionRecord, totals: Totals) -> Promises:
    """Say what a person may do now, from what is durable here; see ``model.promises``."""
    source = ImportFacts(
        items=totals.items,
        items_verified=totals.items_by_stage.get(ItemStage.DONE, 0),
        files_verified=totals.files_verified,
        left_out_files=None if record.roots is None else totals.left_out_files,
        look=record.look,
    )
    return promised(
        TransferFacts(
            # Only what is there gets here.
            in_outbox=True,
            ended=record.ended and record.state in FINAL_STATES,
            arrived=totals.files > 0 and totals.files_open == 0,
            source=source if record.kind is TransferKind.IMPORT else None,
        )
    )
