"""RawPixelsStore and IPixels: planes and tiles, big-endian as OMERO sends them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import omero
from omero import rtypes

from transferapp.model.images import Level, TileRegion
from transferapp.sandbox.omero_sandbox.dispatch import Service, without_lock
from transferapp.sandbox.omero_sandbox.permissions import require_visible, visible_to
from transferapp.sandbox.omero_sandbox.pixels import MadePixels, pixel_dtype
from transferapp.sandbox.omero_sandbox.records import OWNER, Record
from transferapp.sandbox.omero_sandbox.rendering_settings import WHOLE, settings_record

_LARGEST_PLANE_PX = 3192 * 3192
_TILE_PX = 1024


def misused(text: str) -> Exception:
    """Return what OMERO raises for a call that does not fit."""
    error: Exception = omero.ApiUsageException(None, "omero.ApiUsageException", text)
    return error


class PixelsService(Service):
    """What services share that look at the pixels of one image."""

    pixels: Record
    level: int = 0

    def choose(self, pixels_id: int, *, writing: bool = False) -> None:
        """Open the pixels; raises SecurityViolation, ResourceError, LockTimeout."""
        found = self.store.find("Pixels", pixels_id)
        self.pixels = require_visible(found, self.caller, f"Pixels:{pixels_id}")
        self.source = self.sandbox.pixels.open(self.pixels, writing=writing)
        self.level = len(self.source.levels) - 1

    def length(self, axis: str) -> int:
        """Return the size of an axis in full resolution."""
        return int(self.pixels.text("size" + axis))

    @property
    def shown(self) -> Level:
        """The size of the chosen level: number 0 is the smallest in OMERO."""
        return self.source.levels[len(self.source.levels) - 1 - self.level]

    def plane(self, z: int, c: int, t: int) -> npt.NDArray[np.generic]:
        """Return a whole plane of the chosen level."""
        return self.region(z, c, t, (0, 0, self.shown.size_x, self.shown.size_y))

    def region(
        self, z: int, c: int, t: int, box: tuple[int, int, int, int]
    ) -> npt.NDArray[np.generic]:
        """Return the pixels of a box (x, y, width, height); raises ApiUsageException."""
        x, y, width, height = box
        sizes = (self.length("Z"), self.length("C"), self.length("T"))
        inside = all(0 <= at < size for at, size in zip((z, c, t), sizes, strict=True))
        fits = x + width <= self.shown.size_x and y + height <= self.shown.size_y
        if not inside or x < 0 or y < 0 or not fits:
            raise misused(f"Out of bounds: z={z} c={c} t={t} x={x} y={y} w={width} h={height}")
        number = len(self.source.levels) - 1 - self.level
        return self.source.read(TileRegion(number, t, c, z, y, x, height, width))

    def requiresPixelsPyramid(self) -> bool:
        return self.length("X") * self.length("Y") > _LARGEST_PLANE_PX

    def getResolutionLevels(self) -> int:
        return len(self.source.levels)

    def getResolutionLevel(self) -> int:
        return self.level

    def setResolutionLevel(self, level: int) -> None:
        if not 0 <= level < len(self.source.levels):
            raise misused(f"There is no resolution level {level}")
        self.level = level

    def getResolutionDescriptions(self) -> list[Any]:
        out = []
        for level in self.source.levels:
            made = omero.api.ResolutionDescription()
            made.sizeX, made.sizeY = level.size_x, level.size_y
            out.append(made)
        return out

    def getTileSize(self) -> list[int]:
        return [min(_TILE_PX, self.length("X")), min(_TILE_PX, self.length("Y"))]


def _big_endian(array: npt.NDArray[np.generic]) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder(">")).tobytes()


class RawPixelsStore(PixelsService):
    """The pixels of one image."""

    def setPixelsId(self, pixels_id: int, _bypass: bool = True) -> None:
        self.sandbox.faults.check_pyramid(pixels_id)
        # The Java server, too, opens them for writing, although most clients only read.
        self.choose(pixels_id, writing=True)

    def getPixelsId(self) -> int:
        return self.pixels.id

    @without_lock
    def getTile(self, z: int, c: int, t: int, x: int, y: int, w: int, h: int) -> bytes:
        return _big_endian(self.region(z, c, t, (x, y, w, h)))

    @without_lock
    def getPlane(self, z: int, c: int, t: int) -> bytes:
        return _big_endian(self.plane(z, c, t))

    @without_lock
    def getStack(self, c: int, t: int) -> bytes:
        return b"".join(_big_endian(self.plane(z, c, t)) for z in range(self.length("Z")))

    @without_lock
    def getHypercube(self, offset: list[int], size: list[int], step: list[int]) -> bytes:
        """Return a block; the order is X, Y, Z, C, T."""
        cut = [slice(o, o + n, s) for o, n, s in zip(offset, size, step, strict=True)]
        ts, cs, zs = (range(self.length(a))[cut[n]] for a, n in (("T", 4), ("C", 3), ("Z", 2)))
        planes = (self.plane(z, c, t) for t in ts for c in cs for z in zs)
        return b"".join(_big_endian(plane[cut[1], cut[0]]) for plane in planes)

    def setPlane(self, buffer: Any, z: int, c: int, t: int) -> None:
        self.setTile(buffer, z, c, t, 0, 0, self.length("X"), self.length("Y"))

    def setTile(
        self, buffer: Any, z: int, c: int, t: int, x: int, y: int, w: int, h: int
    ) -> None:
        if not isinstance(self.source, MadePixels):
            raise misused("The pixels of imported files cannot be written")
        self.source.write(TileRegion(0, t, c, z, y, x, h, w), bytes(buffer))

    def save(self) -> Any:
        return self.out(self.pixels)

    def getByteWidth(self) -> int:
        return np.dtype(pixel_dtype(self.pixels)).itemsize

    def getPlaneSize(self) -> int:
        return self.length("X") * self.length("Y") * self.getByteWidth()

    def getTotalSize(self) -> int:
        return self.getPlaneSize() * self.length("Z") * self.length("C") * self.length("T")

    def isFloat(self) -> bool:
        return pixel_dtype(self.pixels).startswith("float")

    def isSigned(self) -> bool:
        return not pixel_dtype(self.pixels).startswith("uint")


DESCRIPTION = (
    "pixelsType", "dimensionOrder", "channels.logicalChannel", "channels.statsInfo", "image",
)  # fmt: skip


class IPixels(Service):
    """Images without files, and descriptions of pixels."""

    def createImage(
        self,
        x: int,
        y: int,
        z: int,
        t: int,
        channels: list[int],
        kind: Any,
        name: str,
        text: str,
    ) -> Any:
        caller, store = self.caller, self.store
        image = store.new(
            "Image", caller, name=name, description=text, series=0, archived=False,
            acquisitionDate=rtypes.rtime(self.sandbox.clock.now_ms()),
        )  # fmt: skip
        pixels = store.new(
            "Pixels", caller, image=image, pixelsType=store.load("PixelsType", kind._id._val),
            dimensionOrder=store.enumeration("DimensionOrder", "XYZCT"), sha1="Pending...",
            sizeX=x, sizeY=y, sizeZ=z, sizeC=len(channels), sizeT=t,
        )  # fmt: skip
        for _channel in channels:
            logical = store.new("LogicalChannel", caller)
            store.new(
                "Channel", caller, pixels=pixels, logicalChannel=logical,
                red=255, green=255, blue=255, alpha=255,
            )  # fmt: skip
        return rtypes.rlong(image.id)

    def setChannelGlobalMinMax(self, pixels_id: int, c: int, low: float, high: float) -> None:
        channel = self.store.related(self.store.load("Pixels", pixels_id), "channels")[c]
        stats = self.store.new("StatsInfo", self.caller, globalMin=low, globalMax=high)
        self.store.set(channel, "statsInfo", stats)

    def _settings(self, id_: int) -> list[Record]:
        pixels = require_visible(self.store.find("Pixels", id_), self.caller, f"Pixels:{id_}")
        return [r for r in self.store.related(pixels, "settings") if visible_to(self.caller)(r)]

    def retrieveAllRndSettings(self, pixels_id: int, user: int) -> list[Any]:
        """Return the settings of one person; -1 is anybody."""
        held = self._settings(pixels_id)
        mine = [r for r in held if user < 0 or r.values[OWNER].id == user]
        return [self.out(record, *WHOLE) for record in mine]

    def retrieveRndSettingsFor(self, pixels_id: int, user: int) -> Any:
        return next(iter(self.retrieveAllRndSettings(pixels_id, user)), None)

    def retrieveRndSettings(self, pixels_id: int) -> Any:
        pixels = self.store.load("Pixels", pixels_id)
        return self.out(settings_record(self.store, pixels, self.caller), *WHOLE)

    def loadRndSettings(self, id_: int) -> Any:
        return self.out(self.store.load("RenderingDef", id_), *WHOLE)

    def retrievePixDescription(self, pixels_id: int) -> Any:
        return self.out(self.store.load("Pixels", pixels_id), *DESCRIPTION)
