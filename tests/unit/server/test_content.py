from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from transferapp.errors import PermissionDenied
from transferapp.server.content import content_response


def request_of(method: str = "GET") -> Request:
    return Request({"type": "http", "method": method, "headers": [], "path": "/"})


async def nothing(_offset: int, _length: int) -> AsyncIterator[bytes]:
    for piece in list[bytes]():
        yield piece


@pytest.mark.parametrize(
    ("name", "plain", "exact"),
    [
        ("a.tif", "a.tif", "a.tif"),
        ("Zelle ä 😀.tif", "Zelle _ _.tif", "Zelle%20%C3%A4%20%F0%9F%98%80.tif"),
        ('x"\r\nSet-Cookie: a\\b.tif', "x___Set-Cookie: a_b.tif", None),
    ],
)
def test_names_of_files(name: str, plain: str, exact: str | None) -> None:
    header = content_response(request_of(), nothing, 0, "tag", name).headers[
        "content-disposition"
    ]
    assert f'filename="{plain}"' in header
    assert "\n" not in header
    if exact is not None:
        assert header.endswith(f"filename*=UTF-8''{exact}")


async def test_a_source_that_ends_early_is_seen_by_the_client() -> None:
    """The promised length and what was sent differ: the web server breaks the connection."""
    response = content_response(request_of(), nothing, 10, "tag", "a")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await response(request_of().scope, receive, send)
    assert dict(sent[0]["headers"])[b"content-length"] == b"10"
    assert sum(len(message.get("body", b"")) for message in sent) < 10


def test_head_never_opens_the_source() -> None:
    def refuse(_offset: int, _length: int) -> AsyncIterator[bytes]:
        raise AssertionError

    response = content_response(request_of("HEAD"), refuse, 10, "tag", "a")
    assert response.headers["content-length"] == "10"


async def test_a_source_that_refuses_at_once_can_still_be_answered() -> None:
    async def refuse(_offset: int, _length: int) -> AsyncIterator[bytes]:
        for _ in range(2):
            raise PermissionDenied
        yield b""

    response = content_response(request_of(), refuse, 10, "tag", "a")
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(PermissionDenied):
        await response(request_of().scope, receive, send)
    assert sent == [], "nothing was promised yet"


async def test_the_source_is_closed_when_sending_fails() -> None:
    closed: list[bool] = []

    async def source(_offset: int, _length: int) -> AsyncIterator[bytes]:
        try:
            yield b"12345"
            yield b"67890"
        finally:
            closed.append(True)

    async def send(message: Message) -> None:
        if message.get("body"):
            raise OSError

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    response = content_response(request_of(), source, 10, "tag", "a")
    with pytest.raises((OSError, ClientDisconnect)):
        await response(request_of().scope, receive, send)
    assert closed == [True]
