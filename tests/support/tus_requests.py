"""Requests to a tus server: orders of our own client, and single requests by hand."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from transferapp.client.problems import raise_for_problem
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadedFile, UploadOrder, upload_file
from transferapp.protocol import routes
from transferapp.sandbox.data_server import DataServer, data_server
from transferapp.testing.staging_suite import new_id

PART = 1 << 20


def order_of(source: Path, server: DataServer, **changes: object) -> UploadOrder:
    found = source.stat()
    fields: dict[str, object] = {
        "transfer_id": uuid.uuid4().hex,
        "file_id": new_id(),
        "path": source,
        "size_bytes": found.st_size,
        "modified_ns": found.st_mtime_ns,
        "grant": server.token,
        "part_size": PART,
    }
    return UploadOrder(**(fields | changes))  # type: ignore[arg-type]  # a test's shortcut


def upload(client: httpx.Client, order: UploadOrder) -> UploadedFile:
    return upload_file(client, order, lambda _sent: None)


def sealed_sha1(client: httpx.Client, order: UploadOrder) -> str:
    """Seal and return the SHA-1 of what the server has on disk."""
    url = routes.file_seal(order.transfer_id, order.file_id)
    return raise_for_problem(client.post(url)).text


def sha1_of(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def headers_of(server: DataServer, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"tus-resumable": "1.0.0", "authorization": f"Bearer {server.token}"} | named


def create(client: httpx.Client, server: DataServer, size: int, **more: str) -> str:
    """Create an upload by hand and return its path."""
    pairs = ("transfer", "t" * 8), ("file", new_id())
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs)
    headers = headers_of(server, upload_length=str(size), upload_metadata=metadata)
    response = raise_for_problem(client.post(routes.UPLOADS, headers=headers | more))
    assert response.status_code == 201
    return response.headers["location"]


def patch(
    client: httpx.Client, server: DataServer, url: str, offset: int, body: bytes, **more: str
) -> httpx.Response:
    headers = headers_of(
        server,
        upload_offset=str(offset),
        content_type="application/offset+octet-stream",
        **more,
    )
    return client.patch(url, headers=headers, content=body)


def offset_of(client: httpx.Client, server: DataServer, url: str) -> int:
    response = raise_for_problem(client.head(url, headers=headers_of(server)))
    return int(response.headers["upload-offset"])


@contextlib.contextmanager
def half_patch(
    server: DataServer, url: str, body: bytes, length: int
) -> Iterator[socket.socket]:
    """Begin a PATCH of ``length`` bytes, send ``body``, and leave the rest open."""
    headers = headers_of(
        server,
        host="x",
        upload_offset="0",
        content_type="application/offset+octet-stream",
        content_length=str(length),
    )
    lines = [f"PATCH {url} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall("\r\n".join(lines).encode() + body)
        yield wire


def read_to_end(wire: socket.socket) -> bytes:
    """Read an answer and the end of its connection."""
    return b"".join(iter(lambda: wire.recv(65536), b""))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataServer]:
    with data_server(tmp_path_factory.mktemp("data") / "staging") as server:
        yield server


@pytest.fixture
def client(server: DataServer) -> Iterator[httpx.Client]:
    with bulk_client(server.url) as client:
        yield client
