"""Paint a cell's progress as words over a thin bar, in the style of real progress bars."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionProgressBar,
    QStyleOptionViewItem,
    QWidget,
)
from typing_extensions import override

AnyIndex = QModelIndex | QPersistentModelIndex
#: The fraction done (0 to 1) of an index; None paints no bar.
FractionOf = Callable[[AnyIndex], float | None]
_BAR_HEIGHT = 8
_STEPS = 1000


class ProgressDelegate(QStyledItemDelegate):
    """Words above, bar below. Thousands of real bars in a table would be far too slow."""

    def __init__(self, fraction_of: FractionOf, parent: QWidget) -> None:
        super().__init__(parent)
        self._fraction_of = fraction_of
        # Never shown: the style sheet's rules for progress bars are looked up with it.
        self._pattern = QProgressBar(parent)
        self._pattern.hide()

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint the cell."""
        fraction = self._fraction_of(index)
        if fraction is None:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        sentence, option.text = option.text, ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        inner = option.rect.adjusted(10, 6, -10, -6)
        self._draw_text(painter, option, inner, sentence)
        self._draw_bar(painter, option, inner, fraction)

    def _draw_text(
        self, painter: QPainter, option: QStyleOptionViewItem, inner: QRect, sentence: str
    ) -> None:
        room = QRect(inner.left(), inner.top(), inner.width(), inner.height() - _BAR_HEIGHT - 3)
        text = option.fontMetrics.elidedText(
            sentence, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), text)

    def _draw_bar(
        self, painter: QPainter, option: QStyleOptionViewItem, inner: QRect, fraction: float
    ) -> None:
        bar = QStyleOptionProgressBar()
        bar.rect = QRect(inner.left(), inner.bottom() - _BAR_HEIGHT, inner.width(), _BAR_HEIGHT)
        bar.minimum, bar.maximum = 0, _STEPS
        bar.progress = round(fraction * _STEPS)
        bar.textVisible = False
        bar.palette = option.palette
        bar.state = QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Horizontal
        self._pattern.style().drawControl(
            QStyle.ControlElement.CE_ProgressBar, bar, painter, self._pattern
        )
