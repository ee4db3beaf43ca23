"""Signed URLs: made for a signed-in person, and read by programs that have no token."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transferapp.errors import ImageNotFound, SignedUrlEnded
from transferapp.preview.virtual_zarr import VirtualZarr
from transferapp.protocol import routes
from transferapp.protocol.numbers import Number
from transferapp.protocol.signed_urls import NewSignedUrl, SignedUrl
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of
from transferapp.server.routes.previews import RepositoryPixels, virtual_zarr
from transferapp.server.zarr_answer import CHUNK_KEPT_S, zarr_answer

router = APIRouter(tags=["previews"])


@router.post(
    routes.IMAGES + "/{image_id}/signed-url",
    status_code=HTTPStatus.CREATED,
    response_model=SignedUrl,
)
async def sign(
    image_id: Number, asked: NewSignedUrl, grant: SessionGrant, request: Request
) -> Response:
    """Make an address under which any zarr client reads this image, as you, for a while.

    It ends by itself (`expires_at`), and at once when this session does. Whoever has it can
    read the image and nothing else. `url` is a path below this server's address.
    """
    lifetime = timedelta(seconds=asked.lifetime_s) if asked.lifetime_s else None
    signed = await parts_of(request).signed_urls.sign(grant, image_id, lifetime)
    answer = json_answer(SignedUrl, signed, HTTPStatus.CREATED)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get(routes.SIGNED + "/{signature}/image.zarr/{key:path}", response_class=Response)
@router.head(routes.SIGNED + "/{signature}/image.zarr/{key:path}", response_class=Response)
async def read_signed_key(
    signature: str,
    key: str,
    request: Request,
    zarr: Annotated[VirtualZarr, Depends(virtual_zarr)],
) -> Response:
    """Return a document or a chunk; 404 for any other key, 410 when the address has ended."""
    parts = parts_of(request)
    image, grant = await parts.signed_urls.check(signature)
    source = RepositoryPixels(parts.repository, grant.username)
    try:
        encoded = await zarr.read(source, grant.username, image.image_id, key)
    except ImageNotFound as error:
        raise SignedUrlEnded("The image is gone, or may not be seen any more.") from error
    left_s = int(parts.signed_urls.left(image.expires_at).total_seconds())
    answer = zarr_answer(request, key, encoded, min(CHUNK_KEPT_S, left_s))
    # The address is the secret: a page that shows the image tells it to nobody else.
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


class SignedCors:
    """Lets web pages of other origins read what is signed, and nothing else here."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an application."""
        self._app = app
        self._open = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD"],
            allow_headers=["Range", "If-Range", "If-None-Match", "Cache-Control"],
            expose_headers=["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or not scope["path"].startswith(f"{routes.SIGNED}/"):
            await self._app(scope, receive, send)
            return

        async def send_once(message: Message) -> None:
            # Starlette adds "Origin" to what an answer has, some releases only to some.
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["vary"] = "Origin"
            await send(message)

        await self._open(scope, receive, send_once)
