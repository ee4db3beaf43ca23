"""The controls around a picture: channels, z and t, and what to say when there is none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from transferapp.desktop.tiles.compositing import ChannelDisplay
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.labels import label

_SWATCH_PX = 14


class ChannelBar(QWidget):
    """One switch per channel in its colour; a menu where there is no room for all."""

    #: (index, visible): a person switched a channel.
    switched = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty bar."""
        super().__init__(parent)
        self._buttons: list[QToolButton] = []
        self._menu_button = QToolButton(self)
        self._menu_button.setText("Channels")
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setMenu(QMenu(self._menu_button))
        theme.set_role(self._menu_button, "menu")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.TIGHT)
        self._row.addWidget(self._menu_button)
        self._row.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_channels(self, displays: Sequence[ChannelDisplay]) -> None:
        """Offer these channels."""
        for button in self._buttons:
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = [self._button(index, shown) for index, shown in enumerate(displays)]
        menu = self._menu_button.menu()
        menu.clear()
        for button in self._buttons:
            action = menu.addAction(button.icon(), button.text())
            action.setCheckable(True)
            action.setChecked(button.isChecked())
            action.toggled.connect(button.setChecked)
            button.toggled.connect(action.setChecked)
        self._arrange()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose between switches and menu by the room there is."""
        super().resizeEvent(event)
        self._arrange()

    @override
    def sizeHint(self) -> QSize:
        """Ask for the height of a switch."""
        return QSize(super().sizeHint().width(), self._menu_button.sizeHint().height())

    def _button(self, index: int, display: ChannelDisplay) -> QToolButton:
        button = QToolButton(self)
        button.setText(display.name)
        button.setCheckable(True)
        button.setChecked(display.visible)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIcon(_swatch(display.color))
        button.setIconSize(QSize(_SWATCH_PX, _SWATCH_PX))
        button.setToolTip(f"Show or hide {display.name}")
        theme.set_role(button, "icon")
        button.toggled.connect(lambda on: self.switched.emit(index, on))
        self._row.insertWidget(self._row.count() - 1, button)
        return button

    def _arrange(self) -> None:
        width = sum(button.sizeHint().width() + theme.TIGHT for button in self._buttons)
        room = width <= self.width()
        for button in self._buttons:
            button.setVisible(room)
        self._menu_button.setVisible(bool(self._buttons) and not room)


class PlaneSlider(QWidget):
    """A slider for z or t, with words: 'Z 3 of 10'; hidden when there is only one."""

    moved = Signal(int)

    def __init__(self, axis: str, meaning: str, parent: QWidget | None = None) -> None:
        """Name the axis by a letter and, for tool tips and screen readers, by a word."""
        super().__init__(parent)
        self._axis = axis
        self._slider = QSlider(Qt.Orientation.Horizontal, self)
        self._slider.setAccessibleName(meaning)
        self._slider.setToolTip(meaning)
        self._slider.setPageStep(1)
        self._label = QLabel(self)
        theme.set_role(self._label, "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SMALL)
        row.addWidget(self._slider, 1)
        row.addWidget(self._label)
        self._slider.valueChanged.connect(self._changed)
        self.hide()

    @property
    def value(self) -> int:
        """The plane's index, from 0."""
        return self._slider.value()

    def show_range(self, size: int, value: int) -> None:
        """Offer 0 to ``size`` - 1 without telling of it as a move."""
        with QSignalBlocker(self._slider):
            self._slider.setRange(0, max(0, size - 1))
            self._slider.setValue(value)
        self._write(value)
        self.setVisible(size > 1)

    def step(self, by: int) -> None:
        """Move by so many planes."""
        self._slider.setValue(self._slider.value() + by)

    def _changed(self, value: int) -> None:
        self._write(value)
        self.moved.emit(value)

    def _write(self, value: int) -> None:
        self._label.setText(f"{self._axis} {value + 1} of {self._slider.maximum() + 1}")


class Notice(QFrame):
    """Words over the picture: loading, nothing to show, or what went wrong and a way on."""

    retry = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make it, hidden."""
        super().__init__(parent)
        theme.set_role(self, "card")
        self._title = label("", "strong", wrap=True)
        self._text = label("", "muted", wrap=True)
        self._button = QPushButton("Try again", self)
        self._button.clicked.connect(self.retry)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.LARGE, theme.MEDIUM, theme.LARGE, theme.MEDIUM)
        column.setSpacing(theme.SMALL)
        for widget in (self._title, self._text):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(widget)
        column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        self.setMaximumWidth(380)
        self.hide()

    @property
    def text(self) -> str:
        """What a person reads now; empty when nothing is said."""
        if self.isHidden():
            return ""
        return f"{self._title.text()} {self._text.text()}".strip()

    def announce(self, title: str, text: str = "", *, offer_retry: bool = False) -> None:
        """Show words."""
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setVisible(offer_retry)
        self.show()


def _swatch(color: tuple[int, int, int]) -> QIcon:
    icon = QIcon()
    for state in (QIcon.State.On, QIcon.State.Off):
        pixmap = QPixmap(_SWATCH_PX * 2, _SWATCH_PX * 2)
        pixmap.setDevicePixelRatio(2)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.colours().border_strong))
        if state is QIcon.State.On:
            painter.setBrush(QColor(*color))
        painter.drawRoundedRect(1, 1, _SWATCH_PX - 2, _SWATCH_PX - 2, 3, 3)
        painter.end()
        icon.addPixmap(pixmap, QIcon.Mode.Normal, state)
    return icon
