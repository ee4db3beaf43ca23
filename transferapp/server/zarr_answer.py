"""Answers with a document or chunk of a preview, whole or in part."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from transferapp.preview.cache import Encoded
from transferapp.preview.zarr_metadata import DOCUMENT
from transferapp.server.content import content_response

#: Seconds. Chunks of an image do not change; documents do, when someone sets colours.
CHUNK_KEPT_S = 3600


def zarr_answer(
    request: Request, key: str, encoded: Encoded, kept_s: int = CHUNK_KEPT_S
) -> Response:
    """Answer GET or HEAD for a key; a client may keep a chunk for ``kept_s`` seconds."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        yield encoded.body[offset : offset + length]

    is_document = key.endswith(DOCUMENT)
    answer = content_response(
        request,
        read,
        len(encoded.body),
        encoded.etag.strip('"'),
        media_type="application/json" if is_document else "application/octet-stream",
    )
    if not is_document:
        answer.headers["cache-control"] = f"private, max-age={kept_s}"
    return answer
