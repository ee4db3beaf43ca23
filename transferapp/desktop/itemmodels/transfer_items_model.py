"""List the items of the selected transfer, with what is wrong with each."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QObject, Qt
from typing_extensions import override

from transferapp.desktop.itemmodels.table_model import NO_PARENT, AnyIndex, TableModel
from transferapp.desktop.presenters.transfer_words import (
    count_words,
    progress_words,
    status_words,
    trouble_words,
)
from transferapp.host.clock import Clock, SystemClock
from transferapp.model.transfers import TransferItem


class ItemColumn(IntEnum):
    """The columns, left to right."""

    NAME = 0
    STATE = 1
    AMOUNT = 2
    REMEDY = 3


_TITLES = ("Item", "State", "Amount", "What to do")


class ItemRole(IntEnum):
    """Roles beside Qt's own."""

    ITEM = Qt.ItemDataRole.UserRole + 1


class TransferItemsModel(TableModel):
    """The items in the transfer's own order, those in trouble first."""

    def __init__(self, parent: QObject | None = None, *, clock: Clock | None = None) -> None:
        super().__init__(_TITLES, parent)
        self._clock = clock or SystemClock()
        self._items: list[TransferItem] = []

    def show_items(self, items: Sequence[TransferItem]) -> None:
        """Show these items; the same ones again are only repainted."""
        ordered = sorted(items, key=lambda item: item.trouble is None)
        if [item.id for item in ordered] != [item.id for item in self._items]:
            self.beginResetModel()
            self._items = ordered
            self.endResetModel()
        elif ordered != self._items:
            self._items = ordered
            last = self.index(len(ordered) - 1, len(ItemColumn) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def item_at(self, index: AnyIndex) -> TransferItem | None:
        """Return the item of an index."""
        return self._items[index.row()] if index.isValid() else None

    @override
    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One row per item."""
        return 0 if parent.isValid() else len(self._items)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for a cell; delegates ask for the whole item."""
        item = self.item_at(index)
        if item is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return self._words(item, ItemColumn(index.column()))
            case ItemRole.ITEM:
                return item
        return None

    def _words(self, item: TransferItem, column: ItemColumn) -> str:
        now = self._clock.now()
        match column:
            case ItemColumn.NAME:
                return item.name
            case ItemColumn.STATE:
                return status_words(item.state, item.trouble, item.updated_at, now)
            case ItemColumn.AMOUNT:
                amount = progress_words(item.bytes_done, item.size_bytes)
                return f"{amount}, {count_words(item.file_count, 'file')}"
        return trouble_words(item.trouble, now) if item.trouble else item.note
