"""Pixel sizes and channel names that ImageJ, LSM and SVS files keep in their own ways."""

from __future__ import annotations

import re
from typing import Any

from tifffile import TiffFile

from transferapp.repositories.local.readers.port import ChannelHint

PixelSize = tuple[float | None, float | None, float | None]

_MICROMETRE = frozenset({"um", "µm", "μm", "micron", "microns", "\\u00b5m"})
_UNKNOWN: PixelSize = (None, None, None)


def pixel_size_um(tif: TiffFile) -> PixelSize:
    """Return micrometres (z, y, x). Plain resolution tags are printers' and not trusted."""
    if tif.lsm_metadata:
        return _lsm_size(tif.lsm_metadata)
    if tif.imagej_metadata:
        return _imagej_size(tif, tif.imagej_metadata)
    if tif.is_svs:
        found = re.search(r"MPP = ([0-9.]+)", tif.pages.first.description)
        return (None, float(found[1]), float(found[1])) if found else _UNKNOWN
    return _UNKNOWN


def channels(tif: TiffFile) -> tuple[ChannelHint, ...]:
    """Return names and colours of the channels of an LSM file."""
    known = (tif.lsm_metadata or {}).get("ChannelColors") or {}
    names, colors = known.get("ColorNames") or [], known.get("Colors") or []
    return tuple(
        ChannelHint(str(name), "".join(f"{part:02X}" for part in color[:3]))
        for name, color in zip(names, colors, strict=False)
    )


def _lsm_size(metadata: dict[str, Any]) -> PixelSize:
    z, y, x = (metadata.get(f"VoxelSize{axis}") for axis in "ZYX")
    return tuple(metres * 1e6 if metres else None for metres in (z, y, x))  # type: ignore[return-value]


def _imagej_size(tif: TiffFile, metadata: dict[str, Any]) -> PixelSize:
    if str(metadata.get("unit", "")).lower() not in _MICROMETRE:
        return _UNKNOWN
    per_x, per_y = tif.pages.first.resolution
    spacing = metadata.get("spacing")
    return (
        float(spacing) if spacing else None,
        1 / per_y if per_y else None,
        1 / per_x if per_x else None,
    )
