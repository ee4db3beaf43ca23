"""Send a file's bytes, whole or a range, as fast as the source can be read.

Starlette's FileResponse reaches a quarter of this (docs/adr/0005) and cannot read from a
repository.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import cast
from urllib.parse import quote

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send
from typing_extensions import override

#: Bytes of one read.
READ_SIZE = 1 << 20

#: Called with (offset, length in bytes); yields exactly these bytes.
ContentReader = Callable[[int, int], AsyncIterator[bytes]]

_RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})$")


def content_response(
    request: Request,
    open_reader: ContentReader,
    size: int,
    etag: str,
    filename: str = "",
    media_type: str = "application/octet-stream",
) -> Response:
    """Answer GET or HEAD for ``size`` bytes: 200, 206, 304 or 416.

    ``etag`` is the bare validator (the SHA-1); without a ``filename`` the answer is shown
    and not saved; ``open_reader`` is called only when bytes
    are sent, and what it raises before its first byte is an answer as any other. A source
    that ends early breaks the connection, so that no client can take
    the bytes for complete.
    """
    quoted = f'"{etag}"'
    headers = {
        "accept-ranges": "bytes",
        "etag": quoted,
        "cache-control": "private, no-cache",
        "x-content-type-options": "nosniff",
    }
    if filename:
        headers["content-disposition"] = _disposition(filename)
    if quoted in _listed(request.headers.get("if-none-match", "")):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    headers["content-type"] = media_type
    if request.method == "HEAD":
        return Response(headers=headers | {"content-length": str(size)})
    try:
        span = _asked_range(request, size, quoted)
    except IndexError:
        headers["content-range"] = f"bytes */{size}"
        return Response(status_code=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    status = HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT
    start, length = span or (0, size)
    if span is not None:
        headers["content-range"] = f"bytes {start}-{start + length - 1}/{size}"
    headers["content-length"] = str(length)
    return _BegunResponse(
        _exactly(open_reader, start, length), status_code=status, headers=headers
    )


class _BegunResponse(StreamingResponse):
    """Answers once the first bytes are there: until then a source that refuses to give them
    (OMERO's policy on downloads) can still be answered in plain words.
    """

    @override
    async def stream_response(self, send: Send) -> None:
        """Wait for the first piece, then send all; the source is closed in any case."""
        pieces = cast("AsyncGenerator[bytes, None]", self.body_iterator)
        async with aclosing(pieces):
            first = await anext(pieces, b"")
            async with aclosing(_joined(first, pieces)) as joined:
                self.body_iterator = joined
                await super().stream_response(send)


async def _joined(
    first: bytes, rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    yield first
    async for piece in rest:
        yield piece


def file_reader(path: Path) -> ContentReader:
    """Read a file of this machine in pieces of 1 MiB, off the event loop."""

    async def read(offset: int, length: int) -> AsyncIterator[bytes]:
        source = await anyio.to_thread.run_sync(_open_at, path, offset)
        try:
            while length > 0:
                piece = await anyio.to_thread.run_sync(source.read, min(READ_SIZE, length))
                if not piece:
                    return
                length -= len(piece)
                yield piece
        finally:
            source.close()

    return read


def _open_at(path: Path, offset: int) -> FileIO:
    source = path.open("rb", buffering=0)
    source.seek(offset)
    return source


async def _exactly(open_reader: ContentReader, start: int, length: int) -> AsyncIterator[bytes]:
    """Yield the source's bytes; uvicorn ends the connection when there are too few."""
    if length == 0:
        return
    pieces = open_reader(start, length)
    # A client that goes away must close the source at once, not when memory is collected.
    async with aclosing(pieces):  # type: ignore[type-var]  # readers are async generators
        async for piece in pieces:
            yield piece


def _asked_range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Return (start, length) of a single range, or None for the whole content.

    Raises IndexError when the range lies outside. What is no single range in bytes, or
    belongs to another version (If-Range), is answered with the whole, as RFC 9110 allows.
    """
    match = _RANGE.match(request.headers.get("range", "").replace(" ", ""))
    if match is None or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        length = min(int(last) if last else size, size - 1) + 1 - start
        if last and int(last) < start:
            return None
    if length <= 0:
        raise IndexError(start)
    return start, length


def _listed(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _disposition(filename: str) -> str:
    """Name the file for old clients in ASCII and for all others in UTF-8 (RFC 5987)."""
    plain = filename.encode("ascii", "replace").decode()
    plain = re.sub(r'[\x00-\x1f\x7f"\\/?]', "_", plain)
    exact = quote(filename.encode("utf-8", "replace"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"
