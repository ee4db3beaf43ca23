"""Say the three promises in words, each with the reason why not yet."""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.desktop.presenters.transfer_rows import TransferRow
from transferapp.desktop.presenters.transfer_words import count_words
from transferapp.model.transfers import ItemState, TransferKind


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """One promise: ``key`` names it for widgets, ``reason`` says why not yet."""

    key: str
    question: str
    safe: bool
    reason: str = ""

    @property
    def text(self) -> str:
        """The whole sentence: ``Safe to log off: yes``."""
        if self.safe:
            return f"{self.question}: yes"
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
            _moved_words(row),
        ),
        PromiseLine(
            "deleteSource",
            "Safe to delete the source",
            row.promises.safe_to_delete_source,
            _imported_words(row),
        ),
    )
    return lines if row.kind is TransferKind.IMPORT else lines[:2]


def promises_in_short(row: TransferRow) -> str:
    """Say what is safe in one line, for tool tips and screen readers."""
    return ". ".join(line.text for line in promise_lines(row)) + "."


def _moved_words(row: TransferRow) -> str:
    moved = "uploaded" if row.kind is TransferKind.IMPORT else "saved"
    if row.state is ItemState.CANCELLED:
        return "cancelled"
    if row.files_done is None:
        return f"{int(row.fraction * 100)} % {moved}"
    return f"{row.files_done:,} of {count_words(row.files_total, 'file')} {moved}"


def _imported_words(row: TransferRow) -> str:
    if row.state is ItemState.CANCELLED:
        return "cancelled"
    if not row.item_count:
        return "not imported"
    if row.items_done >= row.item_count:
        return "imported, being verified"
    return f"{row.items_done:,} of {count_words(row.item_count, 'fileset')} imported"
