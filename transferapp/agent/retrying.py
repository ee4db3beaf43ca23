"""Look again at what a person had to put right, before its items are tried once more."""

from __future__ import annotations

from pathlib import Path

from transferapp.agent.destination import Destination
from transferapp.agent.outbox import Outbox
from transferapp.agent.records import ItemRecord
from transferapp.client.source import outgrown
from transferapp.model.stages import RETRIED_STAGES, ItemStage
from transferapp.model.transfers import TransferKind


def reopen(outbox: Outbox, transfer_id: str) -> None:
    """Open the items that were set aside or failed; files are taken as they are now.

    A file of another size stays in problem where the server knows the old one only: see
    ``changed_files``. Blocks.
    """
    record = outbox.submission(transfer_id)
    imports = record.kind is TransferKind.IMPORT
    for item in outbox.items(transfer_id):
        if item.stage in RETRIED_STAGES and not (imports and _has_outgrown(outbox, item)):
            if not imports:
                Destination(outbox, record).begin_anew_if_gone(item.item_id)
            outbox.set_stages([item.item_id], ItemStage.OPEN)


def _has_outgrown(outbox: Outbox, item: ItemRecord) -> bool:
    for file in outbox.files(item.item_id):
        if file.done:
            continue
        try:
            found = Path(file.path).stat()
        except OSError:
            continue  # still gone or unreadable: the next try says so again
        if found.st_size != file.size_bytes:
            problem = outgrown(Path(file.path))
            outbox.set_stages(
                [item.item_id], ItemStage.PROBLEM, (problem.code, problem.message)
            )
            return True
        if found.st_mtime_ns != file.modified_ns:
            outbox.reset_file(file.file_id, file.size_bytes, found.st_mtime_ns)
    return False
