"""Say the three promises in words, each with the reason why not yet."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.desktop.transfers.rows import TransferRow
from transferapp.desktop.transfers.texts import count_text
from transferapp.model.attachments import attached_text
from transferapp.model.drops import left_out_text
from transferapp.model.transfers import ItemState, TransferKind


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One promise: ``key`` names it for widgets, ``reason`` says why not yet.

    ``partly``: it holds for some of it; ``reason`` says for what.
    """

    key: str
    question: str
    safe: bool
    reason: str = ""
    partly: bool = False

    @property
    def text(self) -> str:
        """The whole sentence: ``Safe to log off: yes``."""
        if self.safe:
            return f"{self.question}: yes"
        if self.partly:
            return f"{self.question}: only {self.reason}"
        return f"{self.question}: not yet" + (f" ({self.reason})" if self.reason else "")


def promise_lines(row: TransferRow) -> tuple[PromiseLine, ...]:
    """Return the promises of a transfer; an export has no source to delete."""
    lines = (
        PromiseLine(
            "logOff",
            "Safe to log off",
            row.promises.safe_to_log_off,
            "not known to be handed over",
        ),
        PromiseLine(
            "switchOff",
            "Safe to switch off",
            row.promises.safe_to_switch_off,
            _moved_text(row),
        ),
        _delete_line(row),
    )
    return lines if row.kind is TransferKind.IMPORT else lines[:2]


def promises_in_short(row: TransferRow) -> str:
    """Say what is safe in one line, for tool tips and screen readers."""
    return ". ".join(line.text for line in promise_lines(row)) + "."


def _moved_text(row: TransferRow) -> str:
    moved = "uploaded" if row.kind is TransferKind.IMPORT else "saved"
    if row.state is ItemState.CANCELLED:
        return "cancelled"
    if row.files_done is None:
        return f"{int(row.fraction * 100)} % {moved}"
    return f"{row.files_done:,} of {count_text(row.files_total, 'file')} {moved}"


def _delete_line(row: TransferRow) -> PromiseLine:
    key, question = "deleteSource", "Safe to delete the source"
    if row.promises.safe_to_delete_source:
        return PromiseLine(key, question, safe=True)
    if row.promises.safe_to_delete_imported:
        return PromiseLine(key, question, safe=False, reason=_only_text(row), partly=True)
    return PromiseLine(key, question, safe=False, reason=_imported_text(row))


def _only_text(row: TransferRow) -> str:
    """Say which files may go, and why not all."""
    files = "imported or attached file" if row.attached else "imported file"
    which = f"the {count_text(row.files_verified, files)}"
    left_out = left_out_text(row.left_out_files or 0, row.left_out_names)
    changed = row.look.text if row.look else ""
    missing = row.fileset_count - row.filesets_done
    not_done = f"{missing:,} of {count_text(row.fileset_count, 'fileset')} not imported"
    whys = [not_done if missing else "", _to_attach(row), left_out.rstrip("."), changed]
    why = "; ".join(part for part in whys if part)
    return f"{which} ({why})" if why else which


def _imported_text(row: TransferRow) -> str:
    if row.look is not None and not row.look.imported_unchanged:
        return row.look.text
    if not row.fileset_count:
        return "not imported"
    if row.state is ItemState.CANCELLED and not row.filesets_done:
        return "cancelled"
    if row.filesets_done < row.fileset_count:
        return f"{row.filesets_done:,} of {count_text(row.fileset_count, 'fileset')} imported"
    return _to_attach(row) or _verified_text(row)


def _to_attach(row: TransferRow) -> str:
    """Say of files that are still to be attached that they are not; else nothing."""
    return "" if row.attached else attached_text(row.to_attach, 0)


def _verified_text(row: TransferRow) -> str:
    if row.checksum_skipped:
        return "imported; the repository's checksums were skipped"
    if not row.files_verified:
        return "imported, being verified"
    if row.source_unseen:
        return "imported; the workstation service does not answer, so nobody looks at the files"
    if row.on_agent:
        return "imported; the files here are looked at once more"
    return "imported; the workstation has not looked at its files since"
