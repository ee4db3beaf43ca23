"""Draw a container's row: its name, and how many images it has, at the right."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem
from typing_extensions import override

from transferapp.desktop.containers.tree_model import COUNT_ROLE
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.tips import TippedDelegate

ROW_HEIGHT = 34
COUNT_WIDTH = 44


class ContainerDelegate(TippedDelegate):
    """The name elided in the middle and a faint count."""

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return a row that a finger can hit."""
        return QSize(super().sizeHint(option, index).width(), ROW_HEIGHT)

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row as usual, then the count over its right end."""
        super().paint(painter, option, index)
        count = index.data(COUNT_ROLE)
        if not count:
            return
        painter.save()
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        painter.setPen(QColor(theme.colours().text_faint))
        rect = option.rect
        place = rect.adjusted(rect.width() - COUNT_WIDTH, 0, -theme.SMALL, 0)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, int(right), str(count))
        painter.restore()

    @override
    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Leave room for the count."""
        super().initStyleOption(option, index)
        if index.data(COUNT_ROLE):
            width = option.rect.width() - COUNT_WIDTH - 36
            metrics = option.fontMetrics
            option.text = metrics.elidedText(
                str(index.data()), Qt.TextElideMode.ElideMiddle, max(width, 20)
            )
