"""RenderingEngine: planes and regions as JPEG, by settings that people keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import omero

from transferapp.sandbox.omero_sandbox.dispatch import without_lock
from transferapp.sandbox.omero_sandbox.pictures import black, jpeg, picture, shown_numbers
from transferapp.sandbox.omero_sandbox.pixels import pixel_dtype
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.rendering_settings import (
    FAMILIES,
    MODELS,
    default_settings,
    load_settings,
    save_settings,
    settings_record,
)
from transferapp.sandbox.omero_sandbox.services.rawpixels import (
    DESCRIPTION,
    PixelsService,
    misused,
)

_OPAQUE = 255
_XY = 0
_PROJECTIONS = (np.max, np.mean, np.sum)


class RenderingEngine(PixelsService):
    """Pictures of one image."""

    _record: Record | None = None
    _quality = 0.85

    def lookupPixels(self, id_: int) -> None:
        self.choose(id_)
        self.settings, self._record = default_settings(self.store, self.pixels), None

    def lookupRenderingDef(self, _id: int) -> bool:
        self._record = settings_record(self.store, self.pixels, self.caller)
        if self._record is not None:
            self.settings = load_settings(self.store, self._record)
        return self._record is not None

    def loadRenderingDef(self, id_: int) -> None:
        self._record = self.store.load("RenderingDef", id_)
        self.settings = load_settings(self.store, self._record)

    def getRenderingDefId(self) -> int:
        return -1 if self._record is None else self._record.id

    def load(self) -> None:
        if self._record is None:
            raise misused("RenderingEngine not ready: set or look up a RenderingDef first")
        self.sandbox.faults.check_pyramid(self.pixels.id)

    def resetDefaultSettings(self, save: bool) -> int:
        self.settings = default_settings(self.store, self.pixels)
        if not save:
            return -1
        self._record = save_settings(self.store, self.caller, self.pixels, self.settings)
        return self._record.id

    def saveCurrentSettings(self) -> None:
        self._record = save_settings(self.store, self.caller, self.pixels, self.settings)

    # -- the image

    def getPixels(self) -> Any:
        return self.out(self.pixels, *DESCRIPTION)

    def getPixelsTypeLowerBound(self, _c: int) -> float:
        return self._bounds()[0]

    def getPixelsTypeUpperBound(self, _c: int) -> float:
        return self._bounds()[1]

    def _bounds(self) -> tuple[float, float]:
        """Return the type's range; of floats what was found in the image."""
        dtype = np.dtype(pixel_dtype(self.pixels))
        if dtype.kind in "iu":
            return float(np.iinfo(dtype).min), float(np.iinfo(dtype).max)
        channels = default_settings(self.store, self.pixels).channels
        return min(c.start for c in channels), max(c.end for c in channels)

    def isPixelsTypeSigned(self) -> bool:
        return not pixel_dtype(self.pixels).startswith("uint")

    # -- the settings

    def getDefaultZ(self) -> int:
        return self.settings.z

    def getDefaultT(self) -> int:
        return self.settings.t

    def setDefaultZ(self, z: int) -> None:
        self.settings.z = z

    def setDefaultT(self, t: int) -> None:
        self.settings.t = t

    def getAvailableModels(self) -> list[Any]:
        return [self.out(self.store.enumeration("RenderingModel", name)) for name in MODELS]

    def getModel(self) -> Any:
        return self.out(self.store.enumeration("RenderingModel", self.settings.model))

    def setModel(self, model: Any) -> None:
        known = self.store.load("RenderingModel", model._id._val)
        self.settings.model = str(known.text("value"))

    def getAvailableFamilies(self) -> list[Any]:
        return [self.out(self.store.enumeration("Family", name)) for name in FAMILIES]

    def isActive(self, c: int) -> bool:
        return self.settings.channels[c].active

    def setActive(self, c: int, value: bool) -> None:
        self.settings.channels[c].active = value

    def getRGBA(self, c: int) -> list[int]:
        return [*self.settings.channels[c].color, _OPAQUE]

    def setRGBA(self, c: int, red: int, green: int, blue: int, _alpha: int) -> None:
        self.settings.channels[c].color = red, green, blue

    def getChannelWindowStart(self, c: int) -> float:
        return self.settings.channels[c].start

    def getChannelWindowEnd(self, c: int) -> float:
        return self.settings.channels[c].end

    def setChannelWindow(self, c: int, start: float, end: float) -> None:
        self.settings.channels[c].start, self.settings.channels[c].end = start, end

    def getChannelFamily(self, c: int) -> Any:
        family = self.settings.channels[c].family
        return self.out(self.store.enumeration("Family", family))

    def getChannelCurveCoefficient(self, c: int) -> float:
        return self.settings.channels[c].coefficient

    def getChannelNoiseReduction(self, _c: int) -> bool:
        return False

    def setQuantizationMap(
        self, c: int, family: Any, coefficient: float, _noise_reduction: bool
    ) -> None:
        channel, known = self.settings.channels[c], self.store.load("Family", family._id._val)
        channel.family, channel.coefficient = str(known.text("value")), coefficient

    def getChannelLookupTable(self, c: int) -> str:
        return self.settings.channels[c].lookup_table

    def setChannelLookupTable(self, c: int, name: str) -> None:
        """Keep the name; the sandbox has no tables to show it by."""
        self.settings.channels[c].lookup_table = name or ""

    def getCodomainMapContext(self, c: int) -> list[Any]:
        inverted = self.settings.channels[c].inverted
        return [omero.model.ReverseIntensityContextI()] if inverted else []

    def addCodomainMapToChannel(self, _context: Any, c: int) -> None:
        self.settings.channels[c].inverted = True

    def removeCodomainMapFromChannel(self, _context: Any, c: int) -> None:
        self.settings.channels[c].inverted = False

    # -- pictures

    def getCompressionLevel(self) -> float:
        return self._quality

    def setCompressionLevel(self, quality: float) -> None:
        self._quality = quality

    @without_lock
    def renderCompressed(self, plane: Any) -> bytes:
        if plane.slice != _XY:
            raise misused("sandbox: only XY planes are rendered")
        return self._jpeg([self.region(plane.z, c, plane.t, self._box(plane)) for c in self._c])

    @property
    def _c(self) -> list[int]:
        return shown_numbers(self.settings)

    def _box(self, plane: Any) -> tuple[int, int, int, int]:
        """Return the region asked for, cut at the level's edges as OMERO cuts it."""
        size, wanted = self.shown, plane.region
        if wanted is None:
            return 0, 0, size.size_x, size.size_y
        width, height = size.size_x - wanted.x, size.size_y - wanted.y
        return wanted.x, wanted.y, min(wanted.width, width), min(wanted.height, height)

    @without_lock
    def renderProjectedCompressed(
        self, algorithm: Any, t: int, step: int, start: int, end: int
    ) -> bytes:
        """Return the maximum, mean or sum over z."""
        fold = _PROJECTIONS[algorithm.value]
        dtype = np.dtype(pixel_dtype(self.pixels))
        planes = []
        for c in self._c:
            stack = [self.plane(z, c, t) for z in range(start, end + 1, max(1, step))]
            planes.append(np.asarray(fold(np.stack(stack), axis=0)).astype(dtype))
        return self._jpeg(planes)

    def _jpeg(self, planes: list[npt.NDArray[np.generic]]) -> bytes:
        size = self.shown
        made = picture(planes, self.settings) if planes else black(size.size_y, size.size_x)
        return jpeg(made, self._quality * 100)
