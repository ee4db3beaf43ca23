"""Show submissions as desktop and CLI see them."""

from __future__ import annotations

from pathlib import Path

from transferapp.agent.export_folders import below
from transferapp.agent.outbox import Outbox
from transferapp.agent.progress import Progress
from transferapp.agent.promises import promises
from transferapp.agent.records import SubmissionRecord, Totals
from transferapp.client.placement import PlacementStage
from transferapp.model.transfers import TransferKind
from transferapp.protocol.messages import PlacementView, SubmissionView


def view_of(record: SubmissionRecord, totals: Totals, progress: Progress) -> SubmissionView:
    """Join what is durable with what is in flight; the grant is not in it."""
    stated = promises(record, totals)
    in_flight = 0 if record.ended else progress.beyond_outbox(record.transfer_id)
    return SubmissionView(
        transfer_id=record.transfer_id,
        kind=record.kind,
        name=record.name,
        owner=record.owner,
        server_url=record.server_url,
        state=record.state,
        files_total=totals.files,
        files_done=totals.files_done,
        bytes_total=totals.bytes,
        bytes_done=max(0, min(totals.bytes_done + in_flight, totals.bytes)),
        bytes_per_s=0.0 if record.ended else progress.bytes_per_s(record.transfer_id),
        safe_to_log_off=stated.safe_to_log_off,
        safe_to_switch_off=stated.safe_to_switch_off,
        safe_to_delete_source=stated.safe_to_delete_source,
        safe_to_delete_imported=stated.safe_to_delete_imported,
        files_verified=totals.files_verified if record.kind is TransferKind.IMPORT else 0,
        left_out_files=None if record.roots is None else totals.left_out_files,
        left_out_names=totals.left_out_names,
        look=record.look,
        trouble_code=record.trouble_code or totals.trouble_code,
        trouble=record.trouble or totals.trouble,
        destination=record.destination,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def placement_views(outbox: Outbox, record: SubmissionRecord) -> list[PlacementView]:
    """List where the items of an export go, as far as that is decided; blocking."""
    tops = outbox.folders.tops(record.transfer_id)
    found = outbox.placements.of_transfer(record.transfer_id)
    return [
        PlacementView(
            item_id=item_id,
            path=str(Path(record.destination, *below(tops, one.folder), one.name)),
            placed=one.stage is PlacementStage.PLACED,
        )
        for item_id, one in found.items()
    ]
