"""Paint an entry of the inbox: what came of it, in two lines, and whether it is new."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem
from typing_extensions import override

from transferapp.desktop.inbox.model import InboxRole
from transferapp.desktop.inbox.texts import InboxRow
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.tips import TippedDelegate

AnyIndex = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 62
_ICON = 22
_DOT = 8
_ICONS = {
    "good": "mdi6.check-circle-outline",
    "bad": "mdi6.alert-circle-outline",
    "warn": "mdi6.alert-outline",
    "muted": "mdi6.cancel",
}
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class InboxDelegate(TippedDelegate):
    """A dot and bold words for what is new, an icon for how it ended."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the height of two lines."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint the background as usual, then the entry."""
        self.initStyleOption(option, index)
        option.text = ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        row = index.data(InboxRole.ROW)
        if isinstance(row, InboxRow):
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            _paint_row(painter, option.rect, row, option.font)
            painter.restore()


def _paint_row(painter: QPainter, rect: QRect, row: InboxRow, font: QFont) -> None:
    scheme = theme.colours()
    inside = rect.adjusted(theme.MEDIUM, theme.SMALL + 2, -theme.LARGE, -theme.SMALL - 2)
    middle = rect.center().y()
    if row.is_unread:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(scheme.accent))
        painter.drawEllipse(inside.left(), middle - _DOT // 2, _DOT, _DOT)
    tones = {"good": scheme.good, "bad": scheme.bad, "warn": scheme.warn}
    icon = theme.icon(_ICONS[row.tone], colour=tones.get(row.tone, scheme.text_muted))
    left = inside.left() + _DOT + theme.MEDIUM
    icon.paint(painter, QRect(left, middle - _ICON // 2, _ICON, _ICON))
    text = inside.adjusted(_DOT + 2 * theme.MEDIUM + _ICON + theme.TIGHT, 0, 0, 0)
    title = QFont(font)
    title.setWeight(QFont.Weight.DemiBold if row.is_unread else QFont.Weight.Normal)
    first, second = _lines(text)
    painter.setFont(font)
    painter.setPen(QColor(scheme.text_muted))
    painter.drawText(first, _RIGHT, row.when)
    used = painter.fontMetrics().horizontalAdvance(row.when) + theme.LARGE
    _elided(painter, second, row.text, _LEFT)
    painter.setFont(title)
    painter.setPen(QColor(scheme.text))
    _elided(painter, first.adjusted(0, 0, -used, 0), row.title, _LEFT)


def _lines(text: QRect) -> tuple[QRect, QRect]:
    half = text.height() // 2
    return text.adjusted(0, 0, 0, -half), text.adjusted(0, half, 0, 0)


def _elided(painter: QPainter, place: QRect, text: str, align: int) -> None:
    metrics = painter.fontMetrics()
    one_line = " ".join(text.split())
    shown = metrics.elidedText(one_line, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, align, shown)
