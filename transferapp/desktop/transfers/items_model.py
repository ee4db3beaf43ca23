"""List the items of the selected transfer, with what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from transferapp.desktop.transfers.texts import (
    count_text,
    problem_text,
    progress_text,
    status_text,
)
from transferapp.desktop.widgets.table_model import NO_PARENT, AnyIndex, TableModel
from transferapp.host.clock import Clock, SystemClock
from transferapp.model.drops import LeftOut, LeftOutReason
from transferapp.model.transfers import ItemState, TransferItem


class ItemColumn(IntEnum):
    """The columns, left to right."""

    NAME = 0
    STATE = 1
    AMOUNT = 2
    REMEDY = 3


_TITLES = ("Item", "State", "Amount", "What to do")


class ItemDataRole(IntEnum):
    """Roles beside Qt's own."""

    ITEM = Qt.ItemDataRole.UserRole + 1


_Row = TransferItem | LeftOut

#: Of files that are no images, where other words are right.
_ATTACHING = {ItemState.IMPORTING: "Attaching", ItemState.IMPORTED: "Attached"}
_LEFT_OUT_STATES = {
    LeftOutReason.REFUSED: "Left out",
    LeftOutReason.NOT_CHOSEN: "Left out by you",
    LeftOutReason.IGNORED: "Ignored",
    LeftOutReason.HELD: "Held already",
}


class TransferItemsModel(TableModel):
    """The items in the transfer's own order, those in problem first, then what was dropped
    beside them and left out.
    """

    def __init__(self, parent: QObject | None = None, *, clock: Clock | None = None) -> None:
        super().__init__(_TITLES, parent)
        self._clock = clock or SystemClock()
        self._rows: list[_Row] = []

    def show_items(
        self, items: Sequence[TransferItem], left_out: Sequence[LeftOut] = ()
    ) -> None:
        """Show these items; the same ones again are only repainted."""
        in_order = sorted(items, key=lambda item: item.trouble is None)
        rows: list[_Row] = [*in_order, *left_out]
        if [_key(row) for row in rows] != [_key(row) for row in self._rows]:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        elif rows != self._rows:
            self._rows = rows
            last = self.index(len(rows) - 1, len(ItemColumn) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def item_at(self, index: AnyIndex) -> TransferItem | None:
        """Return the item of an index; None for what was left out."""
        row = self._rows[index.row()] if index.isValid() else None
        return row if isinstance(row, TransferItem) else None

    @override
    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One row per item."""
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for a cell; delegates ask for the whole item."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], ItemColumn(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                if isinstance(row, LeftOut):
                    return _left_out_text(row, column)
                return self._text(row, column)
            case ItemDataRole.ITEM:
                return row
        return None

    def _text(self, item: TransferItem, column: ItemColumn) -> str:
        now = self._clock.now()
        match column:
            case ItemColumn.NAME:
                return item.name
            case ItemColumn.STATE:
                if item.attaches and item.state in _ATTACHING:
                    return _ATTACHING[item.state]
                return status_text(item.state, item.trouble, item.updated_at, now)
            case ItemColumn.AMOUNT:
                amount = progress_text(item.bytes_done, item.size_bytes)
                return f"{amount}, {count_text(item.file_count, 'file')}"
        return problem_text(item.trouble, now) if item.trouble else item.note


def _left_out_text(left_out: LeftOut, column: ItemColumn) -> str:
    match column:
        case ItemColumn.NAME:
            return left_out.client_path
        case ItemColumn.STATE:
            return _LEFT_OUT_STATES[left_out.reason]
        case ItemColumn.AMOUNT:
            return count_text(left_out.file_count, "file")
    return left_out.sentence or "It stays where it is."


def _key(row: _Row) -> str:
    return row.id if isinstance(row, TransferItem) else row.client_path
