"""Samples of TIFF pages as channels: light is light, and transparency is no colour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from transferapp.errors import UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.pixels.levels import Plane
from transferapp.repositories.local.readers.port import ImageHeader, ReadImage

__all__ = ["opener"]

RANDOM = np.random.default_rng(11)
_RGB_COLORS = ["FF0000", "00FF00", "0000FF"]


def plane(image: ReadImage, c: int = 0, z: int = 0) -> Plane:
    size = image.header.levels[0]
    return image.read(TileRegion(0, 0, c, z, 0, 0, size.size_y, size.size_x))


def colors(header: ImageHeader) -> list[str | None]:
    return [hint.color for hint in header.channels]


def numbers(shape: tuple[int, ...], dtype: str = "uint8") -> Any:
    return RANDOM.integers(0, 250, shape).astype(dtype)


@pytest.mark.parametrize("name", ["red.tif", "red.ome.tif"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_red_is_red(opener: Opener, tmp_path: Path, name: str, planar: str, dtype: str) -> None:
    pixels = np.zeros((3, 20, 30), dtype)
    pixels[0] = 200
    stored = np.moveaxis(pixels, 0, -1) if planar == "contig" else pixels
    tifffile.imwrite(tmp_path / name, stored, photometric="rgb", planarconfig=planar)
    image = opener.only_image(tmp_path / name)
    assert colors(image.header) == _RGB_COLORS
    assert [plane(image, c).max() for c in range(3)] == [200, 0, 0]


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize(
    ("kind", "active", "color"),
    [
        ("unassalpha", False, "FFFFFF"),
        ("assocalpha", False, "FFFFFF"),
        ("unspecified", True, None),
    ],
)
def test_a_fourth_sample_is_a_channel_of_its_own(
    opener: Opener, tmp_path: Path, name: str, kind: Any, active: bool, color: str | None
) -> None:
    pixels = numbers((20, 30, 4))
    tifffile.imwrite(tmp_path / name, pixels, photometric="rgb", extrasamples=[kind])
    image = opener.only_image(tmp_path / name)
    assert colors(image.header) == [*_RGB_COLORS, color]
    assert [hint.active for hint in image.header.channels] == [True, True, True, active]
    for c in range(4):
        np.testing.assert_array_equal(plane(image, c), pixels[..., c])


def test_grey_with_transparency_stays_grey(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((20, 30, 2), "uint16")
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, photometric="minisblack", extrasamples=["unassalpha"]
    )
    image = opener.only_image(tmp_path / "a.tif")
    assert [(hint.color, hint.active) for hint in image.header.channels] == [
        ("FFFFFF", True),
        ("FFFFFF", False),
    ]
    np.testing.assert_array_equal(plane(image, 1), pixels[..., 1])


def test_two_grey_samples_are_two_channels(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((20, 30, 2), "uint16")
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", extrasamples=["unspecified"])
    image = opener.only_image(path)
    assert [(hint.color, hint.active) for hint in image.header.channels] == [(None, True)] * 2


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"compression": "lzw", "rowsperstrip": 7},
        {"tile": (16, 16), "compression": "zlib"},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_white_is_zero_is_read_as_brightness(
    opener: Opener, tmp_path: Path, options: dict[str, Any], dtype: str
) -> None:
    stored = np.zeros((20, 30), dtype)
    stored[:, :15] = 200
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="miniswhite", **options)
    image = opener.only_image(tmp_path / "a.tif")
    white = np.iinfo(dtype).max
    found = plane(image)
    assert (found[0, 0], found[0, 29]) == (white - 200, white)
    np.testing.assert_array_equal(found, white - stored)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
def test_white_is_zero_of_fewer_bits(opener: Opener, tmp_path: Path, bits: int) -> None:
    stored = np.arange(32 * 32).reshape(32, 32) % (1 << bits)
    pixels = stored.astype("uint16" if bits > 8 else "uint8")
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite", bitspersample=bits)
    image = opener.only_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(plane(image), (1 << bits) - 1 - stored)


@pytest.mark.parametrize("photometric", ["miniswhite", "minisblack"])
@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_one_bit_is_nought_or_one(
    opener: Opener, tmp_path: Path, photometric: Any, name: str
) -> None:
    stored = numbers((20, 30)) % 2 == 0
    tifffile.imwrite(tmp_path / name, stored, photometric=photometric)
    image = opener.only_image(tmp_path / name)
    light = ~stored if photometric == "miniswhite" else stored
    np.testing.assert_array_equal(plane(image), light.astype(np.uint8))
    # Measured, the window of a full mask would show it as black.
    assert [hint.window for hint in image.header.channels] == [(0.0, 1.0)]


def test_white_is_zero_where_one_page_stands_for_many(opener: Opener, tmp_path: Path) -> None:
    stored = numbers((5, 20, 30), "uint16")
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric="miniswhite",
        metadata={"axes": "ZYX"},
        truncate=True,
    )
    image = opener.only_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(plane(image, z=3), 65535 - stored[3])


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_inks_are_shown_as_the_light_that_they_leave(
    opener: Opener, tmp_path: Path, planar: str
) -> None:
    # Cyan, magenta, yellow, black: the four pixels are red, cyan, half grey and black.
    inks = np.array(
        [[[0, 255, 255, 0], [255, 0, 0, 0], [0, 0, 0, 127], [0, 0, 0, 255]]], np.uint8
    )
    stored = inks if planar == "contig" else np.moveaxis(inks, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="separated", planarconfig=planar)
    image = opener.only_image(tmp_path / "a.tif")
    assert colors(image.header) == _RGB_COLORS
    seen = np.stack([plane(image, c)[0] for c in range(3)], axis=-1)
    assert seen.tolist() == [[255, 0, 0], [0, 255, 255], [128, 128, 128], [0, 0, 0]]


def test_palettes_keep_their_numbers(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((20, 30))
    green = np.zeros((3, 256), np.uint16)
    green[1] = np.arange(256) * 257
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="palette", colormap=green)
    image = opener.only_image(tmp_path / "a.tif")
    assert colors(image.header) == ["00FF00"]
    np.testing.assert_array_equal(plane(image), pixels)


def test_palettes_of_many_colours_are_grey(opener: Opener, tmp_path: Path) -> None:
    table = RANDOM.integers(0, 65535, (3, 256)).astype(np.uint16)
    tifffile.imwrite(
        tmp_path / "a.tif", numbers((20, 30)), photometric="palette", colormap=table
    )
    assert colors(opener.only_image(tmp_path / "a.tif").header) == [None]


@pytest.mark.parametrize("dtype", ["int64", "uint64", "complex64", "complex128"])
@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_types_that_cannot_be_shown(
    opener: Opener, tmp_path: Path, dtype: str, name: str
) -> None:
    if name == "a.ome.tif" and dtype in {"int64", "uint64"}:
        # OME-XML has no name for them.
        return
    tifffile.imwrite(tmp_path / name, np.ones((8, 9), dtype))
    with pytest.raises(UnsupportedFile, match="cannot show"):
        opener.only_image(tmp_path / name)
