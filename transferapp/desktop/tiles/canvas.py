"""Shows tiles as one picture that can be moved and enlarged; needs no OpenGL."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget
from typing_extensions import override

from transferapp.desktop.tiles import plan as tile_plan
from transferapp.desktop.tiles.plan import Plane, TilePlace, View
from transferapp.desktop.widgets import theme
from transferapp.display.scale_bar import scale_bar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from transferapp.model.images import Pixels

#: Screen pixels per image pixel at most; from here on single pixels are plain to see.
MAX_ZOOM = 32.0
_WHEEL_STEP, _KEY_STEP = 1.25, 1.5
_PIXELS_SEEN_FROM = 2.0
_SETTLE_MS = 25
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_EDGE_PX, _BAR_PX = 16, 5


class TileCanvas(QGraphicsView):
    """A picture on a dark ground: wheel or + and - enlarge it, dragging or arrows move it."""

    #: The visible part has changed and has come to rest for a moment.
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty canvas."""
        super().__init__(parent)
        self._scene = QGraphicsScene(self)
        self.setScene(self._scene)
        self._pixels: Pixels | None = None
        self._items: dict[TilePlace, tuple[Plane, QGraphicsPixmapItem]] = {}
        self._fitted = True
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.view_changed)
        self.setBackgroundBrush(QColor(theme.colours().canvas))
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        # Qt's own anchors go by where it last saw the mouse; ``enlarge`` knows better.
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The scale bar is drawn over the picture and must not be scrolled with it.
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setMinimumSize(160, 120)
        self.setAccessibleName("Picture")
        self.setAccessibleDescription(
            "Plus and minus enlarge and reduce, arrows move, F fits, 1 shows every pixel."
        )

    def show_picture(self, pixels: Pixels | None) -> None:
        """Start with another picture, fitted; None shows nothing."""
        self._scene.clear()
        self._items.clear()
        self._pixels = pixels
        if pixels is not None:
            # Half a picture of margin all around: any point can be brought to the middle.
            margin = self._picture()
            self._scene.setSceneRect(
                margin.adjusted(
                    -margin.width() / 2,
                    -margin.height() / 2,
                    margin.width() / 2,
                    margin.height() / 2,
                )
            )
            self.fit()

    def show_tile(self, place: TilePlace, plane: Plane, picture: npt.NDArray[np.uint8]) -> None:
        """Put a tile (height, width, 4) in its place, over the coarser ones."""
        if self._pixels is None:
            return
        height, width = picture.shape[:2]
        image = QImage(picture.data, width, height, width * 4, QImage.Format.Format_RGBX8888)
        pixmap = QPixmap.fromImage(image)
        _, item = self._items.get(place, (plane, None))
        if item is None:
            item = self._new_item(place)
        item.setPixmap(pixmap)
        self._items[place] = (plane, item)

    def keep_only(self, keep: Callable[[TilePlace, Plane], bool]) -> None:
        """Take away the tiles that are not to be kept."""
        for place, (plane, item) in list(self._items.items()):
            if not keep(place, plane):
                self._scene.removeItem(item)
                del self._items[place]

    @property
    def has_tiles(self) -> bool:
        """Whether anything of the picture is shown."""
        return bool(self._items)

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel."""
        return self.transform().m11() * self.devicePixelRatioF()

    def visible_part(self) -> View:
        """Return what a person sees now, in pixels of level 0."""
        shown = self.mapToScene(self.viewport().rect()).boundingRect()
        return View(shown.x(), shown.y(), shown.width(), shown.height(), self.zoom)

    def fit(self) -> None:
        """Show the whole picture, and keep it whole when the window changes."""
        self._fitted = True
        room = self.viewport().rect()
        picture = self._picture()
        if picture.isEmpty() or room.isEmpty():
            return
        scale = min(room.width() / picture.width(), room.height() / picture.height())
        self._set_scale(min(scale, MAX_ZOOM), picture.center())

    def one_to_one(self) -> None:
        """Show one image pixel as one screen pixel, around the present middle."""
        self._fitted = False
        centre = self.mapToScene(self.viewport().rect().center())
        self._set_scale(1.0 / self.devicePixelRatioF(), QPointF(centre))

    def enlarge(self, factor: float, at: QPoint | None = None) -> None:
        """Enlarge around a point of the viewport, which stays where it is; else the middle."""
        fixed = self.viewport().rect().center() if at is None else at
        present = self.transform().m11()
        target = max(self._least_scale(), min(MAX_ZOOM, present * factor))
        self._fitted = False
        before = self.mapToScene(fixed)
        self.scale(target / present, target / present)
        moved = self.mapToScene(fixed) - before
        self.translate(moved.x(), moved.y())
        self._changed()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Enlarge or reduce around the mouse."""
        turns = event.angleDelta().y() / 120
        self.enlarge(_WHEEL_STEP**turns, event.position().toPoint())
        event.accept()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enlarge, reduce, fit, 1:1; arrows move (by Qt)."""
        actions: dict[int, Callable[[], None]] = {
            Qt.Key.Key_Plus: lambda: self.enlarge(_KEY_STEP),
            Qt.Key.Key_Equal: lambda: self.enlarge(_KEY_STEP),
            Qt.Key.Key_Minus: lambda: self.enlarge(1 / _KEY_STEP),
            Qt.Key.Key_F: self.fit,
            Qt.Key.Key_0: self.fit,
            Qt.Key.Key_1: self.one_to_one,
        }
        if event.key() in actions:
            actions[event.key()]()
        elif event.key() in _ARROWS:
            super().keyPressEvent(event)
        else:
            # Qt would scroll by Page Up and Down; the view steps through z with them.
            event.ignore()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a fitted picture fitted."""
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        self._changed()

    @override
    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Notice that the picture was moved."""
        super().scrollContentsBy(dx, dy)
        self._changed()

    @override
    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw the scale bar at the lower right, in screen pixels."""
        um = self._pixels.pixel_size_um[2] if self._pixels and self._items else None
        room = self.viewport().rect()
        bar = scale_bar(um / self.transform().m11(), room.width() / 4) if um else None
        if bar is None:
            return
        painter.save()
        painter.resetTransform()
        right, bottom = room.width() - _EDGE_PX, room.height() - _EDGE_PX
        line = QRectF(right - bar.width_px, bottom - _BAR_PX, bar.width_px, _BAR_PX)
        text = QRectF(line.center().x() - 100, line.top() - 24, 200, 20)
        text.moveRight(min(text.right(), room.width() + 100 - bar.width_px / 2 - _EDGE_PX))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        # A dark shadow keeps it readable on bright pictures.
        for offset, colour in ((1, QColor(0, 0, 0, 200)), (0, QColor("white"))):
            painter.fillRect(line.translated(offset, offset), colour)
            painter.setPen(colour)
            painter.drawText(text.translated(offset, offset), flags, bar.label)
        painter.restore()

    def _new_item(self, place: TilePlace) -> QGraphicsPixmapItem:
        assert self._pixels is not None  # noqa: S101
        item = QGraphicsPixmapItem()
        item.setTransformationMode(self._smoothing())
        scale_x, scale_y = tile_plan.scale_of(self._pixels, place.level)
        region = tile_plan.region(self._pixels, place, Plane(), 0)
        item.setTransform(QTransform.fromScale(scale_x, scale_y))
        item.setPos(region.x * scale_x, region.y * scale_y)
        item.setZValue(-place.level)
        self._scene.addItem(item)
        return item

    def _picture(self) -> QRectF:
        if self._pixels is None:
            return QRectF()
        size = self._pixels.levels[0]
        return QRectF(0, 0, size.size_x, size.size_y)

    def _least_scale(self) -> float:
        picture, room = self._picture(), self.viewport().rect()
        if picture.isEmpty():
            return 1.0
        fit = min(room.width() / picture.width(), room.height() / picture.height())
        return min(fit / 2, 1.0)

    def _set_scale(self, scale: float, centre: QPointF) -> None:
        self.setTransform(QTransform.fromScale(scale, scale))
        self.centerOn(centre)
        self._changed()

    def _smoothing(self) -> Qt.TransformationMode:
        if self.zoom >= _PIXELS_SEEN_FROM:
            return Qt.TransformationMode.FastTransformation
        return Qt.TransformationMode.SmoothTransformation

    def _changed(self) -> None:
        mode = self._smoothing()
        for _, item in self._items.values():
            if item.transformationMode() != mode:
                item.setTransformationMode(mode)
        self._settle.start()
