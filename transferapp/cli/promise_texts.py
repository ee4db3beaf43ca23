"""Say on the command line what of a source may be deleted."""

from __future__ import annotations

from transferapp.model.attachments import attached_text
from transferapp.model.drops import left_out_text
from transferapp.model.skips import Skip
from transferapp.model.transfers import Transfer, TransferKind


def deleting(transfer: Transfer) -> str:
    """Return whole sentences; empty for an export and before anything is imported."""
    if Skip.CHECKSUM in transfer.skip and transfer.filesets_done:
        return "Not safe to delete the source: the repository's checksums were skipped."
    if transfer.kind is not TransferKind.IMPORT or not transfer.files_verified:
        return ""
    promises, scan = transfer.promises, transfer.look
    if promises.safe_to_delete_source:
        return "Safe to delete the source."
    left_out = left_out_text(transfer.left_out_files or 0, transfer.left_out_names)
    changed = f"{scan.text}." if scan and scan.text else ""
    if promises.safe_to_delete_imported:
        number = transfer.files_verified
        which = "imported or attached" if transfer.attached else "imported"
        files = f"{number:,} {which} {'file' if number == 1 else 'files'}"
        first = f"Safe to delete: only the {files}."
    else:
        first = "Not safe to delete the source."
        if scan is None:
            changed = "The workstation has not looked at its files since the import."
        elif scan.imported_unchanged and scan.covers(transfer.files_verified):
            changed = (
                "Its files could not be looked at just now, as this computer's workstation"
                " service does not answer. Start it (transferapp agent), then ask again."
            )
    to_attach = 0 if transfer.attached else transfer.to_attach
    not_attached = f"{attached_text(to_attach, 0)}." if to_attach else ""
    return " ".join(part for part in (first, not_attached, left_out, changed) if part)
