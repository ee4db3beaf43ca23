"""Make tables that look alike and stay fast with 100,000 rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import QEvent, QItemSelectionModel, Qt
from PySide6.QtGui import QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView
from typing_extensions import override

from transferapp.desktop.widgets.tips import show_tip

#: In place of a width: the column that takes the room that the others leave.
FILL = 0
#: Its least width in pixels; below that other columns give way, then the table scrolls.
LEAST_FILL = 130
#: Enough for it; what is left beyond that it shares with the column that grows.
ENOUGH_FILL = 240


class WideTable(QTableView):
    """A table of which one column takes the room that the others leave.

    Sections have fixed sizes: ResizeToContents would freeze a large table for seconds.
    """

    def __init__(
        self,
        name: str,
        widths: Sequence[int],
        *,
        row_height: int,
        gives_way: Sequence[int] = (),
        grows: int | None = None,
    ) -> None:
        """``widths`` are pixels; one of them is FILL. ``gives_way`` are columns that a
        narrow window does without, the least needed first. ``grows`` is one that takes half
        of the room in a wide window, until a person has sized it herself.
        """
        super().__init__()
        self.setObjectName(name)
        self._widths = tuple(widths)
        self._gives_way = tuple(gives_way)
        self._grows = grows
        #: The width that it was given here.
        self._grown = widths[grows] if grows is not None else 0
        #: Widths of those that have given way.
        self._hidden: dict[int, int] = {}
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(row_height)
        rows.hide()
        columns = self.horizontalHeader()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def size_columns(self) -> None:
        """Give the columns their widths, once there is a model.

        Keep the titles out of what is selected: Qt asks for each whether every row is, which
        takes seconds when 100,000 are.
        """
        titles = self.horizontalHeader()
        titles.setSelectionModel(QItemSelectionModel(self.model(), titles))
        for column, width in enumerate(self._widths):
            self.setColumnWidth(column, width)
        self._fill()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let one column take what is left."""
        super().resizeEvent(event)
        self._fill()
        row = self.currentIndex()
        if (
            row.isValid()
            and 0 <= self.rowViewportPosition(row.row()) < event.oldSize().height()
        ):
            self.scrollTo(row)  # What is selected was in sight, and stays so.

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        """Show tips as plain words."""
        if event.type() is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            show_tip(self.indexAt(event.pos()), event.globalPos(), self.viewport())
            return True
        return super().viewportEvent(event)

    def _fill(self) -> None:
        if self.model() is None:
            return
        self._shrink()
        filling = self._widths.index(FILL)
        columns = range(self.model().columnCount())
        widths = {c: self._hidden.get(c, self.columnWidth(c)) for c in columns if c != filling}
        room = self.viewport().width() - sum(widths.values())
        # Room without any, without the first, without the first two...
        rooms = accumulate((widths[c] for c in self._gives_way), initial=room)
        needed = next((n for n, left in enumerate(rooms) if left >= LEAST_FILL), None)
        away = self._gives_way[:needed]
        self._hidden = {c: widths[c] for c in away}
        for column in self._gives_way:
            self.setColumnHidden(column, column in self._hidden)
        left = self._grow(room + sum(self._hidden.values()))
        self.setColumnWidth(filling, max(LEAST_FILL, left))

    def _shrink(self) -> None:
        """Take back what was given to the column that grows."""
        if self._grows is not None and self.columnWidth(self._grows) != self._grown:
            self._grows = None  # A person has sized it.
        if self._grows is not None:
            self._grown = self._widths[self._grows]
            self.setColumnWidth(self._grows, self._grown)

    def _grow(self, room: int) -> int:
        """Give half of what is not needed to the column that grows; return the rest."""
        more = max(0, room - ENOUGH_FILL) // 2
        if self._grows is None or not more:
            return room
        self._grown += more
        self.setColumnWidth(self._grows, self._grown)
        return room - more

    def visible_range(self) -> tuple[int, int]:
        """First and last row on the screen."""
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        return first, last if last >= 0 else self.model().rowCount() - 1
