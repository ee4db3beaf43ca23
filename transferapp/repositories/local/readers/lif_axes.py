"""What a LIF says of an image's axes and channels, in its ``ImageDescription``.

Which axis becomes which was seen with Bio-Formats 7.3.1: rows are the first of Y, Z, T behind
X; wavelengths, rotations and loops go into T; tiles are images of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from transferapp.repositories.local.readers.colour import WHITE, rgb_channels
from transferapp.repositories.local.readers.lengths import micrometres_per, pixel_size
from transferapp.repositories.local.readers.port import ChannelHint

_X, _Y, _Z, _T, _TILE = 1, 2, 3, 4, 10
#: ``ChannelTag`` of a colour's samples, red first; other channels have 0.
_LIGHTS = (1, 2, 3)
_COLOURS = {
    "red": "FF0000",
    "green": "00FF00",
    "blue": "0000FF",
    "cyan": "00FFFF",
    "magenta": "FF00FF",
    "yellow": "FFFF00",
}
_FLOAT = "1"
_LARGEST_BITS = 64


class LifAxis(NamedTuple):
    """One axis: how many elements, how many bytes from one to the next."""

    size: int = 1
    step: int = 0
    #: From one element to the next, in micrometres.
    pixel_um: float | None = None


class LifAxes(NamedTuple):
    """An image's axes; those of ``z`` and ``t`` run fastest first."""

    columns: LifAxis
    rows: LifAxis
    z: tuple[LifAxis, ...]
    t: tuple[LifAxis, ...]
    tiles: LifAxis

    @property
    def size_z(self) -> int:
        """How many planes are above each other."""
        return prod(axis.size for axis in self.z)

    @property
    def size_t(self) -> int:
        """How many follow each other, in time or in what else was varied."""
        return prod(axis.size for axis in self.t)

    @property
    def pixel_size_um(self) -> tuple[float | None, float | None, float | None]:
        """Micrometres (z, y, x)."""
        z = self.z[0].pixel_um if self.z else None
        return z, self.rows.pixel_um, self.columns.pixel_um

    def offset(self, t: int, z: int) -> int:
        """Return where a plane begins, in bytes from the image's first one."""
        return _within(self.t, t) + _within(self.z, z)

    def end(self, channels: Sequence[LifChannel]) -> int:
        """Return the byte behind the last pixel of all tiles."""
        every = (self.columns, self.rows, self.tiles, *self.z, *self.t)
        last = sum((axis.size - 1) * axis.step for axis in every)
        return last + max(channel.start + channel.dtype.itemsize for channel in channels)


class LifChannel(NamedTuple):
    """A channel: where its first pixel lies, and how its numbers are stored."""

    start: int
    dtype: np.dtype[Any]
    hint: ChannelHint


def axes_of(description: Element) -> LifAxes:
    """Read the axes; raises ValueError and KeyError for what makes no sense."""
    stated = [
        (int(one.attrib["DimID"]), _axis(one))
        for one in description.iter("DimensionDescription")
    ]
    by_kind = dict(stated)
    if len(by_kind) != len(stated) or any(axis.size < 1 or axis.step < 0 for _, axis in stated):
        raise ValueError("axes that make no sense")
    columns = by_kind[_X]
    row_kind = next((kind for kind, _ in stated if kind in (_Y, _Z, _T)), 0)
    rows = by_kind.get(row_kind, LifAxis())
    rest = [(kind, axis) for kind, axis in stated if kind not in (_X, row_kind, _TILE)]
    z = [axis for kind, axis in rest if kind in (_Y, _Z)]
    t = [axis for kind, axis in rest if kind == _T]
    more = [axis for kind, axis in rest if kind not in (_Y, _Z, _T)]
    # A stack of one plane is no stack: what else was varied takes its place.
    (z if [axis.size for axis in z] == [1] else t).extend(more)
    return LifAxes(
        columns, rows, _fastest_first(z), _fastest_first(t), by_kind.get(_TILE, LifAxis())
    )


def channels_of(description: Element) -> list[LifChannel]:
    """Read the channels, colours red first; raises ValueError and KeyError."""
    stated = list(description.iter("ChannelDescription"))
    if not stated:
        raise ValueError("an image without channels")
    tags = [int(one.get("ChannelTag", "0")) for one in stated]
    types = [_type(one) for one in stated]
    starts = [int(one.attrib["BytesInc"]) for one in stated]
    if min(starts) < 0:
        raise ValueError("a channel before its image")
    if sorted(tags) == list(_LIGHTS):
        lights = rgb_channels(types[0].newbyteorder("="))
        order = [tags.index(tag) for tag in _LIGHTS]
        return [LifChannel(starts[n], types[n], lights[tags[n] - 1]) for n in order]
    hints = map(_hint, stated)
    return [LifChannel(*each) for each in zip(starts, types, hints, strict=True)]


def _axis(stated: Element) -> LifAxis:
    count = int(stated.attrib["NumberOfElements"])
    unit = micrometres_per(stated.get("Unit", ""))
    length_um = None
    if unit is not None and count > 1:
        length_um = pixel_size(_number(stated.get("Length")) / (count - 1) * unit)
    return LifAxis(count, int(stated.attrib["BytesInc"]), length_um)


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0


def _fastest_first(axes: list[LifAxis]) -> tuple[LifAxis, ...]:
    return tuple(sorted(axes, key=lambda axis: axis.step))


def _within(axes: Sequence[LifAxis], number: int) -> int:
    offset = 0
    for axis in axes:
        number, at = divmod(number, axis.size)
        offset += at * axis.step
    return offset


def _type(stated: Element) -> np.dtype[Any]:
    bits = int(stated.attrib["Resolution"])
    width = next((n for n in (8, 16, 32, 64) if bits <= n), 0)
    kind = "f" if stated.get("DataType") == _FLOAT else "u"
    if bits < 1 or not width or (kind, width) in {("f", 8), ("u", _LARGEST_BITS)}:
        raise ValueError(f"numbers of {bits} bits")
    return np.dtype(f"<{kind}{width // 8}")


def _hint(stated: Element) -> ChannelHint:
    return ChannelHint(
        name=next(_dyes(stated), ""),
        color=_COLOURS.get(stated.get("LUTName", "").lower(), WHITE),
    )


def _dyes(stated: Element) -> Iterator[str]:
    for one in stated.iter("ChannelProperty"):
        if one.findtext("Key") == "DyeName" and (name := one.findtext("Value", "").strip()):
            yield name
