"""Exports: the selection, the bytes, and the agent's word that they are in place."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from http import HTTPStatus
from uuid import uuid4

import structlog
from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from transferapp.errors import Internal, TransferAppError
from transferapp.model.transfers import TransferItem
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import Accepted, Delivered
from transferapp.protocol.path_lists import PATHS_TYPE, PathLine, PathRow
from transferapp.protocol.problems import to_problem
from transferapp.server.answers import accepted_answer, json_answer
from transferapp.server.auth import SessionGrant, TransferGrant
from transferapp.server.content import content_response, file_reader
from transferapp.server.parts import parts_of
from transferapp.server.routes.imports import RequestKey

router = APIRouter(tags=["exports"])

_log = structlog.get_logger(__name__)

_CONTENT = routes.file_content("{transfer_id}", "{file_id}")


@router.post(routes.EXPORTS, status_code=HTTPStatus.CREATED, response_model=Accepted)
async def submit(
    asked: ExportRequest,
    grant: SessionGrant,
    request: Request,
    idempotency_key: RequestKey = "",
) -> Response:
    """Ask for images: their original files, or other forms made of them."""
    accepted = await parts_of(request).exports.submit(
        grant.username, asked, idempotency_key or uuid4().hex
    )
    return accepted_answer(accepted.details, accepted.grant)


@router.post(routes.EXPORT_SUMMARY, response_model=ExportSummary)
async def summary(asked: ExportRequest, grant: SessionGrant, request: Request) -> Response:
    """Say what this export would bring: how much, and what not. Nothing is queued."""
    found = await parts_of(request).export_summaries.summarize(grant.username, asked)
    return json_answer(ExportSummary, found)


@router.post(routes.EXPORT_PATHS, response_class=Response)
async def paths(asked: ExportRequest, grant: SessionGrant, request: Request) -> Response:
    """Say where the original files lie for those who mount the storage, a line each."""
    path_lists = parts_of(request).path_lists
    chosen = await path_lists.chosen(grant.username, asked)
    return StreamingResponse(_path_lines(path_lists.rows(chosen)), media_type=PATHS_TYPE)


@router.get(_CONTENT, response_class=Response)
@router.head(_CONTENT, response_class=Response)
async def content(
    transfer_id: str, file_id: str, _grant: TransferGrant, request: Request
) -> Response:
    """Return a file's bytes, whole or a range."""
    exports = parts_of(request).exports
    file = await exports.content(transfer_id, file_id)
    reader = partial(exports.read, file) if file.path is None else file_reader(file.path)
    return content_response(request, reader, file.size_bytes, file.etag, file.name)


@router.post(
    routes.item("{transfer_id}", "{item_id}") + "/delivered", response_model=TransferItem
)
async def delivered(
    transfer_id: str,
    item_id: str,
    reported: Delivered,
    _grant: TransferGrant,
    request: Request,
) -> Response:
    """Tell that every file of an item is in place, with the hashes of what is there."""
    item = await parts_of(request).exports.delivered(transfer_id, item_id, reported)
    return json_answer(TransferItem, item)


async def _path_lines(rows: AsyncGenerator[PathRow, None]) -> AsyncGenerator[bytes, None]:
    end = PathLine(ended=True)
    try:
        async with aclosing(rows):
            async for row in rows:
                yield _written(PathLine(file=row))
    except TransferAppError as error:
        end = PathLine(problem=to_problem(error))
    except Exception:  # noqa: BLE001 - the answer has begun: it is told in its last line
        _log.exception("defect in a list of paths")
        end = PathLine(problem=to_problem(Internal()))
    yield _written(end)


def _written(line: PathLine) -> bytes:
    return line.model_dump_json(exclude_defaults=True).encode() + b"\n"
