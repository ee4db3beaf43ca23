"""The data plane alone, as a process: uploads into staging, sealed files back by ranges.

Tests kill it and benches measure it; ``python -m transferapp.sandbox.data_server FOLDER``
prints its port and serves until it is stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import override

from transferapp import errors
from transferapp.host.allocator import tune_allocator
from transferapp.host.logging import configure_logging
from transferapp.protocol import routes
from transferapp.server.content import content_response, file_reader
from transferapp.server.tus_headers import problem_answer
from transferapp.server.upload_authorization_port import UploadAuthorization
from transferapp.server.uploads import TusApp, tus_routes
from transferapp.staging.port import StagedFile, Staging
from transferapp.staging.stores.filesystem import FilesystemStaging

#: The environment variable that hands the token over; arguments are seen by everyone.
TOKEN_VARIABLE = "TRANSFERAPP_DATA_TOKEN"  # noqa: S105 - a name, not a secret


class OneTokenAuthorization(UploadAuthorization):
    """Lets whoever has the token do anything, and remembers what it was told."""

    def __init__(self, staging: Staging, token: str) -> None:
        """Guard ``staging``."""
        self._staging = staging
        self._token = token
        self.offsets: dict[str, int] = {}

    @override
    async def authorize(
        self,
        authorization_header: str,
        file_id: str | None,
        transfer_id: str | None,
        size: int | None,
    ) -> str:
        """Check the token."""
        if authorization_header != f"Bearer {self._token}" or file_id is None:
            raise errors.GrantRefused
        return file_id

    @override
    async def begin(self, file_id: str, size: int) -> StagedFile:
        """Make or find the upload."""
        return await self._staging.create(file_id, size)

    @override
    async def part_arrived(self, file_id: str, offset: int) -> None:
        """Remember the offset."""
        self.offsets[file_id] = offset

    @override
    async def discard(self, file_id: str) -> None:
        """Forget the upload; raises NoSuchFile."""
        await self._staging.get(file_id)
        await self._staging.discard(file_id)


def data_app(staging: FilesystemStaging, authorization: UploadAuthorization) -> Starlette:
    """Make the application: tus, seal (answers the SHA-1 on disk) and ranged content."""
    sha1_by_id: dict[str, str] = {}

    async def seal(request: Request) -> Response:
        file_id = request.path_params["file_id"]
        path = await staging.seal(file_id)
        sha1_by_id[file_id] = await anyio.to_thread.run_sync(_sha1, path)
        return Response(sha1_by_id[file_id])

    async def content(request: Request) -> Response:
        file_id = request.path_params["file_id"]
        path = await staging.path(file_id)
        if file_id not in sha1_by_id:
            sha1_by_id[file_id] = await anyio.to_thread.run_sync(_sha1, path)
        size = path.stat().st_size
        return content_response(
            request, file_reader(path), size, sha1_by_id[file_id], path.name
        )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await staging.close()

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, errors.TransferAppError)
        return problem_answer(error, request.headers)

    names = ("{transfer_id}", "{file_id}")
    return Starlette(
        routes=[
            *tus_routes(TusApp(staging, authorization)),
            Route(routes.file_seal(*names), seal, methods=["POST"]),
            Route(routes.file_content(*names), content),
        ],
        lifespan=lifespan,
        exception_handlers={errors.TransferAppError: refuse},
    )


@dataclass(frozen=True)
class DataServer:
    """A running data server process."""

    process: subprocess.Popen[bytes]
    url: str
    token: str


@contextlib.contextmanager
def data_server(folder: Path, *, port: int = 0, token: str = "") -> Iterator[DataServer]:
    """Start the process on ``folder`` (and a known port, to come back on) and end it."""
    token = token or secrets.token_urlsafe()
    command = [sys.executable, "-m", __name__, str(folder), "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, env=os.environ | {TOKEN_VARIABLE: token}
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        assert line, "the data server did not start"
        yield DataServer(process, f"http://127.0.0.1:{int(line)}", token)
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def _sha1(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def _main() -> int:
    configure_logging("data-server")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    tune_allocator()
    staging = FilesystemStaging(arguments.folder)
    authorization = OneTokenAuthorization(staging, os.environ[TOKEN_VARIABLE])
    listener = socket.create_server(("127.0.0.1", arguments.port))
    config = uvicorn.Config(
        data_app(staging, authorization),
        http="httptools",
        log_level="warning",
        log_config=None,
        access_log=False,
    )
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(_main())
