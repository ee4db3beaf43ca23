"""What every table's model says of its columns, said once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from typing_extensions import override

AnyIndex = QModelIndex | QPersistentModelIndex
#: The parent of all rows of a table.
NO_PARENT = QModelIndex()
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class TableModel(QAbstractTableModel):
    """Columns with titles; numbers stand at the right."""

    def __init__(
        self, titles: Sequence[str], parent: QObject | None, *, right: Collection[int] = ()
    ) -> None:
        """``right`` are the columns with numbers."""
        super().__init__(parent)
        self._titles = tuple(titles)
        self._right = frozenset(right)

    def alignment(self, column: int) -> int:
        """Return where the words of a column stand."""
        return _RIGHT if column in self._right else _LEFT

    @override
    def columnCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One for each title."""
        return 0 if parent.isValid() else len(self._titles)

    @override
    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Titles of the columns, above their words."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self.alignment(section)
        return None
