"""Files attached to containers and images: their list, and their bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.errors import NotFound
from transferapp.model.attachments import Attachment
from transferapp.model.containers import ContainerRef
from transferapp.protocol import routes
from transferapp.protocol.numbers import Number
from transferapp.repositories.port import Capability, Repository
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant
from transferapp.server.content import content_response
from transferapp.server.parts import parts_of

router = APIRouter(tags=["attachments"])

_CONTENT = routes.ATTACHMENTS + "/{attachment_id}/content"


@router.get(routes.container_attachments("{ref}"), response_model=list[Attachment])
async def attachments(ref: str, grant: SessionGrant, request: Request) -> Response:
    """List what this program has attached to a container."""
    repository = _repository(request)
    async with repository.session(grant.username) as session:
        found = await session.attachments.of(ContainerRef.parse(ref))
    return json_answer(list[Attachment], found)


@router.get(routes.image_attachments("{image_id}"), response_model=list[Attachment])
async def attached_to_image(
    image_id: Number, grant: SessionGrant, request: Request
) -> Response:
    """List what this program has attached to an image."""
    repository = _repository(request)
    async with repository.session(grant.username) as session:
        found = await session.attachments.of_image(image_id)
    return json_answer(list[Attachment], found)


@router.get(_CONTENT, response_class=Response)
@router.head(_CONTENT, response_class=Response)
async def content(attachment_id: Number, grant: SessionGrant, request: Request) -> Response:
    """Return an attachment's bytes, whole or a range."""
    repository = _repository(request)
    async with repository.session(grant.username) as session:
        found = await session.attachments.get(attachment_id)

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        async with repository.session(grant.username) as session:
            async for piece in session.attachments.read(attachment_id, offset, length):
                yield piece

    return content_response(request, read, found.size_bytes, found.sha1, found.name)


def _repository(request: Request) -> Repository:
    repository = parts_of(request).repository
    if Capability.ATTACHMENTS not in repository.capabilities:
        raise NotFound(f"{repository.name} takes no attachments.")
    return repository
