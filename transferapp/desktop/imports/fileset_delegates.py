"""Paint the cells of the import list: the name above its folder, and the verdict."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from transferapp.desktop.imports.fileset_details import EDGE, result_style
from transferapp.desktop.imports.filesets_model import FilesetRole
from transferapp.desktop.imports.list import FilesetRow
from transferapp.desktop.transfers.delegates import paint_text_in
from transferapp.desktop.widgets import theme

AnyIndex = QModelIndex | QPersistentModelIndex
#: Size of the folder's letters, of the name's.
_FINE = 0.88


class FilesetNameDelegate(QStyledItemDelegate):
    """The name, and below it in faint letters the folder that it lies in, where folders tell
    filesets apart. A dash where there is no tick to set, so that names stand in one line.
    """

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add the dash."""
        super().initStyleOption(option, index)
        row = index.data(FilesetRole.ROW)
        if isinstance(row, FilesetRow) and not row.can_include:
            option.icon = theme.icon("mdi6.minus", colour=theme.colours().border_strong)
            option.decorationSize = QSize(EDGE, EDGE)
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw both lines, or the name as usual."""
        folder = index.data(FilesetRole.FOLDER)
        if not folder:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        name, style = option.text, option.widget.style()
        within = style.subElementRect(
            QStyle.SubElement.SE_ItemViewItemText, option, option.widget
        )
        option.text = ""
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)
        room = within.adjusted(theme.TIGHT, 0, -theme.TIGHT, 0)
        painter.save()
        painter.setFont(option.font)
        height = painter.fontMetrics().height()
        fine = option.font
        fine.setPointSizeF(fine.pointSizeF() * _FINE)
        fine_height = QFontMetrics(fine).height()
        top = option.rect.center().y() - (height + fine_height) // 2
        colours = theme.colours()
        _draw(painter, name, QRect(room.left(), top, room.width(), height), colours.text)
        painter.setFont(fine)
        below = QRect(room.left(), top + height, room.width(), fine_height)
        _draw(painter, folder, below, colours.text_muted)
        painter.restore()


def _draw(painter: QPainter, text: str, within: QRect, colour: str) -> None:
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, within.width())
    painter.drawText(within, int(Qt.AlignmentFlag.AlignVCenter), shown)


class ResultDelegate(QStyledItemDelegate):
    """The preflight's verdict: icon, colour and words."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add icon and colour."""
        super().initStyleOption(option, index)
        row = index.data(FilesetRole.ROW)
        if isinstance(row, FilesetRow):
            name, colour = result_style(row)
            option.icon = theme.icon(name, colour=colour)
            option.decorationSize = QSize(EDGE, EDGE)
            option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration
            option.textElideMode = Qt.TextElideMode.ElideRight
            paint_text_in(option, colour)
