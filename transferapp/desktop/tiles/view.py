"""The light viewer: an image in tiles, coarse at once and then sharp, inside the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from transferapp import errors
from transferapp.desktop import loop
from transferapp.desktop.tiles import compositing, plan as tile_plan
from transferapp.desktop.tiles.canvas import TileCanvas
from transferapp.desktop.tiles.controls import ChannelBar, Notice, PlaneSlider
from transferapp.desktop.tiles.loader import TileLoader, TileOrder
from transferapp.desktop.tiles.plan import Plane, TilePlace
from transferapp.desktop.widgets import theme

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from transferapp.desktop.tiles.compositing import ChannelDisplay
    from transferapp.desktop.tiles.source import TileSource
    from transferapp.model.images import Pixels


class TileView(QWidget):
    """Shows one image; ``show_image`` and ``clear`` are all a page needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty view."""
        super().__init__(parent)
        self._pixels: Pixels | None = None
        self._loader: TileLoader | None = None
        self._given: tuple[ChannelDisplay, ...] = ()
        self._displays: tuple[ChannelDisplay, ...] = ()
        #: Nothing is ordered before good windows are known.
        self._waits_for_contrast = False
        self.canvas = TileCanvas(self)
        self.channels = ChannelBar(self)
        self.z_slider = PlaneSlider("Z", "Depth", self)
        self.t_slider = PlaneSlider("T", "Time point", self)
        self.notice = Notice(self)
        self._contrast = self._tool("mdi6.auto-fix", "Automatic contrast", "C")
        # Shows by its colour that it is on.
        self._contrast.setIcon(theme.nav_icon("mdi6.auto-fix"))
        self._contrast.setCheckable(True)
        self._tools = [
            self._contrast,
            self._tool("mdi6.fit-to-page-outline", "Fit the whole image", "F"),
            self._tool("mdi6.numeric-1-box-outline", "One image pixel per screen pixel", "1"),
        ]
        self._tools[1].clicked.connect(self.canvas.fit)
        self._tools[2].clicked.connect(self.canvas.one_to_one)
        self._contrast.toggled.connect(self._contrast_switched)
        self.canvas.view_changed.connect(self._order)
        self.channels.switched.connect(self._channel_switched)
        self.z_slider.moved.connect(self._order)
        self.t_slider.moved.connect(self._order)
        self.notice.retry.connect(self._retry)
        self._lay_out()
        self.clear()

    def show_image(self, pixels: Pixels, source: TileSource) -> None:
        """Show an image from its coarsest level on; replaces the one before."""
        self.clear()
        if not pixels.levels or not min(pixels.levels[0].size_x, pixels.levels[0].size_y):
            self.notice.announce("Nothing to show", "This image has no pixels.")
            return
        self._pixels = pixels
        self._loader = TileLoader(source, pixels, self, loop.spawn)
        self._given = self._displays = compositing.displays_of(pixels)
        self.canvas.show_picture(pixels)
        self.channels.show_channels(self._displays)
        self.z_slider.show_range(pixels.size_z, pixels.size_z // 2)
        self.t_slider.show_range(pixels.size_t, 0)
        self._set_enabled(on=True)
        self.notice.announce("Loading the preview\N{HORIZONTAL ELLIPSIS}")
        self._waits_for_contrast = any(
            compositing.window_shows_nothing(pixels, display) for display in self._displays
        )
        self._contrast.setChecked(self._waits_for_contrast)
        self._order()

    def clear(self) -> None:
        """Show nothing and stop loading."""
        if self._loader is not None:
            self._loader.close()
        self._loader = None
        self._pixels = None
        self._given = self._displays = ()
        self._waits_for_contrast = False
        self._contrast.setChecked(False)
        self.canvas.show_picture(None)
        self.channels.show_channels(())
        self.z_slider.show_range(1, 0)
        self.t_slider.show_range(1, 0)
        self.notice.hide()
        self._set_enabled(on=False)

    def tile_ready(
        self, place: TilePlace, plane: Plane, picture: npt.NDArray[np.uint8]
    ) -> None:
        """Show a tile that was loaded (TileListener)."""
        if plane != self._plane():
            return
        if not self.canvas.has_tiles:
            self.notice.hide()
        self.canvas.show_tile(place, plane, picture)

    def tile_failed(self, error: errors.TransferAppError) -> None:
        """Say what is wrong and offer to try again (TileListener)."""
        self.notice.announce(error.title, error.message, offer_retry=True)

    def tiles_complete(self) -> None:
        """Take away what lies over or under the picture without use (TileListener)."""
        if self._pixels is None:
            return
        self.notice.hide()
        wanted, plane = set(self._places()), self._plane()
        self.canvas.keep_only(lambda place, shown: place in wanted and shown == plane)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page up and down step through z, comma and full stop through t."""
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.z_slider.step(1 if event.key() == Qt.Key.Key_PageUp else -1)
        elif event.key() in (Qt.Key.Key_Comma, Qt.Key.Key_Period):
            self.t_slider.step(1 if event.key() == Qt.Key.Key_Period else -1)
        elif event.key() == Qt.Key.Key_C and self._contrast.isEnabled():
            self._contrast.toggle()
        else:
            super().keyPressEvent(event)

    def _order(self) -> None:
        if self._loader is not None and not self._waits_for_contrast:
            order = TileOrder(tuple(self._places()), self._plane(), self._displays)
            self._loader.want(order)

    def _places(self) -> list[TilePlace]:
        if self._pixels is None:
            return []
        return tile_plan.plan(self._pixels, self.canvas.visible_part())

    def _plane(self) -> Plane:
        return Plane(t=self.t_slider.value, z=self.z_slider.value)

    def _channel_switched(self, index: int, visible: bool) -> None:  # noqa: FBT001
        displays = list(self._displays)
        displays[index] = replace(displays[index], visible=visible)
        self._displays = tuple(displays)
        self._order()

    def _contrast_switched(self, automatic: bool) -> None:  # noqa: FBT001
        if self._loader is None:
            return
        if automatic:
            self._measure_contrast(self._loader)
        else:
            self._set_windows([(given.low, given.high) for given in self._given])

    def _measure_contrast(self, loader: TileLoader) -> None:
        async def measure() -> None:
            try:
                windows = await loader.auto_windows(self._plane())
            except errors.TransferAppError as error:
                if loader is self._loader:
                    self.tile_failed(error)
                return
            if loader is self._loader and self._contrast.isChecked():
                self._set_windows(windows)

        loop.spawn(measure(), name="preview-contrast")

    def _set_windows(self, windows: list[tuple[float, float]]) -> None:
        self._waits_for_contrast = False
        self._displays = tuple(
            replace(display, low=low, high=high)
            for display, (low, high) in zip(self._displays, windows, strict=True)
        )
        self._order()

    def _retry(self) -> None:
        if self._loader is None:
            return
        self.notice.announce("Loading the preview\N{HORIZONTAL ELLIPSIS}")
        if self._waits_for_contrast:
            self._measure_contrast(self._loader)
        else:
            self._loader.retry()

    def _set_enabled(self, *, on: bool) -> None:
        for tool in self._tools:
            tool.setEnabled(on)

    def _tool(self, icon: str, text: str, key: str) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(theme.icon(icon))
        button.setIconSize(theme.icon_size())
        button.setToolTip(f"{text} ({key})")
        button.setAccessibleName(text)
        theme.set_role(button, "icon")
        return button

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setSpacing(theme.TIGHT)
        tools.addWidget(self.channels, 1)
        for tool in self._tools:
            tools.addWidget(tool)
        picture = QGridLayout()
        picture.addWidget(self.canvas, 0, 0)
        # As wide as the picture lets it: aligned, it would keep its own width and be cut.
        over = QGridLayout()
        over.setContentsMargins(theme.MEDIUM, theme.MEDIUM, theme.MEDIUM, theme.MEDIUM)
        over.addWidget(self.notice, 1, 1)
        for edge in (0, 2):
            over.setRowStretch(edge, 1)
            over.setColumnStretch(edge, 1)
        over.setColumnStretch(1, 100)
        picture.addLayout(over, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.TIGHT)
        column.addLayout(tools)
        column.addLayout(picture, 1)
        column.addWidget(self.z_slider)
        column.addWidget(self.t_slider)
