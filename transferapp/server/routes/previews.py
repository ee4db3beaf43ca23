"""Previews: every image as a virtual OME-Zarr that any zarr client can read lazily."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from transferapp.model.images import Pixels, TileRegion
from transferapp.preview.virtual_zarr import VirtualZarr
from transferapp.protocol import routes
from transferapp.protocol.numbers import Number
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of
from transferapp.server.zarr_answer import zarr_answer

if TYPE_CHECKING:
    import numpy.typing as npt

    from transferapp.repositories.port import Repository


class RepositoryPixels:
    """Reads pixels as one person; a session is opened only when something is read."""

    def __init__(self, repository: Repository, username: str) -> None:
        """Read as this person."""
        self._repository = repository
        self._username = username

    async def pixels(self, image_id: int) -> Pixels:
        """Describe the pixel array of an image."""
        async with self._repository.session(self._username) as session:
            return (await session.images.get(image_id)).pixels

    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[Any]:
        """Return the region's pixels, (height, width)."""
        async with self._repository.session(self._username) as session:
            return await session.images.tile(image_id, region)


def virtual_zarr(request: Request) -> VirtualZarr:
    """Return the server's one maker of previews, with its cache."""
    state = request.app.state
    if not hasattr(state, "virtual_zarr"):
        state.virtual_zarr = VirtualZarr()
    zarr: VirtualZarr = state.virtual_zarr
    return zarr


router = APIRouter(prefix=routes.IMAGES, tags=["previews"])


@router.get("/{image_id}/zarr/{key:path}")
@router.head("/{image_id}/zarr/{key:path}")
async def read_key(
    image_id: Number,
    key: str,
    request: Request,
    grant: SessionGrant,
    zarr: Annotated[VirtualZarr, Depends(virtual_zarr)],
) -> Response:
    """Return a document or a chunk; 404 for any other key."""
    source = RepositoryPixels(parts_of(request).repository, grant.username)
    encoded = await zarr.read(source, grant.username, image_id, key)
    answer = zarr_answer(request, key, encoded)
    answer.headers["vary"] = "Authorization"
    return answer
