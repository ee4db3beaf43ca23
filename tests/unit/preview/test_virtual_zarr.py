"""Keys are answered once per person, and rights are asked again after a while."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.preview_images import ArraySource, made_image
from transferapp import errors
from transferapp.preview import chunks
from transferapp.preview.virtual_zarr import PIXELS_TTL_S, VirtualZarr


class Now:
    """A clock that a test moves, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def source() -> ArraySource:
    source = ArraySource()
    source.add(*made_image())
    return source


async def test_chunk_has_the_pixels(source: ArraySource) -> None:
    pixels, levels = source.images[1]
    encoded = await VirtualZarr().read(source, "ada", 1, "0/c/1/2/3/2/3")
    tile = chunks.decode(pixels, 0, encoded.body)
    assert (tile[:188, :132] == levels[0][1, 2, 3, 512:, 768:]).all()


async def test_one_read_for_many_requests_but_not_across_people(source: ArraySource) -> None:
    zarr = VirtualZarr()
    await asyncio.gather(*(zarr.read(source, "ada", 1, "2/c/0/0/0/0/0") for _ in range(4)))
    assert len(source.read) == 1
    await zarr.read(source, "ben", 1, "2/c/0/0/0/0/0")
    assert len(source.read) == 2


@pytest.mark.parametrize(
    "key",
    ["", "zarr.json/", "3/zarr.json", ".zattrs", "0/c/0/0/0/9/9", "../1/zarr.json"],
)
async def test_other_keys_are_not_found(source: ArraySource, key: str) -> None:
    with pytest.raises(errors.NoSuchFile):
        await VirtualZarr().read(source, "ada", 1, key)
    assert source.read == []


async def test_rights_are_asked_again(source: ArraySource) -> None:
    now = Now()
    zarr = VirtualZarr(now=now)
    await zarr.read(source, "ada", 1, "2/c/0/0/0/0/0")
    await zarr.read(source, "ada", 1, "zarr.json")
    assert source.asked == 1
    source.images.clear()
    now.seconds += PIXELS_TTL_S
    with pytest.raises(errors.ImageNotFound):
        await zarr.read(source, "ada", 1, "2/c/0/0/0/0/0")


async def test_same_bytes_same_tag(source: ArraySource) -> None:
    zarr = VirtualZarr()
    first = await zarr.read(source, "ada", 1, "zarr.json")
    second = await zarr.read(source, "ben", 1, "zarr.json")
    other = await zarr.read(source, "ada", 1, "0/zarr.json")
    assert first.etag == second.etag != other.etag
