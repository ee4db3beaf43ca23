"""Levels, stored pyramids and pictures of planes of every kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image

from tests.support.local_images import Opener, opener
from transferapp.model.images import Channel, Level, TileRegion
from transferapp.repositories.local.pixels.levels import LevelSource, halve, plan_levels
from transferapp.repositories.local.pixels.planes import RecentPlanes
from transferapp.repositories.local.pixels.pyramids import StoredPyramid, write_pyramid
from transferapp.repositories.local.pixels.regions import ImagePlace, PixelReader, clipped
from transferapp.repositories.local.pixels.rendering import (
    level_for,
    measure_channels,
    render_thumbnail,
    window_of,
)
from transferapp.repositories.local.readers.port import ImageHeader, ReadImage
from transferapp.repositories.local.storage.derived_paths import DerivedPaths

__all__ = ["opener"]

RANDOM = np.random.default_rng(11)


def header(height: int, width: int, **more: Any) -> ImageHeader:
    levels = (Level(height, width), *more.pop("smaller", ()))
    return ImageHeader("a", 1, 1, 1, "uint16", levels, **more)


@pytest.mark.parametrize(
    ("height", "width", "source", "count"),
    [
        (200, 256, LevelSource.COMPUTED, 1),
        (1, 1000, LevelSource.COMPUTED, 3),
        (3192, 3192, LevelSource.COMPUTED, 5),
        (4096, 4096, LevelSource.STORED, 5),
        (1, 20_000_000, LevelSource.STORED, 18),
    ],
)
def test_planned_levels(height: int, width: int, source: LevelSource, count: int) -> None:
    planned, levels = plan_levels(header(height, width))
    assert (planned, len(levels)) == (source, count)
    assert max(levels[-1].size_y, levels[-1].size_x) <= 256
    assert all(level.size_y >= 1 for level in levels)


def test_the_files_own_levels_are_kept_unless_too_large() -> None:
    good = header(8000, 8000, smaller=(Level(2000, 2000),))
    assert plan_levels(good) == (LevelSource.FILE, good.levels)
    useless = header(40_000, 40_000, smaller=(Level(10_000, 10_000),))
    assert plan_levels(useless)[0] is LevelSource.STORED


def test_halving_averages_and_rounds() -> None:
    plane = np.array([[0, 1, 9], [2, 3, 9], [9, 9, 9]], np.uint8)
    assert halve(plane).tolist() == [[2]]
    assert halve(np.array([[4, 8, 1, 2]], np.int16)).tolist() == [[6, 2]]
    assert halve(np.array([[0.5], [1.0]], np.float32)).dtype == np.float32
    assert halve(np.full((2, 2), 65535, np.uint16)).tolist() == [[65535]]
    assert halve(np.full((2, 2), -7, np.int32)).tolist() == [[-7]]


def large(folder: Path, dtype: str = "uint16") -> tuple[Path, Any]:
    ramp = np.add.outer(np.arange(4096), np.arange(4099)).astype(dtype)
    path = folder / "large.tif"
    tifffile.imwrite(path, ramp, compression="zlib", rowsperstrip=64)
    return path, ramp


def place_of(path: Path, image: ReadImage) -> ImagePlace:
    source, levels = plan_levels(image.header)
    return ImagePlace(7, 0, path, path.parent, source, levels)


def test_stored_pyramid_of_a_large_plane(opener: Opener, tmp_path: Path) -> None:
    path, pixels = large(tmp_path)
    image = opener.only_image(path)
    place = place_of(path, image)
    derived = DerivedPaths(tmp_path)
    signs: list[int] = []
    target = derived.pyramid(7, 0)
    write_pyramid(image, place.levels, target, lambda: signs.append(1))
    assert len(signs) == len(place.levels) - 1
    group = zarr.open_group(target, mode="r")
    ome: Any = group.attrs["ome"]
    assert [d["path"] for d in ome["multiscales"][0]["datasets"]] == ["1", "2", "3", "4"]
    reader = PixelReader(derived)
    wanted = pixels
    for number, level in enumerate(place.levels):
        assert (level.size_y, level.size_x) == wanted.shape
        region = TileRegion(number, 0, 0, 0, 40, 50, 130, 140)
        np.testing.assert_array_equal(reader.read(place, region), wanted[40:170, 50:190])
        wanted = halve(wanted)
    reader.close()
    # Nothing half-written is left, and a repetition keeps what is there.
    assert [p.name for p in target.parent.iterdir()] == ["0.zarr"]
    before = target.stat().st_ino
    write_pyramid(image, place.levels, target, lambda: pytest.fail("written again"))
    assert target.stat().st_ino == before


def test_lost_pyramid_is_made_again(opener: Opener, tmp_path: Path) -> None:
    path, pixels = large(tmp_path)
    place = place_of(path, opener.only_image(path))
    reader = PixelReader(DerivedPaths(tmp_path))
    tile = reader.read(place, TileRegion(1, 0, 0, 0, 0, 0, 64, 64))
    np.testing.assert_array_equal(tile, halve(pixels[:128, :128]))
    reader.close()


def test_full_size_is_stored_where_regions_are_slow(opener: Opener, tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 255, (3300, 3300), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png", compress_level=1)
    image = opener.only_image(tmp_path / "a.png")
    path = tmp_path / "pyramid.zarr"
    write_pyramid(image, plan_levels(image.header)[1], path, lambda: None)
    stored = StoredPyramid(path)
    assert stored.has(0)
    found = stored.read(TileRegion(0, 0, 0, 0, 3000, 3100, 300, 200))
    np.testing.assert_array_equal(found, pixels[3000:, 3100:])


def test_failed_pyramid_leaves_nothing(opener: Opener, tmp_path: Path) -> None:
    path, _ = large(tmp_path)
    image = opener.only_image(path)

    def stop() -> None:
        raise KeyboardInterrupt

    target = DerivedPaths(tmp_path).pyramid(7, 0)
    with pytest.raises(KeyboardInterrupt):
        write_pyramid(image, plan_levels(image.header)[1], target, stop)
    assert list(target.parent.iterdir()) == []


def test_computed_levels(opener: Opener, tmp_path: Path) -> None:
    pixels = RANDOM.integers(0, 60_000, (1000, 777)).astype(">u2")
    tifffile.imwrite(tmp_path / "a.tif", pixels, byteorder=">")
    place = place_of(tmp_path / "a.tif", opener.only_image(tmp_path / "a.tif"))
    assert place.source is LevelSource.COMPUTED
    reader = PixelReader(DerivedPaths(tmp_path))
    wanted = halve(halve(pixels.astype("<u2")))
    tile = reader.read(place, TileRegion(2, 0, 0, 0, 100, 100, 512, 512))
    assert tile.dtype == np.dtype("<u2")
    assert tile.flags.c_contiguous
    np.testing.assert_array_equal(tile, wanted[100:, 100:])
    reader.close()


def test_regions_are_clipped() -> None:
    region = TileRegion(0, 0, 0, 0, 5, 50, 100, 100)
    part = clipped(region, Level(20, 40))
    assert (part.y, part.x, part.height, part.width) == (5, 40, 15, 0)


def test_recent_planes_forget_the_oldest() -> None:
    recent = RecentPlanes(most_bytes=250)
    for level in range(3):
        recent.keep((1, 0, level, 0, 0, 0), np.zeros((10, 10), np.uint8))
        recent.get((1, 0, 0, 0, 0, 0))
    kept = [recent.get((1, 0, level, 0, 0, 0)) is not None for level in range(3)]
    assert kept == [True, False, True]
    recent.keep((2, 0, 0, 0, 0, 0), np.zeros((100, 100), np.uint8))
    assert recent.get((2, 0, 0, 0, 0, 0)) is None


PLANES: dict[str, Callable[[], Any]] = {
    "sixteen bits": lambda: RANDOM.integers(100, 4000, (90, 130)).astype(np.uint16),
    "signed": lambda: RANDOM.integers(-500, 500, (90, 130)).astype(np.int16),
    "float with holes": lambda: np.where(
        np.eye(100) > 0, np.nan, RANDOM.random((100, 100))
    ).astype(np.float32),
    "one row": lambda: RANDOM.integers(0, 255, (1, 300)).astype(np.uint8),
    "one column": lambda: RANDOM.integers(0, 255, (300, 1)).astype(np.uint8),
    "one pixel": lambda: np.array([[7]], np.uint8),
    "one value": lambda: np.full((40, 50), 12, np.uint8),
    "nothing finite": lambda: np.full((40, 50), np.inf, np.float32),
    "huge numbers": lambda: np.array([[0, 2**63], [2**62, 5]], np.uint64),
}


@pytest.mark.parametrize("kind", PLANES)
@pytest.mark.parametrize("edge", [1, 33, 96])
def test_thumbnails_of_every_kind(kind: str, edge: int) -> None:
    plane = PLANES[kind]()
    start, end = window_of(plane)
    assert start < end
    jpeg = render_thumbnail([plane], [Channel("", "FFFFFF", start, end)], edge)
    with Image.open(io.BytesIO(jpeg)) as picture:
        picture.load()
        assert max(picture.size) == edge
        assert min(picture.size) >= 1


def test_channel_colours_add_up() -> None:
    bright, dark = np.full((8, 8), 200, np.uint8), np.zeros((8, 8), np.uint8)
    channels = [Channel("r", "FF0000", 0, 200), Channel("g", "00FF00", 0, 200)]
    for planes, wanted in (([bright, dark], (255, 0)), ([bright, bright], (255, 255))):
        with Image.open(io.BytesIO(render_thumbnail(planes, channels, 8))) as picture:
            red, green, blue = picture.getpixel((4, 4))  # type: ignore[misc]
        assert abs(red - wanted[0]) < 12
        assert abs(green - wanted[1]) < 12
        assert blue < 12


def test_window_leaves_hot_pixels_out() -> None:
    plane = np.full((100, 100), 50, np.uint16)
    plane[:50] = 100
    plane[0, 0] = 65535
    assert window_of(plane) == (50.0, 100.0)


def test_channels_get_names_and_colours() -> None:
    many = ImageHeader("a", 1, 3, 1, "uint8", (Level(4, 4),))
    plane = np.arange(16, dtype=np.uint8).reshape(4, 4)
    made = measure_channels(many, many.levels, lambda _region: plane)
    assert [channel.name for channel in made] == ["Channel 1", "Channel 2", "Channel 3"]
    assert len({channel.color for channel in made}) == 3
    assert level_for((Level(400, 400), Level(200, 200), Level(100, 100)), 150) == 1
