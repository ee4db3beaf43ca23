"""Colours and windows of channels, and what a thumbnail shows of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.support.local_images import Opener, opener
from transferapp.model.images import Channel, Level
from transferapp.repositories.local.pixels.rendering import measure_channels, render_thumbnail
from transferapp.repositories.local.readers.port import ChannelHint, ImageHeader
from transferapp.repositories.local.reading.thumbnails import make_thumbnail

__all__ = ["opener"]


def channels_of(opener: Opener, path: Path) -> tuple[Channel, ...]:
    image = opener.only_image(path)
    return measure_channels(image.header, image.header.levels, image.read)


def colour_of_thumbnail(opener: Opener, path: Path) -> list[int]:
    """Return the middle pixel of the thumbnail, red, green, blue."""
    image = opener.only_image(path)
    levels = image.header.levels
    channels = measure_channels(image.header, levels, image.read)
    made = make_thumbnail(levels, channels, image.header.size_z, image.read)[96]
    picture = np.asarray(Image.open(io.BytesIO(made)))
    return [int(n) for n in picture[picture.shape[0] // 2, picture.shape[1] // 2]]


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_a_label_is_as_brown_as_it_was(opener: Opener, tmp_path: Path, name: str) -> None:
    brown = np.full((40, 50, 3), (146, 104, 58), np.uint8)
    tifffile.imwrite(tmp_path / name, brown, photometric="rgb")
    assert colour_of_thumbnail(opener, tmp_path / name) == pytest.approx([146, 104, 58], abs=3)


def test_a_channel_that_its_file_calls_black_can_be_seen() -> None:
    """``Color="255"`` is black in OME-XML; Bio-Formats says it of Micro-Manager's first."""
    size, plane = Level(4, 4), np.arange(16, dtype=np.uint8).reshape(4, 4)
    hints = (ChannelHint("DAPI", "000000"), ChannelHint("GFP", "0000FF"))
    header = ImageHeader("a", 1, 2, 1, "uint8", (size,), channels=hints)
    made = measure_channels(header, header.levels, lambda _region: plane)
    assert [(one.name, one.color) for one in made] == [("DAPI", "FF0000"), ("GFP", "0000FF")]
    alone = ImageHeader("a", 1, 1, 1, "uint8", (size,), channels=hints[:1])
    [white] = measure_channels(alone, alone.levels, lambda _region: plane)
    assert white.color == "FFFFFF"


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_transparency_is_no_light(opener: Opener, tmp_path: Path, name: str) -> None:
    pixels = np.full((40, 50, 4), (200, 0, 0, 128), np.uint8)
    if name.endswith("png"):
        Image.fromarray(pixels, "RGBA").save(tmp_path / name)
    else:
        tifffile.imwrite(
            tmp_path / name, pixels, photometric="rgb", extrasamples=["unassalpha"]
        )
    assert colour_of_thumbnail(opener, tmp_path / name) == pytest.approx([200, 0, 0], abs=3)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "float32"])
def test_colours_of_a_12_bit_camera_keep_their_proportions(
    opener: Opener, tmp_path: Path, dtype: str
) -> None:
    pixels = np.full((64, 64, 3), (2000, 1000, 500), dtype)
    pixels[:8] = 4000
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    channels = channels_of(opener, tmp_path / "a.tif")
    # One window, from no light on: each of its own would make them grey.
    assert {(c.window_start, c.window_end) for c in channels} == {(0.0, 4000.0)}
    assert colour_of_thumbnail(opener, tmp_path / "a.tif") == pytest.approx(
        [128, 64, 32], abs=3
    )


def test_bytes_show_their_whole_range(opener: Opener, tmp_path: Path) -> None:
    dim = np.full((40, 50, 3), (20, 10, 5), np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", dim, photometric="rgb")
    channels = channels_of(opener, tmp_path / "a.tif")
    assert {(c.window_start, c.window_end) for c in channels} == {(0.0, 255.0)}


@pytest.mark.parametrize(
    ("count", "wanted"),
    [
        (1, ["FFFFFF"]),
        (2, ["FF0000", "00FF00"]),
        (3, ["FF0000", "00FF00", "0000FF"]),
        (7, ["FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00", "FF0000"]),
    ],
)
def test_channels_that_no_file_colours(
    opener: Opener, tmp_path: Path, count: int, wanted: list[str]
) -> None:
    pixels: Any = np.zeros((count, 8, 8), np.uint16)
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, pixels, metadata={"axes": "CYX"}, photometric="minisblack")
    assert [channel.color for channel in channels_of(opener, path)] == wanted


def test_channels_not_shown_leave_no_light() -> None:
    plane = np.full((8, 8), 255, np.uint8)
    shown = Channel("Red", "FF0000", 0, 255)
    alpha = Channel("Alpha", "FFFFFF", 0, 255, active=False)
    made = render_thumbnail([plane, plane], [shown, alpha], 8)
    assert np.asarray(Image.open(io.BytesIO(made)))[..., 1:].max() < 10


def test_the_largest_numbers_are_shown() -> None:
    plane = np.full((8, 8), 1e308)
    plane[:, :4] = -1e308
    channel = Channel("", "FFFFFF", -1e308, 1e308)
    picture = np.asarray(Image.open(io.BytesIO(render_thumbnail([plane], [channel], 8))))
    assert (picture[4, 1].max(), picture[4, 6].min()) == (0, 255)
