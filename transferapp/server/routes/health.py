"""Is it alive, and what is it: the two routes that anyone may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

import transferapp
from transferapp.errors import Internal, TransferAppError
from transferapp.host.sparing import tell_once
from transferapp.operations.import_signs import import_health
from transferapp.operations.imports import REPOSITORY_TARGET
from transferapp.protocol import routes
from transferapp.protocol.messages import ServerInfo
from transferapp.repositories.port import HealthState
from transferapp.server.event_feed import EventFeed
from transferapp.server.parts import parts_of
from transferapp.taskqueue.port import TaskQueue

router = APIRouter(tags=["health"])

#: Seconds that one part may take to answer.
_PATIENCE_S = 5.0


@router.get(routes.HEALTH)
async def health(request: Request) -> Response:
    """Say how the parts are: 200 unless our own database is away.

    A repository that is down is told, and is no reason to restart this server.
    """
    parts = parts_of(request)
    ledger, queue, repository = await asyncio.gather(
        _trouble("database", parts.ledger.last_event_id()),
        _trouble("queue", _queue(parts.queue)),
        import_health(parts.repository, parts.queue, REPOSITORY_TARGET, parts.clock),
    )
    feed: EventFeed = request.app.state.feed
    events = feed.trouble
    is_well = repository.state is HealthState.PROGRESSING
    state = "ok" if is_well and not (ledger or queue or events) else "degraded"
    body = {
        "status": state,
        "database": ledger or "ok",
        "queue": queue or "ok",
        "events": events or "ok",
        "repository": {"state": repository.state, "detail": repository.detail},
    }
    status = HTTPStatus.SERVICE_UNAVAILABLE if ledger else HTTPStatus.OK
    return JSONResponse(body, status, {"cache-control": "no-store"})


@router.get(routes.SERVER)
async def server_info(request: Request) -> ServerInfo:
    """Say what answers here."""
    parts = parts_of(request)
    return ServerInfo(
        name=parts.settings.name,
        version=transferapp.__version__,
        repository=parts.repository.name,
        capabilities=sorted(parts.repository.capabilities),
        part_size=routes.PART_SIZE,
    )


async def _queue(queue: TaskQueue) -> None:
    """Raise what is wrong with the queue; names of targets are nobody's business here."""
    await queue.tasks(limit=1)
    odd = sum(bool(target.trouble) for target in await queue.targets())
    if odd:
        raise Internal(
            f"Targets whose record cannot be read: {odd}. See 'transferapp queue targets'."
        )


async def _trouble(what: str, asked: Awaitable[object]) -> str:
    """Return why a part does not answer, or nothing."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await asked
    except TransferAppError as error:
        return error.message
    except TimeoutError:
        return f"No answer within {_PATIENCE_S:.0f} seconds."
    except Exception as error:  # noqa: BLE001 - who asks for health gets an answer
        tell_once("health", what, error)
        return f"A defect ({type(error).__name__}): see the log."
    return ""
