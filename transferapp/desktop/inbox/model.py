"""The rows of the inbox, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

from transferapp.desktop.inbox.texts import InboxRow

AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT = QModelIndex()


class InboxRole(IntEnum):
    """Roles beside Qt's own."""

    ROW = Qt.ItemDataRole.UserRole + 1


class InboxModel(QAbstractListModel):
    """Shows ``InboxRow``s; the delegate asks for the whole row."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[InboxRow] = []

    def show_rows(self, rows: Sequence[InboxRow]) -> None:
        """Show these rows; selection stays when only their contents changed."""
        new = list(rows)
        if [row.entry.id for row in new] != [row.entry.id for row in self._rows]:
            self.beginResetModel()
            self._rows = new
            self.endResetModel()
        elif new != self._rows:
            self._rows = new
            self.dataChanged.emit(self.index(0), self.index(len(new) - 1))

    def row_at(self, index: AnyIndex) -> InboxRow | None:
        """Return the row of an index."""
        return self._rows[index.row()] if index.isValid() else None

    def place_of(self, entry_id: int) -> QModelIndex:
        """Return the index of an entry; an invalid one when it is not shown."""
        ids = [row.entry.id for row in self._rows]
        return self.index(ids.index(entry_id)) if entry_id in ids else QModelIndex()

    @override
    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """One row per entry."""
        return 0 if parent.isValid() else len(self._rows)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for screen readers; delegates ask for the whole row."""
        row = self.row_at(index)
        if row is None:
            return None
        value: Any = None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                value = row.title
            case Qt.ItemDataRole.ToolTipRole:
                value = f"{row.title}\n{row.text}"
            case Qt.ItemDataRole.AccessibleTextRole:
                value = row.spoken
            case InboxRole.ROW:
                value = row
        return value
