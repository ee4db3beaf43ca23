"""Paint the cells of the transfers table: direction, state in colour, what is safe."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from transferapp.desktop.transfers.promise_panel import PROMISE_ICONS
from transferapp.desktop.transfers.promise_texts import promise_lines
from transferapp.desktop.transfers.rows import RowGroup, TransferRow
from transferapp.desktop.transfers.table_model import Role
from transferapp.desktop.widgets import theme
from transferapp.model.transfers import ItemState, TransferKind

AnyIndex = QModelIndex | QPersistentModelIndex
_EDGE = 16

KIND_ICONS = {
    TransferKind.IMPORT: "mdi6.tray-arrow-up",
    TransferKind.EXPORT: "mdi6.tray-arrow-down",
}


def row_of(index: AnyIndex) -> TransferRow | None:
    """Return the transfer of an index."""
    row = index.data(Role.ROW)
    return row if isinstance(row, TransferRow) else None


def fraction_of(index: AnyIndex) -> float | None:
    """Return how far a transfer's bytes are; None when it is over and needs no bar."""
    row = row_of(index)
    return None if row is None or row.ended else row.fraction


def state_style(state: ItemState, group: RowGroup) -> tuple[str, str]:
    """Return the icon name and colour of a state."""
    scheme = theme.colours()
    styles = {
        ItemState.IMPORTED: ("mdi6.check-circle-outline", scheme.good),
        ItemState.DELIVERED: ("mdi6.check-circle-outline", scheme.good),
        ItemState.CANCELLED: ("mdi6.cancel", scheme.text_faint),
        ItemState.FAILED: ("mdi6.alert-circle-outline", scheme.bad),
        ItemState.NEEDS_ATTENTION: ("mdi6.alert-circle-outline", scheme.bad),
        ItemState.STALLED: ("mdi6.alert-outline", scheme.warn),
        ItemState.WAITING: ("mdi6.timer-sand", scheme.warn),
        ItemState.QUEUED: ("mdi6.timer-sand", scheme.text_muted),
    }
    if group is RowGroup.ATTENTION and state not in styles:
        return "mdi6.alert-outline", scheme.warn
    return styles.get(state, ("mdi6.sync", scheme.accent))


class NameDelegate(QStyledItemDelegate):
    """The direction as an icon before the name."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add the icon."""
        super().initStyleOption(option, index)
        row = row_of(index)
        if row is not None:
            _add_icon(option, KIND_ICONS[row.kind], theme.colours().text_muted)
        # Names of a series differ at their end.
        option.textElideMode = Qt.TextElideMode.ElideMiddle


class StateDelegate(QStyledItemDelegate):
    """The state in its colour, with an icon: colour alone tells not everyone."""

    @override
    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Add icon and colour."""
        super().initStyleOption(option, index)
        row = row_of(index)
        if row is not None:
            name, colour = state_style(row.state, row.group)
            _add_icon(option, name, colour)
            paint_text_in(option, colour)


class SafeDelegate(QStyledItemDelegate):
    """One small icon for each promise: green when kept, grey when not yet."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Paint the icons; the words are in the tool tip and for screen readers."""
        self.initStyleOption(option, index)
        option.text = ""
        option.widget.style().drawControl(
            QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget
        )
        row = row_of(index)
        if row is None:
            return
        scheme = theme.colours()
        x = option.rect.left() + 10
        y = option.rect.center().y() - _EDGE // 2
        for line in promise_lines(row):
            colour = scheme.good if line.safe else scheme.border_strong
            if line.partly:
                colour = scheme.warn
            icon = theme.icon(PROMISE_ICONS[line.key], colour=colour)
            icon.paint(painter, QRect(x, y, _EDGE, _EDGE))
            x += _EDGE + 10


def _add_icon(option: QStyleOptionViewItem, name: str, colour: str) -> None:
    option.icon = theme.icon(name, colour=colour)
    option.decorationSize = QSize(_EDGE, _EDGE)
    option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration


def paint_text_in(option: QStyleOptionViewItem, colour: str) -> None:
    """Give a cell's words a colour, selected or not."""
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.HighlightedText):
        option.palette.setColor(role, QColor(theme.colour_of(colour)))
