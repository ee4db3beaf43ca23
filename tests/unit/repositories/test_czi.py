"""CZI: what Zeiss's microscopes write, made byte by byte or by Zeiss's own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.local_images import Opener, first_pixels, opener, whole_plane
from transferapp.model.images import Level, TileRegion

__all__ = ["opener"]

czi = pytest.importorskip("pylibCZIrw.czi", reason="needs the extra 'readers'")

CHANNELS = """
<Information><Image><Dimensions><Channels>
  <Channel Id="Channel:4" Name="DAPI"><Color>#FF0000FF</Color></Channel>
  <Channel Id="Channel:2" Name="EGFP"><Color>#FF00FF00</Color></Channel>
  <Channel Id="Channel:7" Name="TL"/>
</Channels></Dimensions></Image></Information>
<DisplaySetting><Channels>
  <Channel Id="Channel:2" Name="EGFP-T1"><Color>#FF00FF5B</Color>
    <Low>0.1</Low><High>0.5</High></Channel>
  <Channel Id="Channel:4"><Low>0</Low><High>1</High></Channel>
</Channels></DisplaySetting>
"""


def test_a_file_of_zeiss_own_library(opener: Opener, tmp_path: Path) -> None:
    pixels = np.arange(2 * 24 * 40, dtype=np.uint16).reshape(2, 24, 40)
    path = tmp_path / "Zürich 細胞.czi"
    with czi.create_czi(str(path), compression_options="zstd1:ExplicitLevel=2") as writer:
        for channel in range(2):
            writer.write(pixels[channel][..., None], plane={"C": channel})
    image = opener.only_image(path)
    assert (image.header.size_c, image.header.dtype) == (2, "uint16")
    np.testing.assert_array_equal(whole_plane(image, c=1), pixels[1])
    part = image.read(TileRegion(0, 0, 1, 0, 5, 7, 11, 13))
    np.testing.assert_array_equal(part, pixels[1, 5:16, 7:20])
    # libCZI writes 0 m for a scaling that it does not know.
    assert image.header.pixel_size_um == (None, None, None)


def test_a_mosaic_is_put_together_whole(opener: Opener, tmp_path: Path) -> None:
    # The order in the file is not the order on the slide: the higher M lies on top.
    tiles = [Tile(plane(m + 1), {"C": 0, "M": m}, y=10 * m, x=40 * m) for m in (2, 0, 1)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    wanted = np.zeros((52, 128), np.uint16)
    for m in range(3):
        wanted[10 * m : 10 * m + 32, 40 * m : 40 * m + 48] = m + 1
    assert image.header.levels == (Level(52, 128),)
    np.testing.assert_array_equal(whole_plane(image), wanted)
    # Across tiles and what lies between them, which was never acquired.
    part = image.read(TileRegion(0, 0, 0, 0, 5, 30, 40, 60))
    np.testing.assert_array_equal(part, wanted[5:45, 30:90])


def test_a_mosaic_may_lie_anywhere_on_the_stage(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(7), {"M": 0}, y=-500, x=-90), Tile(plane(8), {"M": 1}, y=-500, x=-42)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert image.header.levels == (Level(32, 96),)
    assert whole_plane(image)[0, [0, 47, 48]].tolist() == [7, 7, 8]


def test_scenes_without_a_list_are_images_of_their_own_size(
    opener: Opener, tmp_path: Path
) -> None:
    # They overlap on the slide, and each is a mosaic.
    tiles = [
        Tile(plane(10 * s + m + 1), {"S": s, "M": m}, y=20 * s, x=30 * m)
        for s in range(2)
        for m in range(2 + s)
    ]
    first, second = opener(write_czi(tmp_path / "a.czi", tiles)).images
    assert first.header.levels == (Level(32, 78),)
    assert second.header.levels == (Level(32, 108),)
    assert whole_plane(first)[0, ::30].tolist() == [1, 2, 2]
    assert whole_plane(second)[0, ::30].tolist() == [11, 12, 13, 13]
    assert (first.header.name, second.header.name) == ("", "")


def test_times_may_begin_anywhere(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(100 + t), {"T": t, "C": 0}) for t in (5, 6, 7)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert image.header.size_t == 3
    assert first_pixels(image) == [105, 106, 107]


def test_a_channel_and_a_slice_may_begin_anywhere(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(z), {"C": 1, "Z": z}) for z in (3, 4)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles, CHANNELS))
    assert first_pixels(image) == [3, 4]
    assert [hint.name for hint in image.header.channels] == ["EGFP-T1"]


def test_a_plane_never_acquired_is_black(opener: Opener, tmp_path: Path) -> None:
    tiles = [
        Tile(plane(10 * t + c + 1), {"T": t, "C": c})
        for t in range(3)
        for c in range(2)
        if (t, c) not in {(1, 0), (2, 1)}
    ]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert first_pixels(image) == [1, 2, 0, 12, 21, 0]


def test_channels_of_8_and_16_bits_keep_their_numbers(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(100, dtype="uint8"), {"C": 0}), Tile(plane(5000), {"C": 1})]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert image.header.dtype == "uint16"
    assert first_pixels(image) == [100, 5000]
    assert whole_plane(image).dtype == np.uint16


@pytest.mark.parametrize(("dtype", "window"), [("uint8", (0.0, 255.0)), ("uint16", None)])
def test_colours_are_red_green_blue(
    opener: Opener, tmp_path: Path, dtype: str, window: tuple[float, float] | None
) -> None:
    blue_green_red = np.empty((32, 48, 3), dtype)
    blue_green_red[:] = 5, 30, 250
    tiles = [Tile(blue_green_red, {"C": 0}), Tile(plane(9, dtype=dtype), {"C": 1})]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert first_pixels(image) == [250, 30, 5, 9]
    hints = image.header.channels
    assert [hint.name for hint in hints] == ["Red", "Green", "Blue", ""]
    assert [hint.color for hint in hints] == ["FF0000", "00FF00", "0000FF", None]
    assert [hint.window for hint in hints] == [window] * 3 + [None]
    assert [hint.shares_window for hint in hints] == [window is None] * 3 + [False]


def test_colours_of_a_14_bit_camera_are_not_dark(opener: Opener, tmp_path: Path) -> None:
    bits = """<Information><Image><Dimensions><Channels><Channel Id="Channel:0">
      <ComponentBitCount>14</ComponentBitCount></Channel></Channels></Dimensions></Image>
    </Information>"""
    tiles = [Tile(np.zeros((4, 5, 3), "uint16"))]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles, bits))
    assert {hint.window for hint in image.header.channels} == {(0.0, 16383.0)}


@pytest.mark.parametrize(
    ("folded", "into", "size"),
    [("H", "T", "size_t"), ("I", "C", "size_c"), ("R", "Z", "size_z")],
)
def test_further_axes_are_folded_as_in_omero(
    opener: Opener, tmp_path: Path, folded: str, into: str, size: str
) -> None:
    # Bio-Formats 7.3.1 answers the same for these files.
    tiles = [
        Tile(plane(10 * outer + inner), {into: inner + 1, folded: outer})
        for inner in range(2)
        for outer in range(3)
    ]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert getattr(image.header, size) == 6
    assert first_pixels(image) == [0, 1, 10, 11, 20, 21]


@pytest.mark.parametrize(("axis", "text"), [("V", "view"), ("B", "block")])
def test_views_and_blocks_are_images(
    opener: Opener, tmp_path: Path, axis: str, text: str
) -> None:
    tiles = [Tile(plane(10 * t + n), {"T": t, axis: n}) for t in range(2) for n in range(3)]
    images = opener(write_czi(tmp_path / "a.czi", tiles)).images
    assert [image.header.name for image in images] == [f"{text} {n}" for n in (1, 2, 3)]
    assert [first_pixels(image) for image in images] == [[0, 10], [1, 11], [2, 12]]


def pyramid(pixels: Any, factors: tuple[int, ...]) -> list[Tile]:
    """Return tiles of 128 pixels, then those of smaller levels, in no order."""
    tiles = [Tile(part, {"C": 0, "M": m}, y, x) for m, (y, x, part) in enumerate(tiled(pixels))]
    for factor in factors:
        tiles += reversed(
            [
                Tile(
                    part,
                    {"C": 0},
                    y * factor,
                    x * factor,
                    (part.shape[0] * factor, part.shape[1] * factor),
                )
                for y, x, part in tiled(pixels[::factor, ::factor] + 1)
            ]
        )
    return tiles


def tiled(pixels: Any, size: int = 128) -> list[tuple[int, int, Any]]:
    height, width = pixels.shape
    return [
        (y, x, pixels[y : y + size, x : x + size])
        for y in range(0, height, size)
        for x in range(0, width, size)
    ]


def test_a_pyramid_in_the_file_is_used(opener: Opener, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    pixels = random.integers(0, 60_000, (364, 620)).astype(np.uint16)
    image = opener.only_image(write_czi(tmp_path / "a.czi", pyramid(pixels, (2, 4))))
    assert image.header.levels == (Level(364, 620), Level(182, 310), Level(91, 155))
    np.testing.assert_array_equal(whole_plane(image), pixels)
    for level, factor in ((1, 2), (2, 4)):
        stored = pixels[::factor, ::factor] + 1
        np.testing.assert_array_equal(whole_plane(image, level=level), stored)
        for _ in range(20):
            y, x = random.integers(0, 80, 2)
            height, width = (int(n) for n in random.integers(1, [90 - y, 150 - x]))
            part = image.read(TileRegion(level, 0, 0, 0, int(y), int(x), height, width))
            np.testing.assert_array_equal(part, stored[y : y + height, x : x + width])


@pytest.mark.parametrize("missing", ["a plane", "a corner", "level 1"])
def test_a_pyramid_with_holes_is_not_used(opener: Opener, tmp_path: Path, missing: str) -> None:
    pixels = np.ones((364, 620), np.uint16)
    tiles = pyramid(pixels, (4,) if missing == "level 1" else (2,))
    if missing == "a plane":
        tiles += [Tile(plane(1), {"C": 1, "M": 0})]
    elif missing == "a corner":
        tiles = [tile for tile in tiles if tile.size is None or tile.x < 512]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert image.header.levels == (Level(364, 620),)


def test_a_region_of_small_tiles_is_cheap_and_of_a_huge_one_is_not(
    opener: Opener, tmp_path: Path
) -> None:
    small = opener.only_image(write_czi(tmp_path / "small.czi", [Tile(plane(1))]))
    huge = np.zeros((4097, 4096), np.uint8)
    large = opener.only_image(write_czi(tmp_path / "large.czi", [Tile(huge)]))
    assert (small.header.random_access, large.header.random_access) == (True, False)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_a_plane_that_is_only_stored_smaller_is_made_larger(
    opener: Opener, tmp_path: Path, factor: int
) -> None:
    # A camera's pixels joined. Bio-Formats 7.3.1 shows such a channel, and all black.
    full = np.arange(96 * 144, dtype=np.uint16).reshape(96, 144)
    small = full[::factor, ::factor].copy()
    tiles = [Tile(full, {"C": 0}), Tile(small, {"C": 1}, size=full.shape)]
    tiles += [Tile(full[::2, ::2].copy(), {"C": 0}, size=full.shape)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    image.check()
    assert (image.header.size_c, len(image.header.levels)) == (2, 2)
    np.testing.assert_array_equal(whole_plane(image), full)
    wanted = np.repeat(np.repeat(small, factor, 0), factor, 1)
    np.testing.assert_array_equal(whole_plane(image, c=1), wanted)
    part = image.read(TileRegion(0, 0, 1, 0, 7, 11, 30, 41))
    np.testing.assert_array_equal(part, wanted[7:37, 11:52])
    if factor != 3:
        np.testing.assert_array_equal(whole_plane(image, c=1, level=1), wanted[::2, ::2])


def test_a_time_that_is_only_stored_smaller_is_there(opener: Opener, tmp_path: Path) -> None:
    tiles = [
        Tile(plane(7), {"C": 0, "T": 0}, y=4, x=6),
        Tile(plane(9)[::2, ::2].copy(), {"C": 0, "T": 1}, y=4, x=6, size=plane(9).shape),
    ]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles))
    assert image.header.size_t == 2
    np.testing.assert_array_equal(whole_plane(image, t=1), plane(9))
