"""Images: lists, details, thumbnails."""

from __future__ import annotations

from hashlib import sha1
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from transferapp.model.containers import ContainerRef
from transferapp.model.export_places import ImageLocation
from transferapp.model.images import ImageDetails, ImageSummary
from transferapp.protocol import routes
from transferapp.protocol.messages import Page
from transferapp.protocol.numbers import Number
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of

router = APIRouter(prefix=routes.IMAGES, tags=["images"])

MAX_EDGE_PX = 1024


@router.get("", response_model=Page[ImageSummary])
async def find(
    grant: SessionGrant,
    request: Request,
    container: Annotated[str, Query(alias="in")] = "",
    text: str = "",
    after: Number = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List images in id order: those of a container, or all that are visible."""
    ref = ContainerRef.parse(container) if container else None
    async with parts_of(request).repository.session(grant.username) as session:
        found = await session.images.find(ref, text=text, after=after, limit=limit)
    following = str(found[-1].id) if len(found) == limit else None
    return json_answer(Page[ImageSummary], Page(items=found, next=following))


@router.get("/{image_id}", response_model=ImageDetails)
async def image(image_id: Number, grant: SessionGrant, request: Request) -> Response:
    """Return all of one image."""
    async with parts_of(request).repository.session(grant.username) as session:
        found = await session.images.get(image_id)
    return json_answer(ImageDetails, found)


@router.get("/{image_id}/locations", response_model=list[ImageLocation])
async def locations(image_id: Number, grant: SessionGrant, request: Request) -> Response:
    """List the projects, datasets, screens and plates that an image lies in."""
    async with parts_of(request).repository.session(grant.username) as session:
        found = await session.containers.locate([image_id])
    return json_answer(list[ImageLocation], found)


@router.get("/{image_id}/thumbnail", response_class=Response)
async def thumbnail(
    image_id: Number,
    grant: SessionGrant,
    request: Request,
    edge: Annotated[int, Query(ge=16, le=MAX_EDGE_PX)] = 96,
) -> Response:
    """Return a JPEG whose longer edge is ``edge`` pixels."""
    async with parts_of(request).repository.session(grant.username) as session:
        jpeg = await session.images.thumbnail(image_id, edge)
    etag = f'"{sha1(jpeg, usedforsecurity=False).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "private, max-age=3600"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(jpeg, headers=headers, media_type="image/jpeg")
