"""Show 100,000 transfers in a table: the model sorts and filters itself.

A QSortFilterProxyModel would call ``data`` millions of times (docs/adr/0007).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    Qt,
    QTimer,
)
from typing_extensions import override

from transferapp.desktop.transfers.board import RowBatch
from transferapp.desktop.transfers.columns import (
    SORT_KEYS,
    TITLES,
    Column,
    cell_text,
    cell_tip,
)
from transferapp.desktop.transfers.rows import RowGroup, TransferRow
from transferapp.desktop.widgets.table_model import NO_PARENT, AnyIndex, TableModel
from transferapp.host.clock import Clock, SystemClock

#: More new rows than this at once are shown by a reset instead of one by one.
FEW = 50
#: Milliseconds until rows whose sort key changed are put in order again.
RESORT_MS = 2000

_RIGHT_COLUMNS = frozenset({Column.SPEED, Column.FILES})


class Role(IntEnum):
    """Roles beside Qt's own."""

    ROW = Qt.ItemDataRole.UserRole + 1


class TransfersModel(TableModel):
    """The transfers that pass the filter, in order. Newest first until told otherwise."""

    def __init__(self, parent: QObject | None = None, *, clock: Clock | None = None) -> None:
        super().__init__([TITLES[c] for c in Column], parent, right=_RIGHT_COLUMNS)
        self._clock = clock or SystemClock()
        self._rows: dict[str, TransferRow] = {}
        self._order: list[str] = []
        self._position: dict[str, int] = {}
        self._column, self._descending = Column.STARTED, True
        self._group: RowGroup | None = None
        self._text = ""
        #: First and last row on the screen; others need no repaint. The page sets it.
        self.visible_rows: Callable[[], tuple[int, int]] = lambda: (0, len(self._order))
        self._resort = QTimer(self, singleShot=True, interval=RESORT_MS)
        self._resort.timeout.connect(self._sort_again)

    # What is in it --------------------------------------------------------------------

    def load(self, rows: Mapping[str, TransferRow]) -> None:
        """Show these rows instead of all others."""
        self.beginResetModel()
        self._rows = dict(rows)
        self._choose()
        self.endResetModel()

    def apply(self, batch: RowBatch) -> bool:
        """Take the changes of a batch; True when it took a reset (Qt drops selections)."""
        if batch.reset:
            self.load({})
        new = [row for row in batch.changed if self._is_structural(row)]
        if len(new) + len(batch.removed) > FEW:
            rows = {i: r for i, r in self._rows.items() if i not in set(batch.removed)}
            self.load({**rows, **{row.id: row for row in batch.changed}})
            return True
        self._update([row for row in batch.changed if row.id in self._position])
        for row in new:
            self._place(row)
        for transfer_id in batch.removed:
            self._take_out(transfer_id)
            self._rows.pop(transfer_id, None)
        return batch.reset

    def show_only(self, *, group: RowGroup | None, text: str) -> None:
        """Filter by group (None: all) and by words in name or target."""
        self.beginResetModel()
        self._group, self._text = group, text.casefold().strip()
        self._choose()
        self.endResetModel()

    def row_at(self, index: AnyIndex) -> TransferRow | None:
        """Return the transfer of an index."""
        if not index.isValid() or index.row() >= len(self._order):
            return None
        return self._rows[self._order[index.row()]]

    def index_of(self, transfer_id: str) -> QModelIndex:
        """Return the first cell of a transfer; invalid when it is not shown."""
        position = self._position.get(transfer_id)
        return QModelIndex() if position is None else self.index(position, 0)

    def counts(self) -> dict[RowGroup, int]:
        """How many transfers there are of each group, shown or not."""
        found = dict.fromkeys(RowGroup, 0)
        for row in self._rows.values():
            found[row.group] += 1
        return found

    # What Qt asks ---------------------------------------------------------------------

    @override
    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """Rows that pass the filter."""
        return 0 if parent.isValid() else len(self._order)

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for a cell; delegates ask for the whole row."""
        row = self.row_at(index)
        if row is None:
            return None
        column = Column(index.column())
        value: Any = None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                value = cell_text(row, column, self._clock.now())
            case Qt.ItemDataRole.ToolTipRole:
                value = cell_tip(row, column, self._clock.now())
            case Qt.ItemDataRole.TextAlignmentRole:
                value = self.alignment(column)
            case Role.ROW:
                return row
        return value

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Put all rows in order; selection and current row stay on their transfers."""
        if column < 0:
            return
        self._column = Column(column)
        self._descending = order is Qt.SortOrder.DescendingOrder
        self._sort_again()

    # How it keeps order ---------------------------------------------------------------

    def _passes(self, row: TransferRow) -> bool:
        return (self._group is None or row.group is self._group) and (
            not self._text or self._text in row.haystack
        )

    def _choose(self) -> None:
        """Filter and sort into ``_order``, inside a reset."""
        rows = self._rows.values()
        if self._group is not None or self._text:
            rows = [row for row in rows if self._passes(row)]  # type: ignore[assignment]
        self._order = self._sorted(rows)
        self._number()

    def _sorted(self, rows: Iterable[TransferRow]) -> list[str]:
        key = SORT_KEYS[self._column]
        return [row.id for row in sorted(rows, key=key, reverse=self._descending)]

    def _number(self) -> None:
        self._position = {transfer_id: n for n, transfer_id in enumerate(self._order)}

    def _sort_again(self) -> None:
        self._resort.stop()
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [self._order[index.row()] for index in before]
        self._order = self._sorted([self._rows[i] for i in self._order])
        self._number()
        after = [
            self.index(self._position[i], index.column())
            for i, index in zip(kept, before, strict=True)
        ]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _is_structural(self, row: TransferRow) -> bool:
        """A row must come in or go out."""
        return self._passes(row) != (row.id in self._position) or row.id not in self._rows

    def _update(self, rows: list[TransferRow]) -> None:
        """Change rows in place and repaint those on the screen, all with one signal."""
        if not rows:
            return
        key = SORT_KEYS[self._column]
        for row in rows:
            if key(self._rows[row.id]) != key(row) and not self._resort.isActive():
                self._resort.start()
            self._rows[row.id] = row
        first, last = self.visible_rows()
        shown = [p for row in rows if first <= (p := self._position[row.id]) <= last]
        if shown:
            top = self.index(min(shown), 0)
            self.dataChanged.emit(top, self.index(max(shown), len(Column) - 1))

    def _place(self, row: TransferRow) -> None:
        """Put a new row, or one that the filter let in or out, where it belongs."""
        self._take_out(row.id)
        self._rows[row.id] = row
        if not self._passes(row):
            return
        position = self._slot(row)
        self.beginInsertRows(NO_PARENT, position, position)
        self._order.insert(position, row.id)
        self._number()
        self.endInsertRows()

    def _slot(self, row: TransferRow) -> int:
        key = SORT_KEYS[self._column]
        if not self._descending:
            return bisect_right(self._order, key(row), key=lambda i: key(self._rows[i]))
        low, high = 0, len(self._order)
        while low < high:
            middle = (low + high) // 2
            if key(self._rows[self._order[middle]]) > key(row):
                low = middle + 1
            else:
                high = middle
        return low

    def _take_out(self, transfer_id: str) -> None:
        position = self._position.get(transfer_id)
        if position is None:
            return
        self.beginRemoveRows(NO_PARENT, position, position)
        del self._order[position]
        self._number()
        self.endRemoveRows()
