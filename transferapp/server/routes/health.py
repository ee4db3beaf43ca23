"""Is it alive, and what is it: the two routes that anyone may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

import transferapp
from transferapp.errors import Internal, TransferAppError, Unavailable
from transferapp.host import supervise
from transferapp.host.sparing import log_once
from transferapp.operations.import_health import import_health
from transferapp.operations.imports import REPOSITORY_RESOURCE
from transferapp.protocol import routes
from transferapp.protocol.health import RepositoryState, ServerHealth
from transferapp.protocol.messages import ServerInfo
from transferapp.repositories.port import HealthState
from transferapp.server.event_feed import EventFeed
from transferapp.server.parts import parts_of
from transferapp.taskqueue.port import QueueOverview

router = APIRouter(tags=["health"])

#: Seconds that one part may take to answer.
_PATIENCE_S = 5.0
#: A worker shows that it lives every two seconds; busy machines are late.
_SILENT_S = 10.0


@router.get(routes.HEALTH)
async def health(request: Request) -> Response:
    """Say how the parts are: 200 unless our own database is away.

    A repository that is down, or no worker at work, is told, and is no reason to restart
    this server.
    """
    parts = parts_of(request)
    ledger, queue, workers, background, repository = await asyncio.gather(
        _problem("database", parts.ledger.last_event_id()),
        _problem("queue", _find_odd(parts.queue)),
        _problem("workers", _find_worker(parts.queue)),
        _problem("background work", _find_failing(parts.queue)),
        import_health(parts.repository, parts.queue, REPOSITORY_RESOURCE, parts.clock),
    )
    feed: EventFeed = request.app.state.feed
    events = feed.problem
    is_well = repository.state is HealthState.PROGRESSING
    odd = ledger or queue or workers or events or background
    health = ServerHealth(
        status="ok" if is_well and not odd else "degraded",
        database=ledger or "ok",
        queue=queue or "ok",
        workers=workers or "ok",
        events=events or "ok",
        background=background or "ok",
        repository=RepositoryState(state=repository.state, detail=repository.detail),
    )
    status = HTTPStatus.SERVICE_UNAVAILABLE if ledger else HTTPStatus.OK
    return JSONResponse(health.model_dump(), status, {"cache-control": "no-store"})


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


async def _find_odd(queue: QueueOverview) -> None:
    """Raise what is wrong with the queue; names of targets are nobody's business here."""
    await queue.tasks(limit=1)
    odd = sum(bool(resource.trouble) for resource in await queue.resources())
    if odd:
        raise Internal(
            f"Targets whose record cannot be read: {odd}. See 'transferapp queue targets'."
        )


async def _find_worker(queue: QueueOverview) -> None:
    """Raise Unavailable when no worker shows that it lives; how many there are is private."""
    if not any(worker.silent_s <= _SILENT_S for worker in await queue.workers()):
        raise Unavailable(
            "No worker is at work: imports and exports wait until one is. Start it where the"
            " server runs: transferapp worker"
        )


async def _find_failing(queue: QueueOverview) -> None:
    """Raise Internal with what keeps failing, here and in the workers that live."""
    stated = [supervise.failing()]
    # That the queue is away is told in its own place.
    with suppress(Unavailable):
        stated += [w.trouble for w in await queue.workers() if w.silent_s <= _SILENT_S]
    if any(stated):
        raise Internal(" ".join(dict.fromkeys(one for one in stated if one)))


async def _problem(what: str, asked: Awaitable[object]) -> str:
    """Return why a part does not answer, or nothing."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await asked
    except TransferAppError as error:
        return error.message
    except TimeoutError:
        return f"No answer within {_PATIENCE_S:.0f} seconds."
    except Exception as error:  # noqa: BLE001 - who asks for health gets an answer
        log_once("health", what, error)
        return f"A defect ({type(error).__name__}): see the log."
    return ""
