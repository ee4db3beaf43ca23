"""The REST application, and running it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from fastapi import Depends, FastAPI

import transferapp
from transferapp.errors import TransferAppError
from transferapp.host.allocator import tune_allocator
from transferapp.host.collector import settle_heap
from transferapp.operations.duplicates import DuplicateSearch
from transferapp.server.answers import answer_errors
from transferapp.server.auth import SignInThrottle
from transferapp.server.event_feed import EventFeed
from transferapp.server.grant_upload_authorization import GrantUploadAuthorization
from transferapp.server.parts import Parts
from transferapp.server.queries import known_query, learn_queries
from transferapp.server.routes import (
    admin,
    attachments,
    commands,
    containers,
    duplicates,
    events,
    exports,
    formats,
    health,
    images,
    imports,
    metrics,
    notifications,
    places,
    previews,
    receipts,
    sessions,
    signed,
    transfers,
)
from transferapp.server.serving import ApiServer, listen
from transferapp.server.settings import ServerSettings
from transferapp.server.uploads import TusApp, tus_routes
from transferapp.server.wiring import open_parts

_log = structlog.get_logger(__name__)

#: All that answer here, but for the tus routes.
ROUTERS = (
    health.router,
    formats.router,
    sessions.router,
    containers.router,
    attachments.router,
    images.router,
    previews.router,
    signed.router,
    duplicates.router,
    imports.router,
    exports.router,
    places.router,
    transfers.router,
    receipts.router,
    events.router,
    notifications.router,
    commands.router,
    admin.router,
    metrics.router,
)


def create_app(parts: Parts) -> FastAPI:
    """Return the application; its API is described at ``/docs``."""
    app = FastAPI(
        title=f"TransferApp server: {parts.settings.name}",
        version=transferapp.__version__,
        lifespan=_lifespan,
        dependencies=[Depends(known_query)],
    )
    app.state.parts = parts
    app.state.feed = EventFeed(parts.ledger)
    app.state.ends = DuplicateSearch()
    app.state.throttle = SignInThrottle(parts.clock)
    app.add_middleware(signed.SignedCors)
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    authorization = GrantUploadAuthorization(
        parts.imports, parts.grants, parts.ledger, parts.staging
    )
    app.router.routes.extend(tus_routes(TusApp(parts.staging, authorization)))
    # FastAPI builds a router's routes when they are first asked for, about 100 ms in all:
    # now, rather than in the event loop while people upload.
    learn_queries(app)
    return app


async def run(
    settings: ServerSettings, *, on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGINT or SIGTERM; ``on_ready`` gets the address."""
    tune_allocator()

    def ready(url: str) -> None:
        _log.info("server ready", url=url)
        if on_ready is not None:
            on_ready(url)

    with listen(settings.host, settings.port) as listener:
        async with open_parts(settings) as parts:
            server = ApiServer(create_app(parts), listener, ready)
            settle_heap()
            await server.run_until_stopped()


def main(settings: ServerSettings) -> None:
    """Serve on the fastest event loop there is, until SIGINT or SIGTERM."""
    loop_factory = None
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - not on Windows

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(run(settings))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    feed: EventFeed = app.state.feed
    feed.start()
    # The first answer may start Bio-Formats, which takes longer than clients wait.
    formats = asyncio.create_task(_known_formats(app.state.parts))
    try:
        yield
    finally:
        formats.cancel()
        await asyncio.gather(formats, return_exceptions=True)
        await feed.stop()


async def _known_formats(parts: Parts) -> None:
    try:
        await parts.formats.reported()
    except TransferAppError as error:
        _log.info("formats not known yet", code=error.code)
