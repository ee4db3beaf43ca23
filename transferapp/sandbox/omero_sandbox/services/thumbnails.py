"""ThumbnailStore: small pictures of images by the settings of whoever asks."""

from __future__ import annotations

from typing import Any

from transferapp.repositories.local.pixels.rendering import level_for, middle_plane
from transferapp.sandbox.omero_sandbox.dispatch import Service, without_lock
from transferapp.sandbox.omero_sandbox.permissions import require_visible
from transferapp.sandbox.omero_sandbox.pictures import black, picture, shown_numbers, small_jpeg
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.rendering_settings import (
    RenderingSettings,
    default_settings,
    load_settings,
    save_settings,
    settings_record,
)
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox

_USUAL_EDGE_PX = 96


def thumbnail(
    sandbox: Sandbox, pixels: Record, settings: RenderingSettings, edge_px: int
) -> bytes:
    """Return a JPEG with this longer edge."""
    source = sandbox.pixels.open(pixels)
    number = level_for(source.levels, edge_px)
    level = source.levels[number]
    depth = int(pixels.text("sizeZ"))
    planes = [
        source.read(middle_plane(number, level, c, depth)) for c in shown_numbers(settings)
    ]
    made = picture(planes, settings) if planes else black(level.size_y, level.size_x)
    return small_jpeg(made, edge_px)


class ThumbnailStore(Service):
    """Thumbnails of one image, or of many."""

    def __init__(self, *at: Any) -> None:
        """Wait for ``setPixelsId``."""
        super().__init__(*at)
        self._pixels: Record | None = None
        self._definition: Record | None = None

    def setPixelsId(self, id_: int) -> bool:
        found = self.store.find("Pixels", id_)
        self._pixels = require_visible(found, self.caller, f"Pixels:{id_}")
        self._definition = settings_record(self.store, self._pixels, self.caller)
        return self._definition is not None

    def setRenderingDefId(self, id_: int) -> None:
        self._definition = self.store.load("RenderingDef", id_)

    def getRenderingDefId(self) -> int:
        return -1 if self._definition is None else self._definition.id

    def isInProgress(self) -> bool:
        return False

    def thumbnailExists(self, _width: Any, _height: Any) -> bool:
        return self._definition is not None

    def createThumbnail(self, _width: Any, _height: Any) -> None:
        """Keep none: each is made when it is asked for."""
        self._settings(self._opened())

    def createThumbnails(self) -> None:
        self._settings(self._opened())

    def createThumbnailsByLongestSideSet(self, _edge: Any, ids: list[int]) -> None:
        for id_ in ids:
            self._settings(self.store.load("Pixels", id_))

    def resetDefaults(self) -> None:
        with self.sandbox.lock:
            pixels = self._opened()
            settings = default_settings(self.store, pixels)
            self._definition = save_settings(self.store, self.caller, pixels, settings)

    def _opened(self) -> Record:
        if self._pixels is None:
            raise ValueError("setPixelsId was not called")
        return self._pixels

    def _settings(self, pixels: Record) -> RenderingSettings:
        """Return the settings; they are made for whoever asks when there are none."""
        with self.sandbox.lock:
            chosen = self._definition if pixels is self._pixels else None
            record = chosen or settings_record(self.store, pixels, self.caller)
            if record is None:
                settings = default_settings(self.store, pixels)
                record = save_settings(self.store, self.caller, pixels, settings)
            return load_settings(self.store, record)

    @without_lock
    def getThumbnail(self, width: Any, height: Any) -> bytes:
        edge = max((v._val for v in (width, height) if v is not None), default=_USUAL_EDGE_PX)
        pixels = self._opened()
        return thumbnail(self.sandbox, pixels, self._settings(pixels), edge)

    getThumbnailDirect = getThumbnailWithoutDefault = getThumbnail

    @without_lock
    def getThumbnailByLongestSide(self, edge: Any) -> bytes:
        return self.getThumbnail(edge, edge)

    getThumbnailByLongestSideDirect = getThumbnailByLongestSide

    @without_lock
    def getThumbnailForSectionByLongestSideDirect(self, _z: int, _t: int, edge: Any) -> bytes:
        return self.getThumbnail(edge, edge)

    @without_lock
    def getThumbnailByLongestSideSet(self, edge: Any, ids: list[int]) -> dict[int, bytes]:
        size = _USUAL_EDGE_PX if edge is None else edge._val
        found = {id_: self.store.find("Pixels", id_) for id_ in ids}
        return {
            id_: thumbnail(self.sandbox, pixels, self._settings(pixels), size)
            for id_, pixels in found.items()
            if pixels is not None
        }

    @without_lock
    def getThumbnailSet(self, width: Any, height: Any, ids: list[int]) -> dict[int, bytes]:
        longer = max((v for v in (width, height) if v is not None), key=lambda v: v._val)
        return self.getThumbnailByLongestSideSet(longer, ids)
