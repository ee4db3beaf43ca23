"""Show the listed images to a Qt view, with thumbnails that come when they are needed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QPixmap, QPixmapCache
from typing_extensions import override

from transferapp.desktop.browse.presenter import BrowsePresenter
from transferapp.desktop.browse.texts import short_size_text, size_text
from transferapp.desktop.loop import spawn
from transferapp.model.images import ImageSummary

AnyIndex = QModelIndex | QPersistentModelIndex

#: The ImageSummary of a row, and its sizes in few words.
IMAGE_ROLE = Qt.ItemDataRole.UserRole
SIZES_ROLE = Qt.ItemDataRole.UserRole + 1


class ImagesModel(QAbstractListModel):
    """The presenter's images.

    A thumbnail that has come is told by ``picture_ready``, not by ``dataChanged``: a QListView
    lays out all its rows again for each of those.
    """

    picture_ready = Signal()

    def __init__(self, presenter: BrowsePresenter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._images: tuple[ImageSummary, ...] = ()
        stops = (
            presenter.images_changed.listen(self._changed),
            presenter.thumbnails.ready.listen(self._thumbnail_ready),
        )
        self.destroyed.connect(lambda *_: [stop() for stop in stops])
        self._changed()

    def image(self, index: AnyIndex) -> ImageSummary:
        """Return the image of a row."""
        return self._images[index.row()]

    def rows_of(self, image_ids: set[int]) -> list[int]:
        """Return the rows of these images."""
        return [row for row, image in enumerate(self._images) if image.id in image_ids]

    @override
    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Return how many images are listed."""
        return 0 if parent.isValid() else len(self._images)

    @override
    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        """Return one; Qt's own cannot be called without a parent."""
        return 0 if parent.isValid() else 1

    @override
    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, thumbnail, tip, image or sizes of a row."""
        if not index.isValid():
            return None
        image = self._images[index.row()]
        values: dict[int, Callable[[], object]] = {
            Qt.ItemDataRole.DisplayRole: lambda: image.name,
            Qt.ItemDataRole.DecorationRole: lambda: self._picture(image.id),
            Qt.ItemDataRole.ToolTipRole: lambda: f"{image.name}\n{size_text(image)}",
            Qt.ItemDataRole.AccessibleDescriptionRole: lambda: size_text(image),
            IMAGE_ROLE: lambda: image,
            SIZES_ROLE: lambda: short_size_text(image),
        }
        return values[role]() if role in values else None

    @override
    def canFetchMore(self, parent: AnyIndex) -> bool:
        """Return whether the server has more of this list."""
        return not parent.isValid() and self._presenter.has_more

    @override
    def fetchMore(self, parent: AnyIndex) -> None:
        """Ask for the next page."""
        spawn(self._presenter.more(), name="more images")

    def _picture(self, image_id: int) -> QPixmap | None:
        """Return the thumbnail; a null pixmap when there is none, None while it comes."""
        key = f"thumbnail-{id(self)}-{image_id}"
        pixmap = QPixmap()
        if QPixmapCache.find(key, pixmap):
            return pixmap
        jpeg = self._presenter.thumbnails.get(image_id)
        if jpeg is None:
            return None
        if jpeg and pixmap.loadFromData(jpeg):
            QPixmapCache.insert(key, pixmap)
        return pixmap

    def _thumbnail_ready(self, _image_id: int) -> None:
        self.picture_ready.emit()

    def _changed(self) -> None:
        fresh, old = self._presenter.images, self._images
        if fresh[: len(old)] == old:
            self._append(fresh, len(old))
            return
        self.beginResetModel()
        self._images = fresh
        self.endResetModel()

    def _append(self, fresh: tuple[ImageSummary, ...], known: int) -> None:
        if len(fresh) > known:
            self.beginInsertRows(QModelIndex(), known, len(fresh) - 1)
            self._images = fresh
            self.endInsertRows()
