"""The server client: what it sends, what it makes of answers, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest

from transferapp.client import events as client_events
from transferapp.client.events import follow_events
from transferapp.client.server import ServerClient
from transferapp.errors import (
    Busy,
    GrantRefused,
    ServerUnreachable,
    StorageFull,
    TransferAppError,
    Unavailable,
)
from transferapp.host.backoff import Backoff
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.events import Event, EventKind
from transferapp.protocol.problems import MEDIA_TYPE, to_problem

Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer) -> ServerClient:
    return ServerClient("http://server/", "ta1_secret", httpx.MockTransport(answer))


def refusal(error: TransferAppError) -> httpx.Response:
    problem = to_problem(error)
    headers = {"content-type": MEDIA_TYPE}
    return httpx.Response(problem.status, text=problem.model_dump_json(), headers=headers)


def event_text(number: int) -> str:
    data = {
        "id": number,
        "kind": "item.changed",
        "owner": "ada",
        "transfer_id": "t",
        "item_id": "i",
        "state": "importing",
        "title": "",
        "message": "",
        "created_at": "2026-03-01T09:00:00Z",
    }
    return f"id: {number}\nevent: item.changed\ndata: {json.dumps(data)}\n\n"


def stream_of(position: int, *numbers: int) -> httpx.Response:
    text = f"id: {position}\nevent: ready\ndata: \n\n: heartbeat\n\n"
    text += "".join(event_text(number) for number in numbers)
    return httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})


async def test_queries_and_token_are_sent() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"items": [], "next": None})

    async with client_of(answer) as client:
        await client.images(ContainerRef(ContainerKind.DATASET, 5), text="a&b", limit=7)
        await client.transfers()
    assert dict(asked[0].url.params) == {"in": "Dataset:5", "text": "a&b", "limit": "7"}
    assert asked[0].headers["authorization"] == "Bearer ta1_secret"
    assert dict(asked[1].url.params) == {"limit": "50"}


async def test_the_token_is_never_shown() -> None:
    client = client_of(lambda _: httpx.Response(500))
    assert "ta1_secret" not in repr(client)
    with pytest.raises(ServerUnreachable) as failed:
        await client.identity()
    assert "ta1_secret" not in str(failed.value)
    await client.aclose()


@pytest.mark.parametrize("error", [GrantRefused(), StorageFull(), Busy(retry_after_s=7)])
async def test_errors_travel(error: TransferAppError) -> None:
    async with client_of(lambda _: refusal(error)) as client:
        with pytest.raises(type(error)) as raised:
            await client.transfers()
    assert raised.value.message == error.message
    assert raised.value.retry_after_s == error.retry_after_s


async def test_another_program_at_the_address() -> None:
    async with client_of(lambda _: httpx.Response(200, text="<html>Log in</html>")) as client:
        with pytest.raises(TransferAppError):
            await client.server_info()
        stream = client.events()
        with pytest.raises(ServerUnreachable):
            await anext(stream)


async def test_following_resumes_and_drops_what_it_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_events, "RECONNECTS", Backoff(0.0, 0.0))
    asked: list[str | None] = []
    answers = [
        stream_of(5, 6, 7),
        refusal(Unavailable()),
        stream_of(7, 7, 8, 8),
        stream_of(8, 9),
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        return answers[len(asked) - 1]

    reported: list[bool] = []
    seen: list[Event] = []
    async with client_of(answer) as client:
        following = follow_events(
            client, on_connection=lambda error: reported.append(error is None)
        )
        async with aclosing(following) as stream:
            async for event in stream:
                seen.append(event)
                if event.id == 9:
                    break
    assert [event.id for event in seen] == [6, 7, 8, 9]
    assert asked == [None, "7", "7", "8"]
    assert reported == [True, False, True, False, True]


async def test_an_outage_before_the_first_event_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_events, "RECONNECTS", Backoff(0.0, 0.0))
    asked: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        return stream_of(41) if len(asked) == 1 else stream_of(41, 42)

    async with client_of(answer) as client, aclosing(follow_events(client)) as stream:
        event = await anext(stream)
    assert (event.id, asked) == (42, [None, "41"])


async def test_kinds_of_a_newer_server_are_passed_over() -> None:
    news = event_text(1).replace(EventKind.ITEM_CHANGED, "moon.rises")
    text = "id: 0\nevent: ready\ndata: \n\n" + news + event_text(2)
    answer = httpx.Response(200, text=text, headers={"content-type": "text/event-stream"})
    async with client_of(lambda _: answer) as client, aclosing(client.events()) as stream:
        assert (await anext(stream)).id == 2


async def test_a_token_that_ended_ends_following() -> None:
    async with client_of(lambda _: refusal(GrantRefused())) as client:
        stream = follow_events(client, 0)
        with pytest.raises(GrantRefused):
            await anext(stream)
