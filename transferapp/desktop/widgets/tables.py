"""Make tables that look alike and stay fast with 100,000 rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView
from typing_extensions import override


class WideTable(QTableView):
    """A table whose first column takes the room that the others leave.

    Sections have fixed sizes: ResizeToContents would freeze a large table for seconds.
    """

    def __init__(
        self, name: str, widths: Sequence[int], *, row_height: int, least_first: int = 220
    ) -> None:
        """``widths`` are pixels of the columns after the first."""
        super().__init__()
        self.setObjectName(name)
        self._widths = tuple(widths)
        self._least_first = least_first
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
        """Give the columns their widths, once there is a model."""
        for column, width in enumerate(self._widths, 1):
            self.setColumnWidth(column, width)
        self._fill()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the first column take what is left."""
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        if self.model() is None:
            return
        others = sum(self.columnWidth(c) for c in range(1, self.model().columnCount()))
        self.setColumnWidth(0, max(self._least_first, self.viewport().width() - others))

    def visible_range(self) -> tuple[int, int]:
        """First and last row on the screen."""
        first = max(0, self.rowAt(0))
        last = self.rowAt(self.viewport().height() - 1)
        return first, last if last >= 0 else self.model().rowCount() - 1
