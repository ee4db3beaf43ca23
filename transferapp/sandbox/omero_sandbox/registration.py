"""Make images, plates and their metadata of the files of a fileset, and tie pixels to them.

As OMERO does: the metadata is there, for everybody to see, before the pixels can be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import omero
from omero.rtypes import rtime

from transferapp.model.images import Channel, Level, TileRegion
from transferapp.repositories.local.pixels.levels import plan_levels
from transferapp.repositories.local.pixels.rendering import measure_channels
from transferapp.repositories.local.readers.port import (
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)
from transferapp.sandbox.omero_sandbox.fake_images import PIXEL_TYPES
from transferapp.sandbox.omero_sandbox.naming import ImportNames
from transferapp.sandbox.omero_sandbox.pixels import open_images
from transferapp.sandbox.omero_sandbox.records import PIXEL_SOURCE, Record, SandboxCaller, plain
from transferapp.sandbox.omero_sandbox.request_failures import opening, reading
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox

_OMERO_TYPES = {dtype: name for name, dtype in PIXEL_TYPES.items()}
_LINKS = {"Dataset": "DatasetImageLink", "Screen": "ScreenPlateLink"}


@dataclass
class Registration:
    """One fileset that becomes images."""

    sandbox: Sandbox
    caller: SandboxCaller
    fileset: Record
    #: Paths in the repository: the file to open, and the fileset's folder.
    first: str
    root: str
    settings: Any
    #: (pixels, image) in the file's order
    made: list[tuple[Record, Record]] = field(default_factory=list)
    _names: ImportNames = field(init=False)
    _wells: dict[tuple[int, int, int], Record] = field(default_factory=dict)

    def metadata(self) -> None:
        """Make the records of the headers alone; raises what the readers raise."""
        with self._opened() as opened, self.sandbox.lock:
            headers = [image.header for image in opened.images]
            target = self._target()
            stated = plain(self.settings.userSpecifiedName) or ""
            file = self.first.rpartition("/")[2]
            self._names = ImportNames(stated, file, len(headers))
            plates = [self._plate(name, target) for name in opened.plates]
            for series, header in enumerate(headers):
                self._image(series, header, None if plates else target)
            for number, plate in enumerate(plates):
                self._fill(number, plate, headers)

    def pixel_data(self) -> None:
        """Look through all pixels, then tie them to the file: until then nobody reads them.

        Raises what the readers raise; the images stay.
        """
        with self._opened() as opened, reading(self.first):
            measured = [self._measured(image) for image in opened.images]
        with self.sandbox.lock:
            for series, (pixels, _image) in enumerate(self.made):
                self._add_statistics(pixels, measured[series])
                source = [self.first, self.root, series, self.fileset.id]
                self.sandbox.store.set(pixels, PIXEL_SOURCE, source)

    @contextmanager
    def _opened(self) -> Iterator[OpenFileset]:
        files = self.sandbox.files
        with opening():
            opened = open_images(files.inside(self.first), files.inside(self.root))
        try:
            yield opened
        finally:
            opened.close()

    def _measured(self, image: ReadImage) -> tuple[Channel, ...]:
        if plain(self.settings.noStatsInfo):
            return ()
        image.check()
        _kind, levels = plan_levels(image.header)
        # Levels that are only planned do not exist yet: measure on those of the file.
        return measure_channels(image.header, image.header.levels or levels, image.read)

    def _add_statistics(self, pixels: Record, channels: tuple[Channel, ...]) -> None:
        store = self.sandbox.store
        held = store.related(pixels, "channels")
        for record, channel in zip(held, channels, strict=False):
            stats = store.new(
                "StatsInfo", self.caller,
                globalMin=float(channel.window_start), globalMax=float(channel.window_end),
            )  # fmt: skip
            store.set(record, "statsInfo", stats)

    def _target(self) -> Record | None:
        target = self.settings.userSpecifiedTarget
        if target is None:
            return None
        return self.sandbox.store.load(type(target).__name__.removesuffix("I"), target._id._val)

    def _plate(self, name: str, target: Record | None) -> Record:
        store, caller = self.sandbox.store, self.caller
        plate = store.new("Plate", caller, name=self._names.plate(name))
        if target is not None and target.cls == "Screen":
            store.new(_LINKS["Screen"], caller, parent=target, child=plate)
        return plate

    def _image(self, series: int, header: ImageHeader, target: Record | None) -> None:
        store, caller, settings = self.sandbox.store, self.caller, self.settings
        acquired = None if header.acquired_at is None else header.acquired_at.timestamp() * 1000
        image = store.new(
            "Image", caller, name=self._names.image(series, header.name),
            series=series, archived=False,
            description=plain(settings.userSpecifiedDescription) or header.description,
            fileset=self.fileset,
            acquisitionDate=rtime(acquired or self.sandbox.clock.now_ms()),
            format=store.enumeration("Format", self.first.rpartition(".")[2].upper()),
        )  # fmt: skip
        pixels = self._pixels(image, header)
        for channel in _named_channels(header):
            self._channel(pixels, channel)
        if target is not None and target.cls == "Dataset":
            store.new(_LINKS["Dataset"], caller, parent=target, child=image)
        self.made.append((pixels, image))

    def _pixels(self, image: Record, header: ImageHeader) -> Record:
        store, full = self.sandbox.store, header.levels[0]
        pixels = store.new(
            "Pixels", self.caller, image=image, sha1="Pending...",
            pixelsType=store.enumeration("PixelsType", _OMERO_TYPES[header.dtype]),
            dimensionOrder=store.enumeration("DimensionOrder", "XYZCT"),
            significantBits=np.dtype(header.dtype).itemsize * 8,
            sizeT=header.size_t, sizeC=header.size_c, sizeZ=header.size_z,
            sizeY=full.size_y, sizeX=full.size_x,
        )  # fmt: skip
        unit = omero.model.enums.UnitsLength.MICROMETER
        for axis, size in zip("ZYX", header.pixel_size_um, strict=True):
            if size is not None:
                store.set(pixels, f"physicalSize{axis}", omero.model.LengthI(size, unit))
        if header.time_step_s is not None:
            step = omero.model.TimeI(header.time_step_s, omero.model.enums.UnitsTime.SECOND)
            store.set(pixels, "timeIncrement", step)
        return pixels

    def _channel(self, pixels: Record, channel: Channel) -> None:
        store, caller = self.sandbox.store, self.caller
        red, green, blue = bytes.fromhex(channel.color)[:3]
        logical = store.new("LogicalChannel", caller, name=channel.name)
        unit = omero.model.enums.UnitsLength.NANOMETER
        waves = {"excitationWave": channel.excitation_nm, "emissionWave": channel.emission_nm}
        for name, wave in waves.items():
            if wave is not None:
                store.set(logical, name, omero.model.LengthI(wave, unit))
        store.new(
            "Channel", caller, pixels=pixels, logicalChannel=logical,
            red=red, green=green, blue=blue, alpha=255,
        )  # fmt: skip

    def _fill(self, number: int, plate: Record, headers: list[ImageHeader]) -> None:
        """Put the images into wells, in the order of their fields, as clients list them."""
        store, placed = self.sandbox.store, []
        for series, header in enumerate(headers):
            at = header.well or WellPosition(0, 0, series)
            if at.plate == number:
                placed.append((at.row, at.column, at.field, series))
        store.set(plate, "rows", 1 + max((row for row, _, _, _ in placed), default=0))
        store.set(plate, "columns", 1 + max((column for _, column, _, _ in placed), default=0))
        store.set(plate, "rowNamingConvention", "letter")
        store.set(plate, "columnNamingConvention", "number")
        for row, column, _field, series in sorted(placed):
            well = self._well(number, plate, row, column)
            store.new("WellSample", self.caller, well=well, image=self.made[series][1])

    def _well(self, number: int, plate: Record, row: int, column: int) -> Record:
        at = number, row, column
        if at not in self._wells:
            self._wells[at] = self.sandbox.store.new(
                "Well", self.caller, plate=plate, row=row, column=column
            )
        return self._wells[at]


def _named_channels(header: ImageHeader) -> tuple[Channel, ...]:
    """Return names and colours, which are metadata: no pixel is read for them."""

    def unread(region: TileRegion) -> npt.NDArray[np.generic]:
        return np.zeros((region.height, region.width), header.dtype)

    return measure_channels(header, (Level(1, 1),), unread)
