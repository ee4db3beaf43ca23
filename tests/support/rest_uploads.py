"""Upload by hand over tus, run queued tasks by hand: what agent and worker do, bare."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, cast

import httpx
from typing_extensions import override

from tests.support.rest_server import RestServer
from transferapp.model.transfers import TransferFile
from transferapp.operations.import_fileset import ImportFileset, import_fileset_kind
from transferapp.operations.prepare_export import PrepareExport, prepare_export_kind
from transferapp.taskqueue.port import Context, NewTask, Task

TUS = {"Tus-Resumable": "1.0.0"}


class PlainContext(Context):
    """Runs every step at once, as a worker that never fails."""

    @property
    @override
    def task(self) -> Task:
        raise NotImplementedError

    @override
    async def step(
        self, name: str, function: Callable[..., Awaitable[Any]], *arguments: Any
    ) -> Any:
        return await function(*arguments)

    @override
    async def progress(
        self, fraction: float, note: str = "", *, bytes_done: int | None = None
    ) -> None:
        return

    @override
    async def stopped_by_person(self) -> bool:
        return False

    @override
    async def portions(self, portions: Sequence[NewTask]) -> None:
        raise NotImplementedError

    @override
    def lock(self, name: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()


async def run_import(server: RestServer, transfer_id: str, item_id: str) -> None:
    """Do what the worker does with a received item."""
    parts = server.parts
    kind = import_fileset_kind(parts.ledger, parts.staging, parts.repository, parts.clock)
    payload = ImportFileset(transfer_id=transfer_id, item_id=item_id)
    await kind.handler(PlainContext(), payload)


async def run_export(server: RestServer, transfer_id: str, item_id: str) -> None:
    """Do what the worker does with a new export."""
    parts = server.parts
    kind = prepare_export_kind(parts.ledger, parts.repository, parts.clock)
    payload = PrepareExport(transfer_id=transfer_id, item_id=item_id)
    await kind.handler(PlainContext(), payload)


def bearer(token: str) -> dict[str, str]:
    """Return the header of a token."""
    return {"Authorization": f"Bearer {token}"}


async def create_upload(
    http: httpx.AsyncClient, grant: str, transfer_id: str, file: TransferFile
) -> httpx.Response:
    """Ask for the upload of a file."""
    pairs = {"transfer": transfer_id, "file": file.id}
    encoded = [f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items()]
    headers = {"Upload-Length": str(file.size_bytes), "Upload-Metadata": ",".join(encoded)}
    return await http.post("/v1/uploads", headers=TUS | bearer(grant) | headers)


async def send_part(
    http: httpx.AsyncClient, grant: str, file_id: str, offset: int, body: bytes
) -> httpx.Response:
    """Send one part."""
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
    }
    path = f"/v1/uploads/{file_id}"
    return await http.patch(path, content=body, headers=TUS | bearer(grant) | headers)


async def upload(
    http: httpx.AsyncClient, grant: str, transfer_id: str, file: TransferFile, body: bytes
) -> str:
    """Upload a file in one part and return its SHA-1."""
    created = await create_upload(http, grant, transfer_id, file)
    assert created.status_code == httpx.codes.CREATED, created.text
    if body:
        sent = await send_part(http, grant, file.id, 0, body)
        assert sent.status_code == httpx.codes.NO_CONTENT, sent.text
    return sha1_of(body)


def sha1_of(body: bytes) -> str:
    """Return a SHA-1 as the wire writes it."""
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def problem_of(response: httpx.Response) -> dict[str, Any]:
    """Return the body of an error answer."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return cast("dict[str, Any]", response.json())
