"""The stream of a person's events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

import httpx
from httpx_sse import EventSource, SSEError

from transferapp.client.connection import (
    STREAM_SILENCE_S,
    ServerConnection,
    parser,
)
from transferapp.client.problems import raise_for_problem, translated
from transferapp.errors import ServerUnreachable
from transferapp.model.events import Event, EventKind
from transferapp.protocol import routes

#: A newer server may tell more.
_KINDS = frozenset(str(kind) for kind in EventKind)


class EventsClient(ServerConnection):
    """Reads events as they happen."""

    async def events(
        self,
        after: int | None = None,
        *,
        on_open: Callable[[int], None] | None = None,
        on_missed: Callable[[], None] | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield events as they happen, those after id ``after`` first (None: only new ones).

        ``on_open`` is called when the stream begins, with the id that it goes on after,
        ``on_missed`` when ``after`` is so old that some events are not kept any more: read
        anew what you show. Kinds that this version does not know are passed over.
        Raises ServerUnreachable at its end; ``client.events.follow_events`` goes on instead.
        """
        headers = self._headers() | {"Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=5.0)
        with translated(), _streaming():
            async with self._http.stream(
                "GET", routes.EVENTS, headers=headers, timeout=timeout
            ) as response:
                if not response.is_success:
                    await response.aread()
                raise_for_problem(response)
                async for sent in EventSource(response).aiter_sse():
                    # A heartbeat comes out as a message without data.
                    if sent.event == routes.EVENTS_READY and on_open is not None:
                        on_open(int(sent.id))
                    elif sent.event == routes.EVENTS_MISSED and on_missed is not None:
                        on_missed()
                    elif sent.event in _KINDS:
                        yield parser(Event).validate_json(sent.data)
        raise ServerUnreachable("The server closed the stream of events.")


@contextmanager
def _streaming() -> Iterator[None]:
    """Turn an answer that is no stream of events into ServerUnreachable."""
    try:
        yield
    except SSEError as error:
        raise ServerUnreachable(
            "Something between here and the server does not let events through."
        ) from error
