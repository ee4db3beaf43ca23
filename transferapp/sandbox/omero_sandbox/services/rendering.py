"""RenderingEngine and ThumbnailStore: small pictures of images, with default settings."""

from __future__ import annotations

from typing import Any

from transferapp.model.images import Channel, TileRegion
from transferapp.repositories.local.pixels.rendering import (
    level_for,
    middle_plane,
    render_thumbnail,
    shown_channels,
)
from transferapp.sandbox.omero_sandbox.dispatch import Service, without_lock
from transferapp.sandbox.omero_sandbox.permissions import require_visible
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.services.rawpixels import DESCRIPTION, PixelsService

_USUAL_EDGE_PX = 96
_OPAQUE = 255


def channels_of(sandbox: Sandbox, pixels: Record) -> list[Channel]:
    """Return the channels with the colours and windows found at import."""
    made = []
    for number, channel in enumerate(sandbox.store.related(pixels, "channels")):
        parts = (int(channel.text(name) or 0) for name in ("red", "green", "blue"))
        color = "".join(f"{part:02X}" for part in parts)
        stats: Record | None = channel.values.get("statsInfo")
        low = 0.0 if stats is None else float(stats.text("globalMin"))
        high = 255.0 if stats is None else float(stats.text("globalMax"))
        made.append(Channel(f"Channel {number + 1}", color, low, high))
    return made


def thumbnail(sandbox: Sandbox, pixels: Record, edge_px: int) -> bytes:
    """Return a JPEG with this longer edge."""
    source = sandbox.pixels.open(pixels)
    with sandbox.lock:
        channels = shown_channels(channels_of(sandbox, pixels))
    number = level_for(source.levels, edge_px)
    depth = int(pixels.text("sizeZ"))
    planes = [
        source.read(middle_plane(number, source.levels[number], c, depth))
        for c in range(len(channels))
    ]
    return render_thumbnail(planes, channels, edge_px)


class ThumbnailStore(Service):
    """Thumbnails of one image, or of many."""

    def __init__(self, *at: Any) -> None:
        """Wait for ``setPixelsId``."""
        super().__init__(*at)
        self._pixels: Record | None = None

    def setPixelsId(self, id_: int) -> bool:
        self._pixels = require_visible(
            self.store.find("Pixels", id_), self.caller, f"Pixels:{id_}"
        )
        return True

    def setRenderingDefId(self, id_: int) -> None:
        """Keep the default settings."""

    def isInProgress(self) -> bool:
        return False

    def resetDefaults(self) -> None:
        """Keep the default settings."""

    @without_lock
    def getThumbnail(self, width: Any, height: Any) -> bytes:
        edge = max((v._val for v in (width, height) if v is not None), default=_USUAL_EDGE_PX)
        return b"" if self._pixels is None else thumbnail(self.sandbox, self._pixels, edge)

    getThumbnailDirect = getThumbnailWithoutDefault = getThumbnail

    @without_lock
    def getThumbnailByLongestSide(self, edge: Any) -> bytes:
        return self.getThumbnail(edge, edge)

    getThumbnailByLongestSideDirect = getThumbnailByLongestSide

    @without_lock
    def getThumbnailByLongestSideSet(self, edge: Any, ids: list[int]) -> dict[int, bytes]:
        size = _USUAL_EDGE_PX if edge is None else edge._val
        found = {id_: self.store.find("Pixels", id_) for id_ in ids}
        return {i: thumbnail(self.sandbox, p, size) for i, p in found.items() if p is not None}

    def getThumbnailSet(self, _width: Any, _height: Any, ids: list[int]) -> dict[int, bytes]:
        return self.getThumbnailByLongestSideSet(None, ids)


class RenderingEngine(PixelsService):
    """Enough for clients to show images: channels on or off, windows, planes as JPEG."""

    def lookupPixels(self, id_: int) -> None:
        self.choose(id_)
        self._channels = channels_of(self.sandbox, self.pixels)
        self._active = [True] * len(self._channels)

    def lookupRenderingDef(self, _id: int) -> bool:
        return True

    def getRenderingDefId(self) -> int:
        return self.pixels.id

    def load(self) -> None:
        """Do nothing more."""

    def loadRenderingDef(self, id_: int) -> None:
        """Keep the default settings."""

    def resetDefaultSettings(self, _save: bool) -> int:
        return self.pixels.id

    def isActive(self, c: int) -> bool:
        return self._active[c]

    def setActive(self, c: int, value: bool) -> None:
        self._active[c] = value

    def getRGBA(self, c: int) -> list[int]:
        return [*bytes.fromhex(self._channels[c].color), _OPAQUE]

    def getCodomainMapContext(self, _c: int) -> list[Any]:
        return []

    def getChannelLookupTable(self, _c: int) -> str:
        return ""

    def getChannelWindowStart(self, c: int) -> float:
        return self._channels[c].window_start

    def getChannelWindowEnd(self, c: int) -> float:
        return self._channels[c].window_end

    def setChannelWindow(self, c: int, start: float, end: float) -> None:
        old = self._channels[c]
        self._channels[c] = Channel(old.name, old.color, start, end)

    def getDefaultZ(self) -> int:
        return self.length("Z") // 2

    def getDefaultT(self) -> int:
        return 0

    def setDefaultZ(self, z: int) -> None:
        """Keep the middle."""

    def setDefaultT(self, t: int) -> None:
        """Keep the first."""

    def getPixels(self) -> Any:
        return self.out(self.pixels, *DESCRIPTION)

    def getAvailableModels(self) -> list[Any]:
        sentence = ("greyscale", "rgb")
        return [self.out(self.store.enumeration("RenderingModel", term)) for term in sentence]

    def getModel(self) -> Any:
        return self.getAvailableModels()[1]

    def setModel(self, model: Any) -> None:
        """Keep colours."""

    def requiresPixelsPyramid(self) -> bool:
        return len(self.source.levels) > 1

    def getResolutionLevels(self) -> int:
        return len(self.source.levels)

    def setCompressionLevel(self, quality: float) -> None:
        """Keep the usual quality."""

    def renderCompressed(self, plane: Any) -> bytes:
        size = self.shown
        shown = [number for number, active in enumerate(self._active) if active]
        level = len(self.source.levels) - 1 - self.level
        box = (0, 0, size.size_y, size.size_x)
        planes = [self.source.read(TileRegion(level, plane.t, c, plane.z, *box)) for c in shown]
        edge = max(size.size_x, size.size_y)
        return render_thumbnail(planes, [self._channels[c] for c in shown], edge)
