"""Keys become regions inside the image, and chunks keep every pixel."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.support.preview_images import made_image
from transferapp import errors
from transferapp.model.images import Pixels, TileRegion
from transferapp.preview import chunks


@functools.cache
def image(height: int = 700, width: int = 900) -> Pixels:
    pixels, _ = made_image(shape=(2, 3, 4, height, width))
    return pixels


def test_key_becomes_region() -> None:
    pixels = image()
    key = chunks.parse_key("1/c/1/2/3/1/1")
    assert key == chunks.ChunkKey(level=1, t=1, c=2, z=3, row=1, column=1)
    region = chunks.region_of(pixels, key)
    # Level 1 is 350 x 450 in tiles of 256: the second row and column are cut.
    assert region == TileRegion(1, 1, 2, 3, y=256, x=256, height=94, width=194)
    assert chunks.key_of(pixels, region) == key
    assert str(key) == "1/c/1/2/3/1/1"


@pytest.mark.parametrize(
    "key",
    ["0/c/0/0/0/0", "0/c/0/0/0/0/01", "0/c/0/0/0/0/-1", "c/0/0/0/0/0", "0/c/0/0/0/0/٣", ""],
)
def test_other_keys_are_no_chunks(key: str) -> None:
    assert chunks.parse_key(key) is None


@pytest.mark.parametrize(
    "key", ["3/c/0/0/0/0/0", "0/c/2/0/0/0/0", "0/c/0/3/0/0/0", "0/c/0/0/4/0/0", "0/c/0/0/0/3/0"]
)
def test_outside_the_image_is_nothing(key: str) -> None:
    pixels = image()
    parsed = chunks.parse_key(key)
    assert parsed is not None
    assert chunks.region_of(pixels, parsed) is None


def test_edge_chunk_is_padded_with_the_fill_value() -> None:
    pixels = image()
    tile = np.full((94, 194), 7, dtype=">u2")
    decoded = chunks.decode(pixels, 1, chunks.encode(pixels, 1, tile))
    assert decoded.shape == (256, 256)
    assert (decoded[:94, :194] == 7).all()
    assert int(decoded.sum()) == 7 * tile.size


def test_damaged_chunk_is_reported_apart() -> None:
    pixels = image()
    encoded = chunks.encode(pixels, 0, np.ones((256, 256), dtype="u2"))
    for damaged in (b"", encoded[:10], b"rubbish" * 10):
        with pytest.raises(errors.Corrupt):
            chunks.decode(pixels, 0, damaged)


@pytest.mark.parametrize(
    ("key", "inside"),
    [
        ("0/c/1/2/3/1/1", True),
        ("0/c/0/0/0/2/0", False),
        ("0/c/0/0/0/0/2", False),
        ("0/c/0/0/0/2/1", False),
        ("0/c/0/0/0/1/2", False),
        ("2/c/0/0/0/0/0", True),
        ("2/c/0/0/0/1/0", False),
        ("2/c/0/0/0/0/1", False),
        ("3/c/0/0/0/0/0", False),
    ],
)
def test_an_image_of_whole_tiles_has_no_tile_behind_its_border(key: str, inside: bool) -> None:
    pixels = image(512, 512)
    parsed = chunks.parse_key(key)
    assert parsed is not None
    region = chunks.region_of(pixels, parsed)
    assert (region is not None) is inside
    if region is not None:
        small = parsed.level == 2
        assert (region.height, region.width) == ((128, 128) if small else (256, 256))
        assert chunks.key_of(pixels, region) == parsed


@pytest.mark.parametrize("beyond", ["0/c/2/2/3/0/0", "0/c/1/3/3/0/0", "0/c/1/2/4/0/0"])
def test_a_plane_behind_the_last_is_nothing(beyond: str) -> None:
    pixels = image()
    parsed = chunks.parse_key(beyond)
    assert parsed is not None
    assert chunks.region_of(pixels, parsed) is None
    assert chunks.region_of(pixels, chunks.ChunkKey(0, 1, 2, 3, 0, 0)) is not None


def test_a_tile_in_the_middle_is_whole_and_begins_where_it_lies() -> None:
    pixels = image()
    region = chunks.region_of(pixels, chunks.ChunkKey(0, 0, 0, 0, row=1, column=2))
    assert region == TileRegion(0, 0, 0, 0, y=256, x=512, height=256, width=256)
    inner = TileRegion(0, 0, 0, 0, y=511, x=767, height=1, width=1)
    assert chunks.key_of(pixels, inner) == chunks.ChunkKey(0, 0, 0, 0, row=1, column=2)


@pytest.mark.parametrize("shape", [(256, 256), (256, 100), (100, 256), (1, 1)])
def test_every_pixel_comes_back_where_it_was(shape: tuple[int, int]) -> None:
    pixels = image()
    tile = np.arange(1, shape[0] * shape[1] + 1, dtype="u4").reshape(shape).astype("u2")
    decoded = chunks.decode(pixels, 0, chunks.encode(pixels, 0, tile))
    padded = np.zeros((256, 256), dtype="u2")
    padded[: shape[0], : shape[1]] = tile
    assert np.array_equal(decoded, padded)


def test_a_whole_chunk_of_another_length_is_damaged() -> None:
    pixels = image()
    small = image(100, 100)
    encoded = chunks.encode(small, 0, np.ones((100, 100), dtype="u2"))
    with pytest.raises(errors.Corrupt):
        chunks.decode(pixels, 0, encoded)
