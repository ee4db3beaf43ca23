"""A small server that speaks the transfer part of the wire, to stop, slow and look into."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
import threading
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any, Self

import uvicorn
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.fake_answers import (
    EPOCH,
    accepted_answer,
    model_answer,
    problem_answer,
    queued_item,
    with_places,
)
from transferapp import errors
from transferapp.model.drops import SourceScan
from transferapp.model.promises import Promises
from transferapp.model.transfers import (
    PROBLEM_STATES,
    ItemProblem,
    ItemState,
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
    overall_state,
)
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.messages import (
    Accepted,
    ChangedSource,
    Delivered,
    ImportRequest,
    NewFile,
    NewItem,
    Report,
    Seal,
)


@dataclass
class FakeServer:
    """Start it with ``with``; ``stop`` and ``start`` play an outage on the same port."""

    #: Items are imported as soon as they are sealed; else they stay received.
    imports_at_once: bool = True
    #: Bytes of an export's file by image id; filesets of more files by their client paths.
    images: dict[int, bytes] = field(default_factory=dict)
    filesets: dict[int, dict[str, bytes]] = field(default_factory=dict)
    #: Where they go ("Project/Dataset"), and what becomes of an export's items at first.
    ways: dict[int, str] = field(default_factory=dict)
    export_state: ItemState = ItemState.READY
    #: Bytes that have arrived, by file id, and how often each file was sealed.
    arrived: dict[str, bytearray] = field(default_factory=dict)
    seals: dict[str, int] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    details: dict[str, TransferDetails] = field(default_factory=dict)
    reports: list[tuple[str, str]] = field(default_factory=list)
    polls: list[SourceScan] = field(default_factory=list)
    #: Files that were to be sent anew, with their sizes.
    anew: list[tuple[str, int]] = field(default_factory=list)
    #: The next such wish is granted, and its answer does not arrive.
    loses_answers: bool = False
    requests: list[str] = field(default_factory=list)
    _by_key: dict[str, str] = field(default_factory=dict)
    port: int = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; again on the same port after ``stop``."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        self.port = listener.getsockname()[1]
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(), log_config=None, lifespan="off", timeout_graceful_shutdown=0
            )
        )
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[listener])), daemon=True
        )
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)

    def stop(self) -> None:
        """Go away, connections and all."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)

    def new_import(self, name: str, items: list[NewItem]) -> Accepted:
        """Register an import."""
        transfer_id = uuid.uuid4().hex
        rows, files = [], []
        for item in items:
            item_id = uuid.uuid4().hex
            size = sum(file.size_bytes for file in item.files)
            rows.append(queued_item(transfer_id, item_id, item.name, (len(item.files), size)))
            files += [
                TransferFile(uuid.uuid4().hex, item_id, f.client_path, f.size_bytes)
                for f in item.files
            ]
        return self._add(transfer_id, TransferKind.IMPORT, name, rows, files)

    def new_export(self, name: str, image_ids: list[int]) -> Accepted:
        """Register an export; its items are ready at once, or in ``export_state``."""
        transfer_id = uuid.uuid4().hex
        rows, files = [], []
        for image_id in image_ids:
            lone = {f"lab/image {image_id}.tif": self.images.get(image_id, b"")}
            item_id, contents = uuid.uuid4().hex, self.filesets.get(image_id, lone)
            size = sum(map(len, contents.values()))
            item = queued_item(transfer_id, item_id, f"image {image_id}", (len(contents), size))
            rows.append(replace(item, state=self.export_state, image_ids=(image_id,)))
            for path, content in contents.items():
                sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
                file_id = uuid.uuid4().hex
                self.arrived[file_id] = bytearray(content)
                files.append(TransferFile(file_id, item_id, path, len(content), sha1=sha1))
        made = self._add(transfer_id, TransferKind.EXPORT, name, rows, files)
        self.details[transfer_id] = with_places(made.details, self.ways)
        return made

    def item(self, transfer_id: str, number: int = 0) -> TransferItem:
        """Return an item."""
        return self.details[transfer_id].items[number]

    def set_item(self, transfer_id: str, item_id: str, **values: Any) -> TransferItem:
        """Change an item."""
        details = self.details[transfer_id]
        items = tuple(replace(i, **values) if i.id == item_id else i for i in details.items)
        state = overall_state([i.state for i in items], details.transfer.kind)
        self.details[transfer_id] = replace(
            details, items=items, transfer=replace(details.transfer, state=state)
        )
        return next(i for i in items if i.id == item_id)

    def import_all(self, transfer_id: str) -> None:
        """Play the worker: import every received item."""
        for item in self.details[transfer_id].items:
            self.set_item(transfer_id, item.id, state=ItemState.IMPORTED, verified=True)

    def content(self, client_path: str) -> bytes:
        """Return what has arrived of a file."""
        (found,) = [
            f for d in self.details.values() for f in d.files if f.client_path == client_path
        ]
        return bytes(self.arrived.get(found.id, b""))

    def _add(
        self,
        transfer_id: str,
        kind: TransferKind,
        name: str,
        items: list[TransferItem],
        files: list[TransferFile],
    ) -> Accepted:
        transfer = Transfer(
            id=transfer_id,
            kind=kind,
            name=name,
            owner="alice",
            state=ItemState.QUEUED,
            created_at=EPOCH,
            updated_at=EPOCH,
            item_count=len(items),
            items_done=0,
            items_in_trouble=0,
            file_count=len(files),
            size_bytes=sum(f.size_bytes for f in files),
            bytes_done=0,
            promises=Promises(
                safe_to_log_off=False, safe_to_switch_off=False, safe_to_delete_source=False
            ),
        )
        self.details[transfer_id] = TransferDetails(transfer, tuple(items), tuple(files))
        return self.accepted(transfer_id)

    def accepted(self, transfer_id: str) -> Accepted:
        """Answer with a fresh grant."""
        self.grants[transfer_id] = f"ta1_{secrets.token_urlsafe(24)}"
        return Accepted(details=self.details[transfer_id], grant=self.grants[transfer_id])

    def _app(self) -> Starlette:
        one = routes.TRANSFERS + "/{transfer}"
        post = ["POST"]
        return Starlette(
            routes=[
                Route(routes.IMPORTS, self._imports, methods=post),
                Route(routes.EXPORTS, self._exports, methods=post),
                Route(one, self._details),
                Route(one + "/cancel", self._cancel, methods=post),
                Route(one + "/source", self._source, methods=post),
                Route(one + "/items/{item}/report", self._report, methods=post),
                Route(one + "/items/{item}/delivered", self._delivered, methods=post),
                Route(one + "/files/{file}/seal", self._seal, methods=post),
                Route(one + "/files/{file}/anew", self._send_anew, methods=post),
                Route(one + "/files/{file}/content", self._content),
                Route(routes.UPLOADS, self._create, methods=post),
                Route(routes.UPLOADS + "/{file}", self._patch, methods=["PATCH"]),
                Route(routes.UPLOADS + "/{file}", self._head, methods=["HEAD"]),
                Route(routes.UPLOADS + "/{file}", self._delete, methods=["DELETE"]),
            ],
            exception_handlers={errors.TransferAppError: problem_answer},
        )

    def _check(self, request: Request, transfer_id: str) -> str:
        self.requests.append(f"{request.method} {request.url.path}")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if transfer_id not in self.details:
            raise errors.TransferNotFound
        if token != self.grants[transfer_id]:
            raise errors.GrantRefused
        return transfer_id

    async def _imports(self, request: Request) -> Response:
        body = ImportRequest.model_validate_json(await request.body())
        key = request.headers[routes.IDEMPOTENCY_KEY]
        if key in self._by_key:
            return accepted_answer(self.accepted(self._by_key[key]))
        accepted = self.new_import(body.name, body.items)
        self._by_key[key] = accepted.details.transfer.id
        return accepted_answer(accepted)

    async def _exports(self, request: Request) -> Response:
        body = ExportRequest.model_validate_json(await request.body())
        return accepted_answer(self.new_export(body.name, body.image_ids))

    async def _details(self, request: Request) -> Response:
        details = self.details[self._check(request, request.path_params["transfer"])]
        if request.query_params.get("files") != "true":
            details = replace(details, files=(), places=())
        return model_answer(TransferDetails, details)

    async def _cancel(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        for item in self.details[transfer_id].items:
            self.set_item(transfer_id, item.id, state=ItemState.CANCELLED)
        return model_answer(TransferDetails, self.details[transfer_id])

    async def _source(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        scan = TypeAdapter(SourceScan).validate_json(await request.body())
        self.polls.append(scan)
        details = self.details[transfer_id]
        transfer = replace(details.transfer, look=scan)
        self.details[transfer_id] = replace(details, transfer=transfer)
        return model_answer(Transfer, transfer)

    async def _report(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        report = Report.model_validate_json(await request.body())
        self.reports.append((report.code, report.message))
        problem = ItemProblem(report.code, "", report.message) if report.code else None
        state = ItemState.NEEDS_ATTENTION if problem else ItemState.UPLOADING
        item_id = request.path_params["item"]
        return model_answer(
            TransferItem, self.set_item(transfer_id, item_id, state=state, trouble=problem)
        )

    async def _delivered(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        Delivered.model_validate_json(await request.body())
        item_id = request.path_params["item"]
        return model_answer(
            TransferItem, self.set_item(transfer_id, item_id, state=ItemState.DELIVERED)
        )

    async def _seal(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        seal = Seal.model_validate_json(await request.body())
        file_id = request.path_params["file"]
        content = bytes(self.arrived[file_id])
        if hashlib.sha1(content, usedforsecurity=False).hexdigest() != seal.sha1:
            raise errors.ChecksumMismatch
        self.seals[file_id] = self.seals.get(file_id, 0) + 1
        files = self.details[transfer_id].files
        item_id = next(f.item_id for f in files if f.id == file_id)
        if all(f.id in self.seals for f in files if f.item_id == item_id):
            state = ItemState.IMPORTED if self.imports_at_once else ItemState.RECEIVED
            done = self.imports_at_once
            values = {"state": state, "received": True, "verified": done, "trouble": None}
            self.set_item(transfer_id, item_id, **values)
        item = next(i for i in self.details[transfer_id].items if i.id == item_id)
        return model_answer(TransferItem, item)

    async def _send_anew(self, request: Request) -> Response:
        transfer_id = self._check(request, request.path_params["transfer"])
        size = ChangedSource.model_validate_json(await request.body()).size_bytes
        file_id = request.path_params["file"]
        details = self.details[transfer_id]
        [found] = [file for file in details.files if file.id == file_id]
        [item] = [item for item in details.items if item.id == found.item_id]
        if item.received and item.state not in PROBLEM_STATES:
            raise errors.StateConflict
        files = tuple(
            replace(file, size_bytes=size) if file is found else file for file in details.files
        )
        self.details[transfer_id] = replace(details, files=files)
        self.arrived.pop(file_id, None)
        self.seals.pop(file_id, None)
        self.anew.append((found.client_path, size))
        values = {"state": ItemState.QUEUED, "received": False, "trouble": None}
        item = self.set_item(transfer_id, found.item_id, **values)
        if self.loses_answers:
            self.loses_answers = False
            raise errors.Unavailable
        return model_answer(TransferItem, item)

    async def _content(self, request: Request) -> Response:
        details = self.details[self._check(request, request.path_params["transfer"])]
        file_id = request.path_params["file"]
        item_id = next(file.item_id for file in details.files if file.id == file_id)
        if any(i.id == item_id and i.state is ItemState.CANCELLED for i in details.items):
            raise errors.StateConflict
        content = bytes(self.arrived[file_id])
        start = request.headers.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0]
        at = int(start)
        headers = {"content-range": f"bytes {at}-{len(content) - 1}/{len(content)}"}
        if "range" not in request.headers:
            return Response(content)
        return Response(content[at:], 206, headers)

    async def _create(self, request: Request) -> Response:
        pairs = dict(p.split(" ") for p in request.headers["upload-metadata"].split(","))
        names = {key: base64.b64decode(value).decode() for key, value in pairs.items()}
        self._check(request, names["transfer"])
        arrived = self.arrived.setdefault(names["file"], bytearray())
        headers = {
            "location": f"{routes.UPLOADS}/{names['file']}",
            "upload-offset": str(len(arrived)),
        }
        return Response(status_code=201, headers=headers)

    def _transfer_of(self, file_id: str) -> str:
        return next(
            d.transfer.id for d in self.details.values() for f in d.files if f.id == file_id
        )

    async def _patch(self, request: Request) -> Response:
        file_id = request.path_params["file"]
        self._check(request, self._transfer_of(file_id))
        arrived = self.arrived[file_id]
        if int(request.headers["upload-offset"]) != len(arrived):
            raise errors.OffsetMismatch
        body = bytearray()
        try:
            async for piece in request.stream():
                body += piece
        except ClientDisconnect:
            return Response(status_code=400)
        arrived += body
        return Response(status_code=204, headers={"upload-offset": str(len(arrived))})

    async def _head(self, request: Request) -> Response:
        file_id = request.path_params["file"]
        self._check(request, self._transfer_of(file_id))
        return Response(headers={"upload-offset": str(len(self.arrived[file_id]))})

    async def _delete(self, request: Request) -> Response:
        file_id = request.path_params["file"]
        self._check(request, self._transfer_of(file_id))
        self.arrived.pop(file_id, None)
        return Response(status_code=204)


def new_item(name: str, size_bytes: int) -> NewItem:
    """An item of one file."""
    return NewItem(name=name, files=[NewFile(client_path=name, size_bytes=size_bytes)])
