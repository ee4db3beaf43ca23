"""Answers in JSON that never hold the event loop for long, however many rows they have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from transferapp.errors import Denied, Internal, Invalid, NotFound, TransferAppError
from transferapp.model.drops import LeftOut
from transferapp.model.export_places import ItemPlace
from transferapp.model.transfers import (
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
)
from transferapp.protocol.problems import MEDIA_TYPE, to_problem

T = TypeVar("T")

#: Rows that are written at a time: about 5 ms.
_ROWS = 1_000
_JSON = "application/json"


def json_answer(shape: Any, value: object, status: int = HTTPStatus.OK) -> Response:
    """Answer with a value of a shape (a model, a dataclass or a list of them)."""
    return Response(_adapter(shape).dump_json(value), status, media_type=_JSON)


def details_answer(details: TransferDetails) -> Response:
    """Answer with a transfer, written piece by piece."""
    return StreamingResponse(_details(details), media_type=_JSON)


def accepted_answer(details: TransferDetails, grant: str) -> Response:
    """Answer with a transfer that was made and the token that moves its files.

    Where its items go is asked for by who fetches them.
    """
    details = replace(details, places=())

    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"grant":' + _adapter(str).dump_json(grant) + b',"details":'
        async for piece in _details(details):
            yield piece
        yield b"}"

    headers = {"cache-control": "no-store"}
    return StreamingResponse(pieces(), HTTPStatus.CREATED, headers, _JSON)


def problem_answer(error: TransferAppError, status: int | None = None) -> Response:
    """Answer with an error; ``status`` where HTTP has a word that our errors have not."""
    problem = to_problem(error)
    if status is not None:
        problem = problem.model_copy(update={"status": status})
    headers = {"cache-control": "no-store"}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return JSONResponse(problem.model_dump(), problem.status, headers, MEDIA_TYPE)


def answer_errors(app: FastAPI) -> None:
    """Make every error of an application an answer that a person can read."""

    async def ours(_request: Request, error: Exception) -> Response:
        assert isinstance(error, TransferAppError)  # noqa: S101 - registered for these only
        return problem_answer(error)

    async def wrong_input(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
        return problem_answer(invalid(error.errors()))

    async def no_route(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - as above
        return problem_answer(_of_http(error), error.status_code)

    async def unknown(_request: Request, _error: Exception) -> Response:
        # Raised again after this answer: uvicorn writes it to the log.
        return problem_answer(Internal())

    app.add_exception_handler(TransferAppError, ours)
    app.add_exception_handler(RequestValidationError, wrong_input)
    app.add_exception_handler(HTTPException, no_route)
    app.add_exception_handler(Exception, unknown)


def invalid(found: Sequence[Any]) -> Invalid:
    """Put the first fault of an input into a sentence, without the input itself."""
    first = found[0]
    if first["type"] == "json_invalid":
        return Invalid("The request is not valid JSON.")
    where = [str(part) for part in first["loc"] if part not in {"body", "query", "path"}]
    message = f"{first['msg']}."
    if where:
        message = f"'{'.'.join(where)}' is not right: {first['msg']}."
    if len(found) > 1:
        message += f" There are {len(found) - 1} more faults."
    return Invalid(message)


async def parsed(shape: type[T], body: bytes) -> T:
    """Read a large request body; raises Invalid."""
    try:
        value: T = await asyncio.to_thread(TypeAdapter(shape).validate_json, body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise invalid(found) from error
    return value


def _of_http(error: HTTPException) -> TransferAppError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFound("There is nothing at this address.")
    if error.status_code == HTTPStatus.FORBIDDEN:
        return Denied()
    return Invalid(f"{error.detail}.")


async def _details(details: TransferDetails) -> AsyncIterator[bytes]:
    yield b'{"transfer":' + _adapter(Transfer).dump_json(details.transfer)
    for name, shape, rows in (
        (b"items", TransferItem, details.items),
        (b"files", TransferFile, details.files),
        (b"left_out", LeftOut, details.left_out),
        (b"places", ItemPlace, details.places),
    ):
        yield b',"' + name + b'":['
        for start in range(0, len(rows), _ROWS):
            batch = _adapter(list[shape]).dump_json(list(rows[start : start + _ROWS]))  # type: ignore[valid-type]
            yield (b"," if start else b"") + batch[1:-1]
            # Others get their turn: writing to the socket alone may not wait.
            await asyncio.sleep(0)
        yield b"]"
    yield b',"image_page":' + _adapter(str).dump_json(details.image_page)
    yield b',"repository":' + _adapter(str).dump_json(details.repository) + b"}"


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
