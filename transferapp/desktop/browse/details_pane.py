"""Everything about one image: preview, facts, channels, original files, annotations."""

from __future__ import annotations

import humanize
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.browse.texts import (
    annotation_text,
    fact_rows,
    files_heading,
)
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import ElidedLabel, label
from transferapp.model.images import Channel, ImageDetails

#: More rows than this are counted instead of shown.
MOST_FILES = 40
KEY_WIDTH = 118


class DetailsPane(QScrollArea):
    """Scrolls over the sections; ``show_details`` fills it, ``clear`` empties it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("browse.details")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.setWidget(QWidget())

    def show_details(self, details: ImageDetails) -> None:
        """Show an image's details."""
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.SMALL, theme.SMALL)
        column.setSpacing(theme.MEDIUM)
        column.addLayout(_rows(fact_rows(details)))
        channels = details.pixels.channels
        if len(channels) > 1 or any(channel.name for channel in channels):
            column.addWidget(label("Channels", "caption"))
            column.addLayout(_channels(channels))
        if details.files:
            column.addWidget(label(files_heading(details.files), "caption"))
            column.addLayout(_files(details))
        pairs = [pair for note in details.annotations for pair in annotation_text(note)]
        if pairs:
            column.addWidget(label("Annotations", "caption"))
            column.addLayout(_rows(pairs))
        column.addStretch(1)
        self.setWidget(inside)


def _rows(pairs: list[tuple[str, str]]) -> QFormLayout:
    form = QFormLayout()
    form.setHorizontalSpacing(theme.MEDIUM)
    form.setVerticalSpacing(6)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    for name, value in pairs:
        key = label(name, "muted", wrap=True)
        key.setFixedWidth(KEY_WIDTH)
        key.setAlignment(Qt.AlignmentFlag.AlignTop)
        text = label(value, wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        form.addRow(key, text)
    return form


def _channels(channels: tuple[Channel, ...]) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)
    for number, channel in enumerate(channels, 1):
        dot = QLabel()
        dot.setFixedSize(12, 12)
        colour = channel.color or "888888"
        edge = theme.colours().border_strong
        dot.setStyleSheet(
            f"background: #{colour}; border: 1px solid {edge}; border-radius: 6px"
        )
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(dot)
        row.addWidget(ElidedLabel(channel.name or f"Channel {number}"), 1)
        column.addLayout(row)
    return column


def _files(details: ImageDetails) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)
    for file in details.files[:MOST_FILES]:
        row = QHBoxLayout()
        row.setSpacing(theme.SMALL)
        row.addWidget(ElidedLabel(file.client_path), 1)
        row.addWidget(label(humanize.naturalsize(file.size_bytes), "muted"))
        column.addLayout(row)
    hidden = len(details.files) - MOST_FILES
    if hidden > 0:
        column.addWidget(label(f"and {hidden} more", "faint"))
    return column
