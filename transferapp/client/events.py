"""Follow a server's events through outages: none lost, none twice, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from transferapp.client.event_stream import EventsClient
from transferapp.errors import Unavailable
from transferapp.host.backoff import Backoff
from transferapp.model.events import Event

#: Between two tries to connect.
RECONNECTS = Backoff(0.5, 15.0)

#: Called with None when the server answers, with the reason when it does not.
ConnectionListener = Callable[[Unavailable | None], None]


async def follow_events(
    client: EventsClient,
    last_id: int | None = None,
    *,
    on_connection: ConnectionListener | None = None,
    on_open: Callable[[int], None] | None = None,
    on_missed: Callable[[], None] | None = None,
) -> AsyncGenerator[Event, None]:
    """Yield the events after ``last_id`` (None: from now on) for ever.

    Raises GrantRefused when the token ends; an outage only pauses. Leave it by cancelling
    or ``aclose``. ``on_connection`` is called at each change between there and away,
    ``on_open`` with the id that each stream goes on after, ``on_missed`` when events before
    that were not seen and are not kept any more: read anew what you show.
    """
    connection = _Connection(on_connection)
    position = last_id
    tries = 0

    def opened(after: int) -> None:
        nonlocal position
        # Known before the first event comes: what happens in an outage is not missed.
        position = after
        connection.there()
        if on_open is not None:
            on_open(after)

    while True:
        try:
            events = client.events(position, on_open=opened, on_missed=on_missed)
            async with aclosing(events) as stream:
                async for event in stream:
                    tries = 0
                    if position is None or event.id > position:
                        position = event.id
                        yield event
        except Unavailable as error:
            connection.away(error)
        await asyncio.sleep(RECONNECTS.spread_s(tries))
        tries += 1


class _Connection:
    """Tells each change of the connection once."""

    def __init__(self, listener: ConnectionListener | None) -> None:
        self._listener = listener
        self._is_there: bool | None = None

    def there(self) -> None:
        """Note that the server answers."""
        self._report(None, is_there=True)

    def away(self, error: Unavailable) -> None:
        """Note that it does not, and why."""
        self._report(error, is_there=False)

    def _report(self, error: Unavailable | None, *, is_there: bool) -> None:
        if self._is_there is not is_there and self._listener is not None:
            self._listener(error)
        self._is_there = is_there
