"""Keys become regions inside the image, and chunks keep every pixel."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.preview_images import made_image
from transferapp import errors
from transferapp.model.images import TileRegion
from transferapp.preview import chunks


def test_key_becomes_region() -> None:
    pixels, _ = made_image()
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
    pixels, _ = made_image()
    parsed = chunks.parse_key(key)
    assert parsed is not None
    assert chunks.region_of(pixels, parsed) is None


def test_edge_chunk_is_padded_with_the_fill_value() -> None:
    pixels, _ = made_image()
    tile = np.full((94, 194), 7, dtype=">u2")
    decoded = chunks.decode(pixels, 1, chunks.encode(pixels, 1, tile))
    assert decoded.shape == (256, 256)
    assert (decoded[:94, :194] == 7).all()
    assert int(decoded.sum()) == 7 * tile.size


def test_damaged_chunk_is_told_apart() -> None:
    pixels, _ = made_image()
    encoded = chunks.encode(pixels, 0, np.ones((256, 256), dtype="u2"))
    for damaged in (b"", encoded[:10], b"rubbish" * 10):
        with pytest.raises(errors.Corrupt):
            chunks.decode(pixels, 0, damaged)
