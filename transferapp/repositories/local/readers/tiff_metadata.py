"""Pixel sizes and channels that ImageJ, LSM, SVS, MetaMorph and plain TIFF keep, each its way.

Nothing here refuses pixels: what cannot be read is unknown.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
from tifffile import TiffFile, TiffFileError, TiffPage

from transferapp.repositories.local.readers.colour import WHITE, ramp_color
from transferapp.repositories.local.readers.lengths import micrometres_per, pixel_size
from transferapp.repositories.local.readers.port import ChannelHint
from transferapp.repositories.local.readers.tiff_series import Series

PixelSize = tuple[float | None, float | None, float | None]

#: What metadata that is not as it should be leads to.
UNREADABLE = (
    TiffFileError,
    ParseError,
    struct.error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)
_UNKNOWN: PixelSize = (None, None, None)
#: Micrometres of TIFF's units (tag 296); 1 says that there is none.
_RESOLUTION_UNITS = {2: 25_400.0, 3: 10_000.0}
#: Larger pixels are a printer's, a scanner's (5 µm: 5,080 dots per inch) or the camera's own.
_COARSEST_UM = 5.0


def pixel_size_um(tif: TiffFile, series: Series) -> PixelSize:
    """Return micrometres (z, y, x) of an image; None where the file does not say."""
    with suppress(*UNREADABLE):
        z, y, x = _stated_size(tif, series)
        return pixel_size(z), pixel_size(y), pixel_size(x)
    return _UNKNOWN


def channels(tif: TiffFile, count: int) -> tuple[ChannelHint, ...]:
    """Return names and colours of ``count`` channels; empty where the file has none."""
    with suppress(*UNREADABLE):
        hints = _stated_channels(tif)
        return hints if len(hints) == count else ()
    return ()


def _stated_size(tif: TiffFile, series: Series) -> PixelSize:
    if tif.is_svs:
        return _svs_size(series)
    if tif.lsm_metadata:
        return _lsm_size(tif.lsm_metadata)
    if tif.stk_metadata:
        return _stk_size(tif.stk_metadata)
    if tif.metaseries_metadata:
        return _metaseries_size(tif.metaseries_metadata["PlaneInfo"])
    imagej = tif.imagej_metadata or {}
    # ImageJ writes no unit for an image that was never calibrated.
    return (
        _imagej_size(series.keyframe, imagej)
        if "unit" in imagej
        else _plain_size(series.keyframe)
    )


def _lsm_size(metadata: Mapping[str, Any]) -> PixelSize:
    z, y, x = (metadata.get(f"VoxelSize{axis}") or 0.0 for axis in "ZYX")
    return z * 1e6, y * 1e6, x * 1e6


def _svs_size(series: Series) -> PixelSize:
    """Return the slide's size; the pictures of its label and of the whole glass have none."""
    stated = re.search(r"\bMPP = ([0-9.]+)", series.keyframe.description)
    if stated is None or series.name != "Baseline":
        return _UNKNOWN
    return None, float(stated[1]), float(stated[1])


def _stk_size(metadata: Mapping[str, Any]) -> PixelSize:
    """Return what MetaMorph's UIC tags say; planes at even distances have a z."""
    if not metadata.get("SpatialCalibration"):
        return _UNKNOWN
    unit = micrometres_per(metadata["CalibrationUnits"])
    if unit is None:
        return _UNKNOWN
    steps = np.unique(np.abs(np.asarray(metadata.get("ZDistance", ()), np.float64))[1:])
    z = float(steps[0]) * unit if len(steps) == 1 else None
    return z, metadata["YCalibration"] * unit, metadata["XCalibration"] * unit


def _metaseries_size(plane: Mapping[str, Any]) -> PixelSize:
    unit = micrometres_per(plane["spatial-calibration-units"])
    if unit is None or not plane.get("spatial-calibration-state", True):
        return _UNKNOWN
    return None, plane["spatial-calibration-y"] * unit, plane["spatial-calibration-x"] * unit


def _imagej_size(page: TiffPage, metadata: Mapping[str, Any]) -> PixelSize:
    """Return the size of each axis in its own unit; y and z have x's unless they say another.

    Source: ImageJ 1.54, ``FileSaver.getDescriptionString`` and ``FileOpener``.
    """
    x_unit = str(metadata["unit"])
    found: dict[str, float | None] = {"z": metadata.get("spacing")}
    for axis, tag in (("y", "YResolution"), ("x", "XResolution")):
        per_unit = _resolution(page, tag)
        found[axis] = 1 / per_unit if per_unit else None
    for axis, length in found.items():
        unit = micrometres_per(str(metadata.get(f"{axis}unit", x_unit)))
        found[axis] = None if length is None or unit is None else float(length) * unit
    return found["z"], found["y"], found["x"]


def _plain_size(page: TiffPage) -> PixelSize:
    """Return the size that the resolution tags give, up to 5 µm.

    Nearly every program writes a resolution; most mean paper (72, 96, 300 dots per inch) or
    nothing (1 per centimetre), and some the pixels of the camera without the objective
    (Harmony: 6.45 µm for 0.6). All these are larger than 5 µm, and few pixels of microscopes
    are. Unknown is better than wrong.
    """
    unit = _RESOLUTION_UNITS.get(int(page.tags.valueof("ResolutionUnit", default=1)))
    dots = [_resolution(page, tag) for tag in ("YResolution", "XResolution")]
    if unit is None or not all(dots):
        return _UNKNOWN
    y, x = (unit / each for each in dots if each)
    return _UNKNOWN if max(y, x) > _COARSEST_UM else (None, y, x)


def _resolution(page: TiffPage, tag: str) -> float | None:
    """Return pixels per unit."""
    above, below = page.tags.valueof(tag, default=(0, 1))
    return above / below if above and below else None


def _stated_channels(tif: TiffFile) -> tuple[ChannelHint, ...]:
    if tif.lsm_metadata:
        known = tif.lsm_metadata.get("ChannelColors") or {}
        return tuple(
            ChannelHint(str(name), "".join(f"{part:02X}" for part in color[:3]))
            for name, color in zip(known["ColorNames"], known["Colors"], strict=False)
        )
    if tif.stk_metadata:
        return _named(tif.stk_metadata.get("Name"))
    if tif.metaseries_metadata:
        plane = tif.metaseries_metadata["PlaneInfo"]
        return _named(plane.get("_IllumSetting_") or plane.get("image-name"))
    if tif.imagej_metadata:
        tables = tif.imagej_metadata.get("LUTs", ())
        colors = [ramp_color(np.asarray(table)) for table in tables]
        # One after the other in grey is no colour for a picture of all.
        grey = len(colors) > 1 and set(colors) <= {WHITE, None}
        return () if grey else tuple(ChannelHint(color=color) for color in colors)
    return ()


def _named(name: object) -> tuple[ChannelHint, ...]:
    """Return the one channel of a file that names its illumination."""
    text = str(name or "").strip("\0 ")
    return (ChannelHint(text),) if text else ()
