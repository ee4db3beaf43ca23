"""Commands of the facility: what one may run, runs, and their output, also live."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Header, Query, Request
from sse_starlette import EventSourceResponse
from starlette.responses import Response

from transferapp.protocol import routes
from transferapp.protocol.commands import CommandRequest, CommandRunView, CommandView
from transferapp.protocol.messages import Page
from transferapp.protocol.numbers import MOST_NUMBER, Number
from transferapp.server.auth import SessionGrant
from transferapp.server.command_stream import follow_output, output_reader
from transferapp.server.command_views import command_view, run_view
from transferapp.server.content import content_response
from transferapp.server.parts import parts_of
from transferapp.server.routes.imports import RequestKey

router = APIRouter(tags=["commands"])

_PLAIN = "text/plain; charset=utf-8"
_RUN = routes.COMMAND_RUNS + "/{run_id}"


@router.get(routes.COMMANDS)
async def commands(grant: SessionGrant, request: Request) -> list[CommandView]:
    """List the commands that the caller may run."""
    found = await parts_of(request).commands.commands(grant.username)
    return [command_view(name, one) for name, one in found.items()]


@router.post(routes.COMMANDS + "/{name}/runs", status_code=HTTPStatus.ACCEPTED)
async def run(
    name: str,
    asked: CommandRequest,
    grant: SessionGrant,
    request: Request,
    response: Response,
    idempotency_key: RequestKey = "",
) -> CommandRunView:
    """Queue a run; the same Idempotency-Key gives the first one again."""
    seen = await parts_of(request).commands.submit(
        grant.username, name, asked.parameters, idempotency_key or uuid4().hex
    )
    response.headers["location"] = f"{routes.COMMAND_RUNS}/{seen.run.id}"
    return run_view(seen)


@router.get(routes.COMMAND_RUNS)
async def runs(
    grant: SessionGrant,
    request: Request,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[CommandRunView]:
    """List the caller's runs, newest first."""
    found = await parts_of(request).commands.runs(grant.username, after=after, limit=limit)
    following = found[-1].run.id if len(found) == limit else None
    return Page(items=[run_view(one) for one in found], next=following)


@router.get(_RUN)
async def details(run_id: str, grant: SessionGrant, request: Request) -> CommandRunView:
    """Return a run of the caller; administrators see all."""
    return run_view(await parts_of(request).commands.run(grant.username, run_id))


@router.delete(_RUN)
async def cancel(run_id: str, grant: SessionGrant, request: Request) -> CommandRunView:
    """Stop a run; its output stays."""
    return run_view(await parts_of(request).commands.cancel(grant.username, run_id))


@router.get(_RUN + "/output", response_class=Response)
@router.head(_RUN + "/output", response_class=Response)
async def output(
    run_id: str,
    grant: SessionGrant,
    request: Request,
    after: Number = 0,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[int | None, Header(ge=0, le=MOST_NUMBER)] = None,
) -> Response:
    """Return the output after so many bytes, whole or a range of it; as an event stream,
    also what follows.
    """
    commands = parts_of(request).commands
    seen = await commands.run(grant.username, run_id)
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    if "text/event-stream" in accept:
        events = follow_output(request, run_id, last_event_id or after)
        return EventSourceResponse(events, ping=0, headers=headers)
    # What is printed is never changed: its length tells one state of it from the next.
    size = max(0, seen.run.output_bytes - after)
    reader = output_reader(commands, run_id, after)
    etag = f"{run_id}-{after}-{size}"
    answer = content_response(request, reader, size, etag, media_type=_PLAIN)
    answer.headers.update(headers)
    return answer
