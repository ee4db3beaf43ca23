"""Events as they happen, resumable by their ids (SSE)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import TypeAdapter
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.responses import Response

from transferapp.errors import GrantRefused, Unavailable
from transferapp.model.events import Event
from transferapp.protocol import routes
from transferapp.protocol.numbers import MOST_NUMBER
from transferapp.server.auth import AnyGrant, any_grant
from transferapp.server.event_feed import Audience, EventFeed, Position

router = APIRouter(tags=["events"])

#: Seconds between two heartbeats; also how soon a revoked grant ends its stream.
HEARTBEAT_S = 10.0
_EVENT = TypeAdapter(Event)


@router.get(routes.EVENTS, response_class=EventSourceResponse)
async def events(
    grant: AnyGrant,
    request: Request,
    last_event_id: Annotated[int | None, Header(ge=0, le=MOST_NUMBER)] = None,
) -> Response:
    """Stream a person's events, or with a transfer grant those of its transfer."""
    feed: EventFeed = request.app.state.feed
    audience = Audience(grant.username, grant.transfer_id)
    position = await feed.position(last_event_id)
    stream = _messages(feed, audience, position, request)
    # Our own heartbeats check the grant; the library's would only say that we are there.
    return EventSourceResponse(stream, ping=0, headers={"cache-control": "no-store"})


async def _messages(
    feed: EventFeed, audience: Audience, position: Position, request: Request
) -> AsyncIterator[ServerSentEvent]:
    begins = str(position.after)
    yield ServerSentEvent(data="", event=routes.EVENTS_READY, id=begins)
    if position.missed:
        yield ServerSentEvent(data="", event=routes.EVENTS_MISSED, id=begins)
    async for event in feed.stream(audience, position.after, silence_s=HEARTBEAT_S):
        if event is not None:
            data = _EVENT.dump_json(event).decode()
            yield ServerSentEvent(data=data, event=event.kind, id=str(event.id))
            continue
        try:
            await any_grant(request)
        except (GrantRefused, Unavailable):
            return
        yield ServerSentEvent(comment="still here")
