"""Files of microscope programs: CZI, ND2, LSM, MetaMorph STK, Aperio SVS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle.made.numbers import numbers
from tests.support.czi_files import Tile, plane, write_czi
from tests.support.microscope_tiffs import write_lsm, write_stk, write_svs
from tests.support.nd2_files import Nd2, Plane, positions, times, z_stack

_GFP, _RED = Plane("GFP", "00FF00"), Plane("mCherry", "FE0100")
_CZI_XML = """
<Information><Image><AcquisitionDateAndTime>2026-01-21T10:11:12Z</AcquisitionDateAndTime>
<Dimensions><Channels>
  <Channel Id="Channel:0" Name="DAPI"><Color>#FF0000FF</Color></Channel>
  <Channel Id="Channel:1" Name="EGFP"><Color>#FF00FF00</Color></Channel>
</Channels></Dimensions></Image></Information>
<Scaling><Items>
  <Distance Id="X"><Value>2.5E-07</Value></Distance>
  <Distance Id="Y"><Value>2.5E-07</Value></Distance>
  <Distance Id="Z"><Value>1E-06</Value></Distance>
</Items></Scaling>
<DisplaySetting><Channels>
  <Channel Id="Channel:0" Name="DAPI"><Color>#FF0000FF</Color></Channel>
  <Channel Id="Channel:1" Name="EGFP"><Color>#FF00FF5B</Color></Channel>
</Channels></DisplaySetting>
"""


def _colours(dtype: str, *blue_green_red: int) -> Any:
    pixels = np.empty((32, 48, 3), dtype)
    pixels[:] = blue_green_red
    return pixels


def make_czi(folder: Path) -> None:
    """Write planes, mosaics, scenes and pixel types as ZEN may."""
    stack = [
        Tile(numbers((32, 48)) + np.uint16(10 * c + z), {"C": c, "Z": z, "T": t})
        for t in range(2)
        for z in range(3)
        for c in range(2)
    ]
    tiles: dict[str, list[Tile]] = {
        "mosaic": [Tile(plane(m + 1), {"C": 0, "M": m}, y=10 * m, x=40 * m) for m in range(3)],
        "mosaic_out_of_order": [
            Tile(plane(m + 1), {"C": 0, "M": m}, y=10 * m, x=40 * m) for m in (2, 0, 1)
        ],
        "scenes": [Tile(plane(10 * s + 1), {"S": s}, x=100 * s) for s in range(2)],
        "scenes_of_two_sizes": [
            Tile(plane(10 * s + 1, 32 + 8 * s), {"S": s}, x=100 * s) for s in range(2)
        ],
        "times_from_five": [Tile(plane(100 + t), {"T": t, "C": 0}) for t in (5, 6, 7)],
        "gap": [
            Tile(plane(10 * t + c + 1), {"T": t, "C": c})
            for t in range(3)
            for c in range(2)
            if (t, c) != (2, 1)
        ],
        "bits_8_and_16": [
            Tile(plane(100, dtype="uint8"), {"C": 0}),
            Tile(plane(5000), {"C": 1}),
        ],
        "float": [Tile(plane(0.5, dtype="float32"), {"C": 0})],
        "colours": [Tile(_colours("uint8", 5, 30, 250), {"C": 0})],
        "colours_16": [Tile(_colours("uint16", 500, 3000, 25_000), {"C": 0})],
        "colours_and_grey": [
            Tile(_colours("uint8", 5, 30, 250), {"C": 0}),
            Tile(plane(9, dtype="uint8"), {"C": 1}),
        ],
        "binned": [
            Tile(numbers((32, 48)), {"C": 0}),
            Tile(numbers((16, 24)), {"C": 1}, size=(32, 48)),
        ],
        "transparent": [
            Tile(np.dstack([_colours("uint8", 5, 30, 250), plane(9, dtype="uint8")]))
        ],
        "pyramid": _pyramid(numbers((128, 192))),
    }
    for name, written in tiles.items():
        write_czi(folder / f"{name}.czi", written, "<Information/>")
    write_czi(folder / "described.czi", stack, _CZI_XML)
    write_czi(folder / "without_metadata.czi", stack)
    for axis in "VBHIR":
        written = [
            Tile(plane(10 * t + n), {"T": t, axis: n}) for t in range(2) for n in range(3)
        ]
        write_czi(folder / f"axis_{axis}.czi", written, "<Information/>")


def _pyramid(pixels: Any) -> list[Tile]:
    small = pixels[::2, ::2]
    return [Tile(pixels, {"C": 0, "M": 0}), Tile(small, {"C": 0}, size=pixels.shape)]


def make_nd2(folder: Path) -> None:
    """Write frames of several loops, colours, and packed ones."""
    frames = {n: numbers((20, 30, 2)) + np.uint16(n) for n in range(12)}
    loops = times(2), positions("well A", ""), z_stack(3, 0.7)
    Nd2(frames, (_GFP, _RED), loops).write(folder / "positions.nd2")
    Nd2({0: frames[0]}, (_GFP, _RED)).write(folder / "one_frame.nd2")
    Nd2({0: frames[0]}, (_GFP, _RED), compression=0).write(folder / "lossless.nd2")
    times_only = {n: frames[n][..., :1] for n in range(3)}
    Nd2(times_only, (_GFP,), (times(3),)).write(folder / "times.nd2")
    bright = Plane("Brightfield", "FFFFFF", samples=3)
    for dtype, bits in (("uint8", 8), ("uint16", 12)):
        colours = {0: numbers((20, 30, 3), dtype)}
        Nd2(colours, (bright,), bits=bits).write(folder / f"colours_{dtype}.nd2")


def make_vendor_tiffs(folder: Path) -> None:
    """Write an LSM, an STK and an SVS."""
    colors = [(0, 0, 255), (255, 0, 0), (255, 255, 255)]
    lsm = numbers((2, 3, 40, 48), "uint8")
    write_lsm(folder / "zeiss.lsm", lsm, ["Ch1-T1", "Ch2-T2", "T PMT"], colors, 41353.75)
    # tifffile hands out frames for the pages of a packed one.
    packed = folder / "zeiss_packed.lsm"
    write_lsm(packed, lsm[:, :1], ["Ch1-T1"], colors[:1], 41353.75, compression="lzw")
    write_stk(folder / "metamorph.stk", numbers((3, 20, 30)), "Cy5", 0.645)
    slide = np.repeat(np.repeat(numbers((16, 20, 3), "uint8"), 16, 0), 16, 1)
    stated = "AppMag = 20|MPP = 0.499|Date = 12/29/09|Time = 09:59:15"
    write_svs(folder / "aperio.svs", slide, stated, [slide[::4, ::4]])
