"""The grid of thumbnails: one card for each image."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyleOptionViewItem,
)
from typing_extensions import override

from transferapp.desktop.browse.images_model import SIZES_ROLE, ImagesModel
from transferapp.desktop.widgets import theme
from transferapp.desktop.widgets.tips import TippedDelegate

#: Pixels: around the picture, below it, and how wide a card may become.
PAD, TEXT = 8, 42
NARROWEST, WIDEST = 144, 208
RADIUS = 8.0


class ImageCards(QListView):
    """Cards that flow with the width; several can be selected. Name: ``browse.images``."""

    def __init__(self, model: ImagesModel) -> None:
        super().__init__()
        self.setObjectName("browse.images")
        self.setAccessibleName("Images")
        self.setModel(model)
        self._cards = CardDelegate(self)
        self.setItemDelegate(self._cards)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setMouseTracking(True)
        self.verticalScrollBar().setSingleStep(40)
        # dataChanged would lay out every card again (measured: 336 ms each).
        model.picture_ready.connect(self.viewport().update)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the cards share the width evenly."""
        # As if the scroll bar were there: else it would come and go with the card size.
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self)
        # Qt lays out from 2 pixels on, and needs one more.
        width = self.width() - bar - 2 * self.frameWidth() - 3
        cell = min(width // max(1, width // (NARROWEST + theme.TIGHT)), WIDEST)
        self._cards.width = max(cell - theme.TIGHT, 1)
        self.setGridSize(self._cards.card + QSize(theme.TIGHT, theme.TIGHT))
        super().resizeEvent(event)


class CardDelegate(TippedDelegate):
    """Draws the thumbnail on a dark ground, the name and the sizes below."""

    width = NARROWEST

    @property
    def card(self) -> QSize:
        """The size of a card in pixels."""
        return QSize(self.width, self.width + TEXT)

    @override
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return the one size of all cards."""
        return self.card

    @override
    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw one card."""
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        card = QRect(rect.topLeft(), self.card)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._ground(painter, card, state)
        edge = self.width - 2 * PAD
        picture = QRect(card.x() + PAD, card.y() + PAD, edge, edge)
        self._picture(painter, picture, index.data(Qt.ItemDataRole.DecorationRole))
        self._text(painter, picture, index)
        painter.restore()

    def _ground(self, painter: QPainter, card: QRect, state: QStyle.StateFlag) -> None:
        scheme = theme.colours()
        selected = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if selected or hovered:
            painter.setPen(QPen(QColor(scheme.accent), 1.5) if selected else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(scheme.accent_soft if selected else scheme.hover))
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def _picture(self, painter: QPainter, place: QRect, picture: object) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(place, RADIUS - 2, RADIUS - 2)
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(place, QColor(theme.colours().canvas))
        if isinstance(picture, QPixmap) and not picture.isNull():
            size = picture.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
            inside = QRect(0, 0, size.width(), size.height())
            inside.moveCenter(place.center())
            painter.drawPixmap(inside, picture)
        elif isinstance(picture, QPixmap):
            icon = theme.icon("mdi6.image-off-outline", colour="#5A6472")
            mark = QRect(0, 0, 36, 36)
            mark.moveCenter(place.center())
            icon.paint(painter, mark)
        painter.restore()

    def _text(
        self, painter: QPainter, picture: QRect, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        scheme, width = theme.colours(), picture.width()
        name = QRect(picture.x(), picture.bottom() + 6, width, 18)
        metrics = painter.fontMetrics()
        painter.setPen(QColor(scheme.text))
        text = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), text)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        painter.setPen(QColor(scheme.text_muted))
        sizes = painter.fontMetrics().elidedText(
            str(index.data(SIZES_ROLE)), Qt.TextElideMode.ElideRight, width
        )
        painter.drawText(name.translated(0, 18), int(Qt.AlignmentFlag.AlignVCenter), sizes)
