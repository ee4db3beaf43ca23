"""The cards that the Settings page is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import label


def card(title: str, *rows: QWidget) -> QFrame:
    """Return a card with a heading and rows."""
    made = QFrame()
    theme.set_role(made, "card")
    column = QVBoxLayout(made)
    column.setContentsMargins(theme.LARGE, theme.LARGE, theme.LARGE, theme.LARGE)
    column.setSpacing(theme.MEDIUM)
    column.addWidget(label(title, "heading"))
    for line in rows:
        column.addWidget(line)
    return made


def column_of(*parts: QWidget) -> QWidget:
    """Return widgets below each other that belong together."""
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(theme.SMALL)
    for part in parts:
        column.addWidget(part)
    return holder


def row(*parts: QWidget, stretch: QWidget | None = None) -> QWidget:
    """Return widgets beside each other; ``stretch`` (else the end) takes what is left."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(theme.MEDIUM)
    for part in parts:
        layout.addWidget(part, 1 if part is stretch else 0)
    if stretch is None:
        layout.addStretch(1)
    return holder
