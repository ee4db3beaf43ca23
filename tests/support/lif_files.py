"""Leica LIF of any axes, made in code: images, tiles, folders, colours, time stamps."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import numpy.typing as npt

#: The number of each axis in a DimensionDescription.
AXES = {"X": 1, "Y": 2, "Z": 3, "T": 4, "L": 5, "E": 9, "M": 10}
_LENGTHS_M = {"X": 2.5e-7, "Y": 2.5e-7, "Z": 1e-6}
_COLOURS = ("Blue", "Green", "Red")


@dataclass(frozen=True)
class LifPicture:
    """An image whose ``pixels`` have the axes of ``axes``, the slowest first.

    C is a channel, S a sample of a colour (blue first, as LAS writes them).
    """

    name: str
    pixels: npt.NDArray[Any]
    axes: str = "CZYX"
    luts: tuple[str, ...] = ("Green", "Red", "Gray", "Cyan")
    dyes: tuple[str, ...] = ()
    #: FILETIMEs: 100 ns since 1601.
    stamps: tuple[int, ...] = ()
    #: Its images, where it is a folder instead.
    inside: tuple[LifPicture, ...] = ()
    bits: int = 0
    unit: str = "m"
    #: Bytes that are missing at its end.
    cut: int = 0


def folder(name: str, *inside: LifPicture) -> LifPicture:
    return LifPicture(name, np.zeros(0, "u1"), inside=inside)


def write_lif_of(path: Path, *pictures: LifPicture, version: int = 2) -> list[Path]:
    """Write a LIF of these images, one after the other."""
    blocks: list[bytes] = []
    inside = "".join(_element(one, blocks, version) for one in pictures)
    xml = (
        f'<LMSDataContainerHeader Version="{version}"><Element Name="experiment"><Data>'
        '<Experiment Path="x"/></Data><Memory Size="0" MemoryBlockID="MemBlock_none"/>'
        f"<Children>{inside}</Children></Element></LMSDataContainerHeader>"
    )
    text = xml.encode("utf-16-le")
    head = struct.pack("<IIBI", 0x70, len(text) + 5, 0x2A, len(xml)) + text
    path.write_bytes(head + b"".join(blocks))
    return [path]


def _element(one: LifPicture, blocks: list[bytes], version: int) -> str:
    name = quoteattr(one.name)
    if one.inside:
        children = "".join(_element(each, blocks, version) for each in one.inside)
        return (
            f"<Element Name={name}><Data><Collection/></Data>"
            f'<Memory Size="0" MemoryBlockID="MemBlock_{one.name}"/>'
            f"<Children>{children}</Children></Element>"
        )
    pixels = np.ascontiguousarray(one.pixels, one.pixels.dtype.newbyteorder("<"))
    block = f"MemBlock_{len(blocks)}"
    content = pixels.tobytes()
    blocks.append(_block(block, content, version)[: -one.cut or None])
    steps = dict(zip(one.axes, pixels.strides, strict=True))
    counts = dict(zip(one.axes, pixels.shape, strict=True))
    channels = _channels(one, counts, steps)
    dimensions = "".join(
        f'<DimensionDescription DimID="{AXES[axis]}" NumberOfElements="{counts[axis]}"'
        f' Origin="0" Length="{(counts[axis] - 1) * _LENGTHS_M.get(axis, 1)}"'
        f' Unit="{one.unit if axis in _LENGTHS_M else "s"}" BitInc="0"'
        f' BytesInc="{steps[axis]}"/>'
        for axis in reversed(one.axes)
        if axis in AXES
    )
    stamps = ""
    if one.stamps:
        numbers = " ".join(f"{stamp:x}" for stamp in one.stamps)
        stamps = (
            f'<TimeStampList NumberOfTimeStamps="{len(one.stamps)}">{numbers}</TimeStampList>'
        )
    return (
        f"<Element Name={name}><Data><Image><ImageDescription><Channels>{channels}</Channels>"
        f"<Dimensions>{dimensions}</Dimensions></ImageDescription>{stamps}</Image></Data>"
        f'<Memory Size="{pixels.nbytes}" MemoryBlockID="{block}"/></Element>'
    )


def _channels(one: LifPicture, counts: dict[str, int], steps: dict[str, int]) -> str:
    dtype = one.pixels.dtype
    found = []
    for number in range(counts.get("C", 1)):
        for sample in range(counts.get("S", 1)):
            place = number * steps.get("C", 0) + sample * steps.get("S", 0)
            colours = "S" in counts
            lut = _COLOURS[sample] if colours else one.luts[number % len(one.luts)]
            dye = (
                f"<ChannelProperty><Key>DyeName</Key><Value>{one.dyes[number]}</Value>"
                "</ChannelProperty>"
                if one.dyes
                else ""
            )
            found.append(
                f'<ChannelDescription DataType="{int(dtype.kind == "f")}"'
                f' ChannelTag="{3 - sample if colours else 0}"'
                f' Resolution="{one.bits or 8 * dtype.itemsize}" NameOfMeasuredQuantity=""'
                f' Min="0" Max="255" Unit="" LUTName="{lut}" IsLUTInverted="0"'
                f' BytesInc="{place}" BitInc="0">{dye}</ChannelDescription>'
            )
    return "".join(found)


def _block(name: str, content: bytes, version: int) -> bytes:
    text = name.encode("utf-16-le")
    # In version 2 the size of the memory has 8 bytes, before then 4.
    size = struct.pack("<BQB" if version == 2 else "<BIB", 0x2A, len(content), 0x2A)
    size += struct.pack("<I", len(name))
    return struct.pack("<II", 0x70, len(size) + len(text)) + size + text + content
