"""What ends the reading of events does not end the events: it is begun again, and told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from tests.support.rest_server import RestServer, server, submitted
from transferapp.client import events as client_events
from transferapp.client.events import follow_events
from transferapp.client.server import ServerClient
from transferapp.errors import Unavailable
from transferapp.host.backoff import Backoff
from transferapp.ledger.port import ItemChange
from transferapp.model.events import Event
from transferapp.model.transfers import ItemState
from transferapp.server import event_feed
from transferapp.server.routes import events as events_route
from transferapp.taskqueue.dbos.schema import resources
from transferapp.testing.moves import PUT

__all__ = ["server"]

QUICK = Backoff(0.02, 0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_events, "RECONNECTS", QUICK)
    monkeypatch.setattr(events_route, "HEARTBEAT_S", 0.1)


class Follower:
    """A client that follows events, and what it saw."""

    def __init__(self, client: ServerClient, after: int) -> None:
        self.seen: list[Event] = []
        self.reported: list[Unavailable | None] = []
        self._task = asyncio.create_task(self._follow(client, after))

    async def _follow(self, client: ServerClient, after: int) -> None:
        events = follow_events(client, after, on_connection=self.reported.append)
        async with aclosing(events) as stream:
            async for event in stream:
                self.seen.append(event)

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def health(server: RestServer) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=server.url) as http:
        return dict((await http.get("/healthz")).json())


@pytest.fixture
async def env(server: RestServer) -> AsyncIterator[tuple[RestServer, Follower, str]]:
    """A person with an item who follows her events from now on."""
    ada = await server.signed_in()
    item = (await submitted(ada, 1)).details.items[0]
    after = await server.parts.ledger.last_event_id()
    follower = Follower(ada, after)
    await until(lambda: follower.reported == [None])
    yield server, follower, item.id
    await follower.close()


async def move(server: RestServer, item_id: str, note: str) -> None:
    change = ItemChange(ItemState.IMPORTING, note=note)
    await server.parts.ledger.move(item_id, PUT, change)


async def test_one_defect_does_not_end_the_events(
    env: tuple[RestServer, Follower, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams went on with heartbeats, and nothing came any more."""
    server, follower, item_id = env
    await move(server, item_id, "before")
    await until(lambda: bool(follower.seen))
    ledger, failures = server.parts.ledger, [RuntimeError("a defect")]
    events = ledger.events

    async def bad_events(owner: str | None, after: int, limit: int = 500) -> Sequence[Event]:
        if owner is None and failures:
            raise failures.pop()
        return await events(owner, after, limit)

    monkeypatch.setattr(ledger, "events", bad_events)
    await until(lambda: not failures)
    await move(server, item_id, "after")
    expected = await events("ada", follower.seen[0].id)
    await until(lambda: [*follower.seen[1:]] == [*expected])
    await until(lambda: follower.reported[-1] is None)
    assert len(follower.reported) >= 3, "the stream ended, and was found again"
    assert (await health(server))["events"] == "ok"


async def test_health_reports_of_a_feed_that_does_not_come_back(
    env: tuple[RestServer, Follower, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, follower, item_id = env
    ledger = server.parts.ledger
    events = ledger.events

    async def bad_events(owner: str | None, after: int, limit: int = 500) -> Sequence[Event]:
        if owner is None:
            raise RuntimeError("secret inner detail")
        return await events(owner, after, limit)

    monkeypatch.setattr(ledger, "events", bad_events)
    await until(lambda: isinstance(follower.reported[-1], Unavailable))
    reported = await health(server)
    assert reported["status"] == "degraded"
    assert "RuntimeError" in reported["events"]
    assert "secret" not in str(reported)
    # Nobody is left with a stream that only seems to be alive.
    before = len(follower.reported)
    await asyncio.sleep(0.5)
    assert None not in follower.reported[before:]
    monkeypatch.setattr(ledger, "events", events)
    await move(server, item_id, "at last")
    await until(lambda: bool(follower.seen))
    assert (await health(server))["events"] == "ok"


async def test_health_answers_whatever_is_wrong_with_a_part(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await health(server))["queue"] == "ok"

    async def broken(**_: object) -> list[object]:
        raise RuntimeError("secret inner detail")

    monkeypatch.setattr(server.parts.queue, "tasks", broken)
    reported = await health(server)
    assert reported["queue"] == "A defect (RuntimeError): see the log."
    monkeypatch.undo()
    with server.parts.queue._records.engine.begin() as connection:  # type: ignore[attr-defined]
        odd = {"name": "webhook:private.example", "ceiling": -1, "limit": 0}
        connection.execute(sa.insert(resources).values(**odd))
    reported = await health(server)
    assert reported["queue"].startswith("Targets whose record cannot be read: 1.")
    assert "private" not in str(reported)


async def test_a_database_that_is_away_costs_no_event(
    env: tuple[RestServer, Follower, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, follower, item_id = env
    monkeypatch.setattr(event_feed, "RETRIES", QUICK)
    ledger, is_away = server.parts.ledger, [True]
    events = ledger.events

    async def away(owner: str | None, after: int, limit: int = 500) -> Sequence[Event]:
        if owner is None and is_away[0]:
            raise Unavailable("The database does not answer.")
        return await events(owner, after, limit)

    monkeypatch.setattr(ledger, "events", away)
    await until(lambda: bool(server.app.state.feed.problem))
    assert (await health(server))["events"] == "The database does not answer."
    await move(server, item_id, "meanwhile")
    is_away[0] = False
    await until(lambda: bool(follower.seen))
    assert follower.seen[0].message == "meanwhile"
