"""Receipts: of transfers, the keys that they are checked with, and what is still held."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from transferapp.errors import DamagedReceipt, Internal, TransferAppError
from transferapp.model.origins import Origin
from transferapp.protocol import routes
from transferapp.protocol.problems import to_problem
from transferapp.protocol.receipts import (
    CHECK_TYPE,
    RECEIPT_TYPE,
    CheckLine,
    StatedOrigin,
)
from transferapp.receipts.document import LARGEST
from transferapp.server.auth import SessionGrant, TransferGrant, TransferReader
from transferapp.server.parts import parts_of

router = APIRouter(tags=["receipts"])

_log = structlog.get_logger(__name__)

_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {RECEIPT_TYPE: {}}}}


@router.get(routes.RECEIPT_KEYS)
async def keys(request: Request) -> dict[str, list[dict[str, str]]]:
    """Return the public keys of receipts as a JWK Set; anyone may ask."""
    return await parts_of(request).receipts.public_keys()


@router.get(routes.receipt("{transfer_id}"), response_class=Response)
async def receipt(transfer_id: str, grant: TransferReader, request: Request) -> Response:
    """Return a transfer's receipt, signed: what of it was verified, with every file's hash."""
    content = await parts_of(request).receipts.of(grant.username, transfer_id)
    headers = {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="receipt-{transfer_id}.jws"',
        "x-content-type-options": "nosniff",
    }
    return Response(content, headers=headers, media_type=RECEIPT_TYPE)


@router.post(routes.origin("{transfer_id}"), status_code=HTTPStatus.NO_CONTENT)
async def origin(
    transfer_id: str, stated: StatedOrigin, _grant: TransferGrant, request: Request
) -> None:
    """Tell where the files of an import lie; what is said first stays."""
    where = Origin(stated.workstation, stated.folders)
    await parts_of(request).receipts.keep_origin(transfer_id, where)


@router.post(routes.RECEIPT_CHECK, response_class=Response, openapi_extra=_BODY)
async def check(grant: SessionGrant, request: Request, *, deep: bool = False) -> Response:
    """Say of each file of a receipt whether the repository still holds it, a line each.

    By the repository's records, or ``deep``: its bytes are read and hashed.
    """
    parts = parts_of(request)
    found = await parts.receipts.read(grant.username, await _body(request))
    parts.receipt_checks.check_kind(found)
    lines = parts.receipt_checks.check(grant.username, found, deep=deep)
    return StreamingResponse(_lines(lines), media_type=CHECK_TYPE)


async def _lines(lines: AsyncGenerator[CheckLine, None]) -> AsyncGenerator[bytes, None]:
    end = CheckLine(ended=True)
    try:
        async with aclosing(lines):
            async for line in lines:
                yield _written(line)
    except TransferAppError as error:
        end = CheckLine(problem=to_problem(error))
    except Exception:  # noqa: BLE001 - the answer has begun: it is told in its last line
        _log.exception("defect in a check of a receipt")
        end = CheckLine(problem=to_problem(Internal()))
    yield _written(end)


def _written(line: CheckLine) -> bytes:
    return line.model_dump_json(exclude_defaults=True).encode() + b"\n"


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise DamagedReceipt(f"A receipt has at most {LARGEST >> 20} MiB.")
    return bytes(body)
