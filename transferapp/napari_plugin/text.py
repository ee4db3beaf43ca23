"""Labels, and what went wrong in words."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel

from transferapp.client.export_summary_texts import amount_text, notes
from transferapp.errors import Internal, TransferAppError
from transferapp.protocol.export_summaries import ExportSummary


def plain_label(text: str = "", *, strong: bool = False) -> QLabel:
    """Return a label that wraps; names in it are no markup."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if strong:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label


def summary_text(summary: ExportSummary) -> str:
    """Say how much an export brings, and what of it would not come."""
    return " ".join([f"{amount_text(summary)}.", *notes(summary)])


def problem_text(error: BaseException) -> str:
    """Return a sentence for a person; of a defect, without its values."""
    known = error if isinstance(error, TransferAppError) else Internal()
    return f"{known.title}. {known.message}"
