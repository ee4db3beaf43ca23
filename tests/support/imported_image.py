"""An image of known pixels in a real server's embedded repository."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import tifffile

from tests.support.rest_server import RestServer, submitted
from tests.support.rest_uploads import run_import, upload

CHANNELS = ("DAPI", "GFP")
#: Micrometres, as (y, x).
PIXEL_SIZE_UM = (0.5, 0.25)


def two_channels(height: int = 700, width: int = 900) -> npt.NDArray[np.uint16]:
    """Make pixels, shape (2, height, width), no two alike in a row or column."""
    rows, columns = np.mgrid[0:height, 0:width]
    first = rows * 37 + columns * 11
    return np.stack([first % 4096, (first * 7 + 5) % 4096]).astype(np.uint16)


def ome_tiff(pixels: npt.NDArray[np.uint16]) -> bytes:
    """Write (c, y, x) as OME-TIFF with names and a pixel size."""
    out = BytesIO()
    metadata: dict[str, Any] = {
        "axes": "CYX",
        "Channel": {"Name": list(CHANNELS)},
        "PhysicalSizeY": PIXEL_SIZE_UM[0],
        "PhysicalSizeX": PIXEL_SIZE_UM[1],
    }
    tifffile.imwrite(out, pixels, ome=True, photometric="minisblack", metadata=metadata)
    return out.getvalue()


async def import_image(server: RestServer, pixels: npt.NDArray[np.uint16]) -> int:
    """Import pixels (c, y, x) as ada's image, as agent and worker do; returns its id."""
    body = ome_tiff(pixels)
    accepted = await submitted(await server.signed_in(), len(body))
    transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
    (file,) = accepted.details.files
    async with httpx.AsyncClient(base_url=server.url) as http:
        sha1 = await upload(http, accepted.grant, transfer_id, file, body)
    agent = server.client(accepted.grant)
    await agent.seal(transfer_id, file.id, sha1)
    await run_import(server, transfer_id, item.id)
    (image_id,) = (await agent.transfer(transfer_id)).items[0].image_ids
    return int(image_id)
