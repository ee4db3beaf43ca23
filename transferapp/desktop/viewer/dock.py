"""The dock beside the picture: choose a part of the image and queue its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGroupBox,
    QLabel,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from transferapp.desktop.viewer.messages import Selection

#: Returns x, y, width, height in pixels of level 0; None when there is no such region.
RegionReader = Callable[[], tuple[float, float, float, float] | None]

_WHAT_FOLLOWS = (
    "TransferApp asks for the form (OME-TIFF, OME-Zarr, pictures) and the folder. Only what you"
    " chose here is read and made."
)
_NO_RECTANGLE = "Draw a rectangle first: press the button above, then drag over the image."


class ExportDock(QWidget):
    """Level, region and channels of one image, and the button that queues the export."""

    #: A Selection that a person asked to export.
    export_asked = Signal(object)
    #: A person wants to draw a rectangle.
    rectangle_asked = Signal()

    def __init__(self, visible_part: RegionReader, rectangle: RegionReader) -> None:
        """Read the two kinds of region from the viewer."""
        super().__init__()
        self._readers: dict[QRadioButton, RegionReader] = {}
        self._sizes: list[tuple[int, int]] = []
        self._title = _text("", strong=True)
        self._level = QComboBox()
        self._level.setAccessibleName("Level")
        whole = self._region("Whole image", lambda: None)
        whole.setChecked(True)
        self._region("What I see now", visible_part)
        self._rectangle = self._region("A rectangle I draw", rectangle)
        self._draw = QPushButton("Draw a rectangle")
        self._draw.clicked.connect(self.rectangle_asked)
        self._draw.clicked.connect(lambda: self._rectangle.setChecked(True))
        self._channel_boxes: list[QCheckBox] = []
        self._channels = QGroupBox("Channels")
        self._channel_column = QVBoxLayout(self._channels)
        self._queue = QPushButton("Export…")
        self._queue.clicked.connect(self._ask)
        self._answer = _text("")
        self._lay_out()
        self.setEnabled(False)

    def show_image(
        self, name: str, level_sizes: Sequence[tuple[int, int]], channels: Sequence[str]
    ) -> None:
        """Offer the levels (height, width) and channels of an image."""
        self._title.setText(name)
        self._sizes = list(level_sizes)
        self._level.clear()
        for index, (height, width) in enumerate(self._sizes):
            text = "Full size" if index == 0 else f"1 : {round(self._sizes[0][1] / width)}"
            self._level.addItem(f"{text}  ({width} \N{MULTIPLICATION SIGN} {height})")
        self._show_channels(channels)
        self._answer.setText("")
        self.setEnabled(True)

    def selection(self) -> Selection | None:
        """Return what is chosen; None when a rectangle is wanted and none is drawn."""
        button = next(button for button in self._readers if button.isChecked())
        region = self._readers[button]()
        if region is None and button is self._rectangle:
            return None
        checked = [i for i, box in enumerate(self._channel_boxes) if box.isChecked()]
        return Selection(
            level=max(0, self._level.currentIndex()),
            channels=[] if len(checked) == len(self._channel_boxes) else checked,
            region=self._whole_pixels(region) if region else None,
        )

    def _whole_pixels(
        self, region: tuple[float, float, float, float]
    ) -> tuple[int, int, int, int]:
        height, width = self._sizes[0]
        left = min(max(0, int(region[0])), width - 1)
        top = min(max(0, int(region[1])), height - 1)
        right = min(width, max(left + 1, round(region[0] + region[2])))
        bottom = min(height, max(top + 1, round(region[1] + region[3])))
        return left, top, right - left, bottom - top

    def _ask(self) -> None:
        selection = self.selection()
        if selection is None:
            self._answer.setText(_NO_RECTANGLE)
        elif not any(box.isChecked() for box in self._channel_boxes):
            self._answer.setText("Choose at least one channel.")
        else:
            self._answer.setText("TransferApp asks now where it goes.")
            self.export_asked.emit(selection)

    def _show_channels(self, names: Sequence[str]) -> None:
        for box in self._channel_boxes:
            self._channel_column.removeWidget(box)
            box.deleteLater()
        self._channel_boxes = [QCheckBox(name) for name in names]
        for box in self._channel_boxes:
            box.setChecked(True)
            self._channel_column.addWidget(box)

    def _region(self, text: str, read: RegionReader) -> QRadioButton:
        button = QRadioButton(text)
        self._readers[button] = read
        return button

    def _lay_out(self) -> None:
        region = QGroupBox("Region")
        inside = QVBoxLayout(region)
        for button in self._readers:
            inside.addWidget(button)
        inside.addWidget(self._draw)
        level_text = QLabel("&Level")
        level_text.setBuddy(self._level)
        column = QVBoxLayout(self)
        for widget in (
            self._title,
            level_text,
            self._level,
            region,
            self._channels,
            self._queue,
            _text(_WHAT_FOLLOWS),
            self._answer,
        ):
            column.addWidget(widget)
        column.addStretch(1)


def _text(text: str, *, strong: bool = False) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if strong:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label
