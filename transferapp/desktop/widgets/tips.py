"""Tool tips in which other people's names stay names: Qt reads what looks like markup."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)
from typing_extensions import override

AnyIndex = QModelIndex | QPersistentModelIndex


def tip_text(text: str) -> str:
    """Return a tip for Qt that shows exactly this text."""
    return f"<p style='white-space: pre-wrap'>{escape(text)}</p>" if text else ""


class TippedDelegate(QStyledItemDelegate):
    """Paints cells; their tips are plain words."""

    @override
    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: AnyIndex,
    ) -> bool:
        """Show the tip of a cell."""
        if event.type() is not QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        show_tip(index, event.globalPos(), view)
        return True


def show_tip(index: AnyIndex, where: QPoint, view: QWidget) -> None:
    """Show what a model says of a cell; hide the tip where it says nothing."""
    QToolTip.showText(where, tip_text(str(index.data(Qt.ItemDataRole.ToolTipRole) or "")), view)
