"""TIFFs without OME-XML: layouts, colours, pages, resolutions, and ImageJ's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.oracle.made.numbers import numbers

_REDUCED = 1
_DATE_TAG = 306
#: tifffile names itself and its axes unless it is told not to.
_PLAIN: dict[str, Any] = {"metadata": None, "software": ""}
_LAYOUTS: dict[str, dict[str, Any]] = {
    "strips": {"rowsperstrip": 7},
    "one_strip": {},
    "lzw": {"compression": "lzw"},
    "deflate_predictor": {"compression": "zlib", "predictor": True, "rowsperstrip": 7},
    "packbits": {"compression": "packbits"},
    "zstd_tiles": {"compression": "zstd", "tile": (16, 16)},
    "tiles": {"tile": (32, 48)},
    "bigendian": {"byteorder": ">"},
    "bigendian_tiles": {"byteorder": ">", "compression": "zlib", "tile": (16, 32)},
    "bigtiff": {"bigtiff": True},
}
_TYPES = (
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "float16", "float32",
    "float64",
)  # fmt: skip


def make_tiff_layouts(folder: Path) -> None:
    """Write every pixel type, and every layout of strips and tiles."""
    for dtype in _TYPES:
        pixels = numbers((53, 71), dtype, 2 if dtype == "bool" else 100)
        tifffile.imwrite(folder / f"{dtype}.tif", pixels, **_PLAIN)
    for name, options in _LAYOUTS.items():
        for dtype in ("uint8", "uint16", "float32"):
            pixels = numbers((53, 71), dtype)
            tifffile.imwrite(folder / f"{name}_{dtype}.tif", pixels, **_PLAIN, **options)
    for bits in (2, 4, 10, 12, 14):
        stored = np.arange(32 * 32).reshape(32, 32) % (1 << bits)
        pixels = stored.astype("uint16" if bits > 8 else "uint8")
        tifffile.imwrite(folder / f"bits{bits}.tif", pixels, bitspersample=bits, **_PLAIN)


def make_tiff_colours(folder: Path) -> None:
    """Write what samples may mean: light, inks, palettes, transparency, inverted grey."""
    for dtype in ("uint8", "uint16"):
        rgb = numbers((20, 30, 3), dtype)
        tifffile.imwrite(folder / f"rgb_{dtype}.tif", rgb, photometric="rgb", **_PLAIN)
        planar = np.moveaxis(rgb, -1, 0)
        options: dict[str, Any] = {"photometric": "rgb", "planarconfig": "separate", **_PLAIN}
        tifffile.imwrite(folder / f"rgb_planar_{dtype}.tif", planar, **options)
        grey = numbers((20, 30), dtype)
        tifffile.imwrite(
            folder / f"miniswhite_{dtype}.tif", grey, photometric="miniswhite", **_PLAIN
        )
    tifffile.imwrite(
        folder / "miniswhite_bool.tif",
        numbers((20, 30)) % 2 == 0,
        photometric="miniswhite",
        **_PLAIN,
    )
    jpeg: dict[str, Any] = {"compression": "jpeg", "tile": (32, 32), **_PLAIN}
    tifffile.imwrite(
        folder / "jpeg_rgb.tif", numbers((60, 70, 3), "uint8"), photometric="rgb", **jpeg
    )
    tifffile.imwrite(folder / "jpeg_grey.tif", numbers((60, 70), "uint8"), **jpeg)
    for name, shape, kind in (
        ("rgba", (20, 30, 4), "unassalpha"),
        ("grey_alpha", (20, 30, 2), "unassalpha"),
        ("two_samples", (20, 30, 2), "unspecified"),
    ):
        photometric = "rgb" if shape[-1] > 2 else "minisblack"
        options = {"photometric": photometric, "extrasamples": [kind], **_PLAIN}
        tifffile.imwrite(folder / f"{name}.tif", numbers(shape, "uint8"), **options)
    tifffile.imwrite(
        folder / "cmyk.tif", numbers((20, 30, 4), "uint8"), photometric="separated", **_PLAIN
    )
    _write_palettes(folder)


def _write_palettes(folder: Path) -> None:
    ramp = np.arange(256, dtype=np.uint16) * 257
    none = np.zeros(256, np.uint16)
    many = numbers((3, 256), "uint16", 65535)
    for name, table in (("grey", (ramp, ramp, ramp)), ("green", (none, ramp, none))):
        options: dict[str, Any] = {"photometric": "palette", "colormap": np.stack(table)}
        pixels = numbers((20, 30), "uint8")
        tifffile.imwrite(folder / f"palette_{name}.tif", pixels, **options, **_PLAIN)
    options = {"photometric": "palette", "colormap": many}
    pixels = numbers((20, 30), "uint8")
    tifffile.imwrite(folder / "palette_many.tif", pixels, **options, **_PLAIN)


def make_tiff_pages(folder: Path) -> None:
    """Write several pages: stacks, images of other sizes, smaller copies, thumbnails."""
    grey: dict[str, Any] = {"photometric": "minisblack"}
    tifffile.imwrite(folder / "stack.tif", numbers((5, 20, 30)), **grey, **_PLAIN)
    tifffile.imwrite(
        folder / "shaped.tif",
        numbers((2, 3, 20, 30)),
        metadata={"axes": "TCYX"},
        software="",
        **grey,
    )
    tifffile.imwrite(
        folder / "rgb_stack.tif", numbers((4, 20, 30, 3), "uint8"), photometric="rgb", **_PLAIN
    )
    stack = numbers((3, 64, 80))
    pages: dict[str, list[tuple[Any, dict[str, Any]]]] = {
        "two_sizes": [(stack[0], {}), (stack[1, ::2, ::2], {})],
        "levels_by_tag": [
            (stack[0], {}),
            (stack[0, ::2, ::2], {"subfiletype": _REDUCED}),
            (stack[0, ::4, ::4], {"subfiletype": _REDUCED}),
        ],
        "thumbnail": [
            (numbers((400, 600), "uint8"), {}),
            (numbers((30, 40), "uint8"), {"subfiletype": _REDUCED}),
        ],
        "levels_in_subifds": [(stack[0], {"subifds": 1}), (stack[0, ::2, ::2], {})],
        "dated": [(stack[0], {"extratags": [(_DATE_TAG, 2, 20, "2010:03:05 12:08:52", True)]})],
    }
    for name, written in pages.items():
        with tifffile.TiffWriter(folder / f"{name}.tif") as out:
            for pixels, options in written:
                out.write(pixels, contiguous=False, **options, **_PLAIN)


def make_tiff_own_tags(folder: Path) -> None:
    """Write stacks whose middle page alone is stored otherwise, or is something else."""
    grey: dict[str, Any] = {"photometric": "minisblack"}
    packed: dict[str, Any] = {"compression": "zlib", **grey}
    pages = numbers((12, 48, 64), "uint8")
    middle = (len(pages) - 1) // 2
    same = pages[middle]
    for name, others, odd, pixels in (
        ("packed", grey, packed, same),
        ("plain", packed, grey, same),
        ("strips", grey, {"rowsperstrip": 5, **grey}, same),
        ("tiles", grey, {"tile": (16, 16), **grey}, same),
        ("predictor", packed, {"predictor": True, **packed}, same),
        ("inverted", grey, {"photometric": "miniswhite"}, same),
        ("wider", grey, grey, same.astype(np.uint16) + 300),
        ("smaller", grey, grey, np.ascontiguousarray(same[:40])),
        ("coloured", grey, {"photometric": "rgb"}, np.stack([same] * 3, -1)),
    ):
        with tifffile.TiffWriter(folder / f"middle_{name}.tif") as out:
            for n, page in enumerate(pages):
                written, options = (pixels, odd) if n == middle else (page, others)
                out.write(written, contiguous=False, **options, **_PLAIN)
    stated: dict[str, Any] = {"contiguous": False, **grey, **_PLAIN}
    text = "state.configPath='C:'\rstate.acq.numberOfFrames=12\rstate.acq.frameRate=2.0\r"
    with tifffile.TiffWriter(folder / "scanimage.tif") as out:
        for page in pages:
            out.write(page, description=text, **stated)


def make_tiff_resolutions(folder: Path) -> None:
    """Write resolutions of microscopes, of paper and of nothing."""
    for name, per_unit, unit in (
        ("quarter_micrometre", 40_000, "centimeter"),
        ("tenth_micrometre_in_inches", 254_000, "inch"),
        ("five_micrometres", 2_000, "centimeter"),
        ("cameras_own", 1_550.39, "centimeter"),
        ("screen", 72, "inch"),
        ("paper", 300, "inch"),
        ("one", 1, "centimeter"),
        ("none", 40_000, "none"),
    ):
        tifffile.imwrite(
            folder / f"{name}.tif",
            numbers((20, 30)),
            resolution=(per_unit, per_unit),
            resolutionunit=unit,
            **_PLAIN,
        )


def make_imagej(folder: Path) -> None:
    """Write ImageJ's stacks, units and lookup tables."""
    for unit in ("um", "nm", "mm", "inch", "pixel"):
        tifffile.imwrite(
            folder / f"unit_{unit}.tif",
            numbers((2, 3, 4, 20, 30)),
            imagej=True,
            metadata={"axes": "TZCYX", "unit": unit, "spacing": 0.5},
            resolution=(4.0, 2.0),
        )
    tifffile.imwrite(
        folder / "colours.tif",
        numbers((4, 20, 30, 3), "uint8"),
        imagej=True,
        metadata={"axes": "ZYXS"},
    )
    ramp, dark = np.arange(256, dtype=np.uint8), np.zeros(256, np.uint8)
    tables = [np.stack((ramp, dark, ramp)), np.stack((dark, ramp, dark))]
    tifffile.imwrite(
        folder / "tables.tif",
        numbers((2, 20, 30)),
        imagej=True,
        metadata={"axes": "CYX", "mode": "composite", "LUTs": tables},
    )
