"""A JavaScript client opens a preview by its signed URL, until the URL ends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.support.imported_image import CHANNELS, import_image, two_channels
from tests.support.javascript_client import javascript_folder, tile_reader
from tests.support.rest_server import RestServer, server
from transferapp.client.previews import PreviewClient

__all__ = ["server"]

pytestmark = pytest.mark.slow

PIXELS = two_channels()
#: Over the edges of four chunks.
ROWS, COLUMNS = (200, 600), (190, 620)


@pytest.fixture(scope="module")
def folder() -> Path:
    return javascript_folder()


@pytest.fixture
async def ada(server: RestServer) -> PreviewClient:
    client = PreviewClient(server.url, (await server.signed_in()).token)
    server.clients.append(client)
    return client


async def test_it_reads_the_same_values_until_the_person_signs_out(
    folder: Path, server: RestServer, ada: PreviewClient
) -> None:
    signed = await ada.signed_url(await import_image(server, PIXELS))
    async with tile_reader(folder, signed.url) as client:
        for channel, plane in enumerate(PIXELS):
            read = await client.read("0", channel, ROWS, COLUMNS)
            assert (read.get("dtype"), read.get("channels")) == ("uint16", list(CHANNELS)), read
            values = np.array(read["values"]).reshape(read["shape"])
            assert np.array_equal(values, plane[slice(*ROWS), slice(*COLUMNS)])
        await ada.sign_out()
        assert "410" in (await client.read("0", 0, ROWS, COLUMNS))["error"]


async def test_it_reads_nothing_after_the_end_nor_by_a_changed_address(
    folder: Path, server: RestServer, ada: PreviewClient
) -> None:
    signed = await ada.signed_url(await import_image(server, PIXELS), lifetime_s=8)
    async with tile_reader(folder, signed.url) as client:
        assert "values" in await client.read("0", 0, ROWS, COLUMNS)
        async with asyncio.timeout(60):
            while "error" not in (last := await client.read("0", 0, ROWS, COLUMNS)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        # An error, and no picture of zeros.
        assert "410" in last["error"]
    changed = signed.url.replace("/image.zarr", "x/image.zarr")
    async with tile_reader(folder, changed) as client:
        assert "403" in (await client.read("0", 0, ROWS, COLUMNS))["error"]
