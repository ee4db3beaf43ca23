"""Imports: the manifest, seals, and what the agent reports."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Request
from starlette.responses import Response

from transferapp.errors import Invalid
from transferapp.model.drops import SourceScan
from transferapp.model.transfers import Transfer, TransferDetails, TransferItem
from transferapp.protocol import routes
from transferapp.protocol.drops import ReportedScan
from transferapp.protocol.messages import (
    Accepted,
    ChangedSource,
    ImportRequest,
    NewTarget,
    Report,
    Seal,
)
from transferapp.server.answers import accepted_answer, details_answer, json_answer, parsed
from transferapp.server.auth import SessionGrant, TransferGrant
from transferapp.server.parts import parts_of

router = APIRouter(tags=["imports"])

#: Bytes of a manifest: 200,000 files with long paths.
MAX_MANIFEST = 128 << 20
RequestKey = Annotated[str, Header(alias=routes.IDEMPOTENCY_KEY, max_length=200)]
#: The body is read by hand (off the event loop); this tells the API's page of its shape.
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": ImportRequest.model_json_schema()}},
    }
}


@router.post(
    routes.IMPORTS,
    status_code=HTTPStatus.CREATED,
    response_model=Accepted,
    openapi_extra=_BODY,
)
async def submit(
    grant: SessionGrant, request: Request, idempotency_key: RequestKey = ""
) -> Response:
    """Ask for an import; the same Idempotency-Key gives the first one again."""
    asked = await parsed(ImportRequest, await _body(request))
    accepted = await parts_of(request).imports.submit(
        grant.username, asked, idempotency_key or uuid4().hex
    )
    return accepted_answer(accepted.details, accepted.grant)


@router.post(routes.IMPORT_CHECK, status_code=HTTPStatus.NO_CONTENT, openapi_extra=_BODY)
async def check(grant: SessionGrant, request: Request) -> None:
    """Refuse what an import would be refused for, and change nothing; ``target`` may be empty,
    where it is made only for an import that is possible.
    """
    asked = await parsed(ImportRequest, await _body(request))
    await parts_of(request).imports.check(grant.username, asked)


@router.post(routes.TRANSFERS + "/{transfer_id}/target", response_model=TransferDetails)
async def retarget(
    transfer_id: str, wanted: NewTarget, grant: SessionGrant, request: Request
) -> Response:
    """Send what is not imported yet to another container; retry it afterwards."""
    parts = parts_of(request)
    await parts.imports.retarget(grant.username, transfer_id, wanted.target)
    found = await parts.ledger.details(transfer_id, owner=grant.username, with_files=False)
    return details_answer(parts.shown(found))


@router.post(routes.file_seal("{transfer_id}", "{file_id}"), response_model=TransferItem)
async def seal(
    transfer_id: str, file_id: str, reported: Seal, _grant: TransferGrant, request: Request
) -> Response:
    """Tell that all bytes of a file are there; may be repeated."""
    item = await parts_of(request).imports.seal(transfer_id, file_id, reported.sha1)
    return json_answer(TransferItem, item)


@router.post(routes.file_anew("{transfer_id}", "{file_id}"), response_model=TransferItem)
async def send_anew(
    transfer_id: str,
    file_id: str,
    changed: ChangedSource,
    _grant: TransferGrant,
    request: Request,
) -> Response:
    """Tell that a file has changed since it was sent: what has arrived of it is forgotten,
    and its item waits for it. May be repeated.
    """
    sending = parts_of(request).sending_anew
    item = await sending.forget_sent(transfer_id, file_id, changed.size_bytes)
    return json_answer(TransferItem, item)


@router.post(routes.item("{transfer_id}", "{item_id}") + "/report", response_model=TransferItem)
async def report(
    transfer_id: str, item_id: str, reported: Report, _grant: TransferGrant, request: Request
) -> Response:
    """Tell of a problem with an item's files; an empty code clears it."""
    item = await parts_of(request).imports.report(transfer_id, item_id, reported)
    return json_answer(TransferItem, item)


@router.post(routes.source("{transfer_id}"), response_model=Transfer)
async def source(
    transfer_id: str, reported: ReportedScan, _grant: TransferGrant, request: Request
) -> Response:
    """Tell what the workstation found when it looked at what was dropped."""
    scan = SourceScan(**asdict(reported))
    kept = await parts_of(request).imports.source_scanned(transfer_id, scan)
    return json_answer(Transfer, kept)


async def _body(request: Request) -> bytes:
    """Read a manifest; raises Invalid for more than we take."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_MANIFEST:
            raise Invalid("The list of files is too long. Import in parts.")
    return bytes(body)
