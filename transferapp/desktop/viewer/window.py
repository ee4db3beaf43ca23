"""napari's window: built hidden and warm, shown with one image, hidden again on closing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from napari import Viewer
from napari.settings import get_settings
from napari.utils.notifications import ErrorNotification, Notification, notification_manager
from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow
from typing_extensions import override

from transferapp.desktop.viewer.dock import ExportDock
from transferapp.desktop.viewer.layers import layer_settings
from transferapp.desktop.viewer.pyramid import RemoteImage

_TITLE = "TransferApp preview"
_SIZE = (1200, 800)
_WARMING_S = 3.0
#: How long a frame with data may wait until it is drawn once more.
_REDRAW_MS = 500
_RECTANGLE = "Region to export"


class ViewerWindow(QObject):
    """One napari window for one image at a time."""

    #: What napari could not do, in whatever thread it was: reading pixels, for one.
    failed = Signal(object)

    def __init__(self, hidden: Callable[[], None]) -> None:
        """Build it, hidden; ``hidden`` is called when a person closes it."""
        super().__init__()
        self._hidden = hidden
        self._first_pixels: Callable[[], None] | None = None
        self._has_drawn_data = False
        get_settings().experimental.async_ = True
        get_settings().application.confirm_close_window = False
        self.viewer = Viewer(title=_TITLE, show=False, show_welcome_screen=False)
        self.viewer.canvas.overlays.scale_bar.visible = True
        self.dock = ExportDock(self._visible_part, self._rectangle)
        self.dock.rectangle_asked.connect(self._draw_rectangle)
        window: Any = self.viewer.window
        self._main: QMainWindow = window._qt_window  # noqa: SLF001 - napari has no other way
        self._canvas: Any = window._qt_viewer.canvas  # noqa: SLF001
        window.add_dock_widget(self.dock, name="Export", area="right")
        self._main.resize(*_SIZE)
        self._main.installEventFilter(self)
        self._canvas.events.draw.connect(self._drawn, position="last")
        self._canvas.native.frameSwapped.connect(self._frame_shown)
        self._redraw = QTimer(self, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._draw_again)
        notification_manager.notification_ready.connect(self._notified)

    def warm_up(self) -> None:
        """Draw once where nobody sees it: shaders, fonts and first uses take their time now."""
        self._main.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, on=True)
        self._main.show()
        levels = [np.zeros((64, 64), np.uint8), np.zeros((32, 32), np.uint8)]
        self._has_drawn_data = False
        self.viewer.add_image(levels, multiscale=True, contrast_limits=(0, 1))
        until = time.monotonic() + _WARMING_S
        # Drawn is enough: a frame that is not for the screen is never swapped.
        while not self._has_drawn_data and time.monotonic() < until:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        self.viewer.layers.clear()
        self._main.hide()
        self._main.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen, on=False)

    def announce(self, name: str) -> None:
        """Come to the front with the name of the image that is on its way."""
        self.stop_waiting()
        self.viewer.layers.clear()
        self.viewer.title = f"{name} \N{EM DASH} {_TITLE}"
        self.viewer.status = f"Opening {name}\N{HORIZONTAL ELLIPSIS}"
        self._main.show()
        self._main.raise_()
        self._main.activateWindow()

    def show_image(
        self, name: str, image: RemoteImage, first_pixels: Callable[[], None]
    ) -> None:
        """Show an image; ``first_pixels`` is called once, with its first frame."""
        self._first_pixels = first_pixels
        self._has_drawn_data = False
        self._redraw.start()
        for channel in image.channels:
            layer = self.viewer.add_image(
                list(channel.levels), **layer_settings(image, channel)
            )
            layer.contrast_limits_range = channel.value_range
        self.viewer.reset_view()
        self.viewer.status = name
        names = [channel.name for channel in image.channels]
        self.dock.show_image(name, image.level_sizes, names)

    def show(self, text: str) -> None:
        """Show words in the status line."""
        self.viewer.status = text

    def stop_waiting(self) -> None:
        """Report no first pixels any more: the image failed, or another one comes."""
        self._first_pixels = None
        self._redraw.stop()

    def refresh(self) -> None:
        """Read again what could not be read."""
        for layer in self.viewer.layers:
            layer.refresh()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hide instead of closing, so that the next image is there at once."""
        if watched is self._main and event.type() is QEvent.Type.Close:
            event.ignore()
            self._main.hide()
            self.stop_waiting()
            self.viewer.layers.clear()
            self._hidden()
            return True
        return super().eventFilter(watched, event)

    def _drawn(self, _event: object) -> None:
        layers = self.viewer.layers
        self._has_drawn_data = bool(layers) and all(layer.loaded for layer in layers)

    def _frame_shown(self) -> None:
        if self._has_drawn_data and self._first_pixels is not None:
            reported, self._first_pixels = self._first_pixels, None
            self._redraw.stop()
            reported()

    def _draw_again(self) -> None:
        # Nothing else asks for a second frame when the first came before the screen took any.
        self._canvas.native.update()

    def _notified(self, notification: Notification) -> None:
        if isinstance(notification, ErrorNotification):
            self.failed.emit(notification.exception)

    def _visible_part(self) -> tuple[float, float, float, float] | None:
        layer = next((layer for layer in self.viewer.layers if layer.name != _RECTANGLE), None)
        if layer is None:
            return None
        corners = np.asarray(layer.corner_pixels)[:, -2:]
        factor = np.asarray(layer.downsample_factors)[layer.data_level][-2:]
        (top, left), (bottom, right) = corners * factor
        return float(left), float(top), float(right - left), float(bottom - top)

    def _rectangle(self) -> tuple[float, float, float, float] | None:
        if _RECTANGLE not in self.viewer.layers or not self.viewer.layers[_RECTANGLE].data:
            return None
        corners = np.asarray(self.viewer.layers[_RECTANGLE].data[-1])[:, -2:]
        (top, left), (bottom, right) = corners.min(axis=0), corners.max(axis=0)
        return float(left), float(top), float(right - left), float(bottom - top)

    def _draw_rectangle(self) -> None:
        if _RECTANGLE not in self.viewer.layers:
            image = self.viewer.layers[0]
            self.viewer.add_shapes(
                name=_RECTANGLE,
                ndim=2,
                scale=image.scale[-2:],
                units=image.units[-2:],
                edge_color="yellow",
                face_color="transparent",
                edge_width=3,
            )
        shapes = self.viewer.layers[_RECTANGLE]
        self.viewer.layers.selection.active = shapes
        shapes.mode = "add_rectangle"
