"""Let a column of a page scroll when the window is too small for it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLayout, QScrollArea, QWidget


def scrolling(column: QLayout, object_name: str) -> QScrollArea:
    """Return an area that shows this layout, as wide as it is, and scrolls down."""
    column.setContentsMargins(0, 0, 0, 0)
    inside = QWidget()
    inside.setLayout(column)
    area = QScrollArea()
    area.setObjectName(object_name)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    # Nothing in it takes the keyboard here but its own fields; words are read, not entered.
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    return area
