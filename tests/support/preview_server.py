"""A real uvicorn server that serves virtual OME-Zarr, with tokens that can be revoked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.preview_images import ArraySource
from transferapp import errors
from transferapp.preview.virtual_zarr import VirtualZarr
from transferapp.protocol.problems import MEDIA_TYPE, to_problem


@dataclass
class PreviewServer:
    """Serves ``/v1/images/{id}/zarr/{key}`` to who has a good token."""

    source: ArraySource
    tokens: set[str] = field(default_factory=lambda: {"good"})
    keys: list[str] = field(default_factory=list)
    url: str = ""
    delay_s: float = 0.0
    #: Whether pixels can be read; the documents always can.
    has_pixels: bool = True
    zarr: VirtualZarr = field(default_factory=VirtualZarr)

    def image_url(self, image_id: int) -> str:
        return f"{self.url}/v1/images/{image_id}/zarr"

    async def answer(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        key = request.path_params["key"]
        self.keys.append(key)
        await asyncio.sleep(self.delay_s)
        try:
            if token not in self.tokens:
                raise errors.GrantRefused
            if "/c/" in key and not self.has_pixels:
                raise errors.RepositoryUnavailable
            image_id = request.path_params["image_id"]
            encoded = await self.zarr.read(self.source, "ada", image_id, key)
        except errors.TransferAppError as error:
            problem = to_problem(error)
            return Response(
                problem.model_dump_json(), status_code=problem.status, media_type=MEDIA_TYPE
            )
        return Response(encoded.body, headers={"etag": encoded.etag})


@contextmanager
def serving(source: ArraySource) -> Iterator[PreviewServer]:
    """Serve from a thread of its own on a free port of the loopback address."""
    server = PreviewServer(source)
    route = Route("/v1/images/{image_id:int}/zarr/{key:path}", server.answer)
    config = uvicorn.Config(
        Starlette(routes=[route]), host="127.0.0.1", port=0, log_level="warning", lifespan="off"
    )
    running = uvicorn.Server(config)
    sock = config.bind_socket()
    server.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        running.should_exit = True
        thread.join(10)
        sock.close()
