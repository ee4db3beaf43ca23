"""What the image repository reads; anyone may ask, so that files can be looked at first."""

from __future__ import annotations

from hashlib import sha256
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.formats.read_formats import RepositoryFormats
from transferapp.protocol import routes
from transferapp.server.answers import json_answer
from transferapp.server.parts import parts_of

router = APIRouter(tags=["formats"])


@router.get(routes.FORMATS, response_model=RepositoryFormats)
async def formats(request: Request) -> Response:
    """Say whose answer this is, and what is read; 304 for who has the same already."""
    answer = json_answer(RepositoryFormats, await parts_of(request).formats.reported())
    etag = f'"{sha256(answer.body).hexdigest()}"'
    headers = {"etag": etag, "cache-control": "no-cache"}
    asked = request.headers.get("if-none-match", "")
    if etag in (one.strip().removeprefix("W/") for one in asked.split(",")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    answer.headers.update(headers)
    return answer
