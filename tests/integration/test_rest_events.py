"""Events over SSE on a real server: none lost, none twice, streams that end when they must."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.support.rest_server import (
    RestServer,
    rest_server,
    server,
    submitted,
)
from transferapp.client import events as client_events
from transferapp.client.events import follow_events
from transferapp.client.server import ServerClient
from transferapp.errors import GrantRefused, ServerUnreachable, Unavailable
from transferapp.host.backoff import Backoff
from transferapp.ledger.port import ItemChange
from transferapp.model.events import Event
from transferapp.model.transfers import ItemState
from transferapp.server import event_feed
from transferapp.server.routes import events as events_route
from transferapp.testing.moves import PUT

__all__ = ["server"]


async def first(client: ServerClient, after: int | None, count: int) -> list[Event]:
    """Return the first events of a new stream."""
    found: list[Event] = []
    async with aclosing(client.events(after)) as stream:
        async for event in stream:
            found.append(event)
            if len(found) == count:
                break
    return found


async def move(server: RestServer, item_id: str, turns: range) -> None:
    """Make events: one item, and its transfer with the first."""
    for turn in turns:
        change = ItemChange(ItemState.IMPORTING, note=str(turn))
        await server.parts.ledger.move(item_id, PUT, change)


async def test_a_stream_resumes_after_its_last_id(server: RestServer) -> None:
    ada = await server.signed_in()
    item = (await submitted(ada, 1)).details.items[0]
    await move(server, item.id, range(10))
    everything = await server.parts.ledger.events("ada", 0)
    start = await first(ada, 0, 4)
    assert start == everything[:4]
    rest = await first(ada, start[-1].id, len(everything) - 4)
    assert start + rest == everything


async def test_nothing_is_lost_between_past_and_present(server: RestServer) -> None:
    """Streams begin, break and resume while events are written all the time."""
    ada = await server.signed_in()
    item = (await submitted(ada, 1)).details.items[0]
    writing = asyncio.create_task(move(server, item.id, range(300)))
    seen: list[Event] = []
    while not writing.done():
        reading = asyncio.create_task(first(ada, seen[-1].id if seen else 0, 7))
        await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        if not reading.done():
            # There may be no seven any more; what it had is read again.
            reading.cancel()
            await asyncio.wait({reading})
            break
        seen += reading.result()
    await writing
    last = await server.parts.ledger.last_event_id()
    while seen[-1].id < last:
        seen += await first(ada, seen[-1].id, 1)
    assert seen == await server.parts.ledger.events("ada", 0, limit=10_000)


async def test_many_streams_get_the_same(server: RestServer) -> None:
    ada = await server.signed_in()
    item = (await submitted(ada, 1)).details.items[0]
    streams = [asyncio.create_task(first(ada, 0, 30)) for _ in range(12)]
    await move(server, item.id, range(40))
    expected = (await server.parts.ledger.events("ada", 0))[:30]
    assert await asyncio.gather(*streams) == [expected] * 12


async def test_everyone_gets_only_their_own(server: RestServer) -> None:
    ada, bob = await server.signed_in(), await server.signed_in("bob")
    mine, other = await submitted(ada, 1), await submitted(ada, 1)
    theirs = await submitted(bob, 1)
    for accepted in (theirs, other, mine):
        await move(server, accepted.details.items[0].id, range(1))
    (event,) = await first(bob, 0, 1)
    assert event.transfer_id == theirs.details.transfer.id
    narrow = await first(server.client(mine.grant), 0, 3)
    assert {event.transfer_id for event in narrow} == {mine.details.transfer.id}


async def test_an_unknown_position_begins_now(server: RestServer) -> None:
    """After the database was made anew, ids of the old one mean nothing."""
    ada = await server.signed_in()
    await submitted(ada, 1)
    last = await server.parts.ledger.last_event_id()
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with aclosing(ada.events(10**9, on_open=opened.set_result)) as stream:
        waiting = asyncio.ensure_future(anext(stream))
        assert await opened == last
        accepted = await submitted(ada, 1)
        event = await waiting
    assert event.transfer_id == accepted.details.transfer.id


async def test_a_revoked_grant_ends_its_stream(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events_route, "HEARTBEAT_S", 0.05)
    ada = await server.signed_in()
    accepted = await submitted(ada, 1)
    after = await server.parts.ledger.last_event_id()
    following = asyncio.create_task(first(server.client(accepted.grant), after, 1))
    await asyncio.sleep(0.2)
    assert not following.done()
    (grant_id,) = (grant.id for grant in await ada.grants() if grant.transfer_id)
    await ada.revoke_grant(grant_id)
    with pytest.raises(ServerUnreachable):
        await asyncio.wait_for(following, 5)
    with pytest.raises(GrantRefused):
        await first(server.client(accepted.grant), after, 1)


async def test_a_reader_that_is_too_slow_is_cut_off_and_resumes(
    server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_feed, "_LONGEST_LINE", 5)
    ada = await server.signed_in()
    item = (await submitted(ada, 1)).details.items[0]
    await move(server, item.id, range(60))
    expected = await server.parts.ledger.events("ada", 0)
    following = follow_events(ada, 0)
    seen = []
    async with aclosing(following) as stream:
        async for event in stream:
            seen.append(event)
            if event.id == expected[-1].id:
                break
    assert seen == expected


async def test_the_server_stops_quickly_with_open_streams(server: RestServer) -> None:
    ada = await server.signed_in()
    is_open = asyncio.Semaphore(0)

    async def follow() -> None:
        async for _ in ada.events(on_open=lambda _position: is_open.release()):
            pass

    streams = [asyncio.create_task(follow()) for _ in range(20)]
    for _ in streams:
        await is_open.acquire()
    # It does not stop because it lost patience with them.
    server.server.config.timeout_graceful_shutdown = 3600
    await asyncio.wait_for(server.stop(), 60)
    for stream in streams:
        with pytest.raises(ServerUnreachable):
            await asyncio.wait_for(stream, 5)


async def test_following_survives_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower finds the server again and gets what happened meanwhile."""
    monkeypatch.setattr(client_events, "RECONNECTS", Backoff(0.02, 0.02))
    reported: list[Unavailable | None] = []
    seen: asyncio.Queue[Event] = asyncio.Queue()

    async def follow(client: ServerClient, after: int) -> None:
        async with aclosing(
            follow_events(client, after, on_connection=reported.append)
        ) as stream:
            async for event in stream:
                seen.put_nowait(event)

    async with rest_server(tmp_path) as server:
        ada = await server.signed_in()
        item = (await submitted(ada, 1)).details.items[0]
        after = await server.parts.ledger.last_event_id()
        client = ServerClient(server.url, ada.token)
        following = asyncio.create_task(follow(client, after))
        await move(server, item.id, range(1))
        events = [await seen.get()]
        port = int(server.url.rpartition(":")[2])
        # While nobody serves, a worker writes on.
        await server.stop()
        await move(server, item.id, range(1, 3))
    async with rest_server(tmp_path, port=port, with_people=False) as server:
        await move(server, item.id, range(3, 5))
        expected = await server.parts.ledger.events("ada", after)
        async with asyncio.timeout(60):
            events += [await seen.get() for _ in expected[1:]]
    assert events == expected
    assert reported[0] is None
    assert isinstance(reported[1], ServerUnreachable)
    assert reported[2] is None
    following.cancel()
    await asyncio.wait({following})
    await client.aclose()
