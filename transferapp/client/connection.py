"""One connection to a server, that each client of a kind of routes builds on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter
from typing_extensions import override

from transferapp.client.problems import raise_for_problem, translated
from transferapp.client.trust import trust_for
from transferapp.host.closing import AsyncClosing
from transferapp.protocol.addresses import check_address

#: Seconds; the server sends a heartbeat every 10 s, so a stream silent for longer is dead.
STREAM_SILENCE_S = 25.0
#: What is done to thousands of items takes the server some milliseconds for each.
TIMEOUT_OF_MANY = httpx.Timeout(600.0, connect=5.0)
#: So long an answer is waited for (seconds).
PATIENCE_S = 30.0
_TIMEOUT = httpx.Timeout(PATIENCE_S, connect=5.0)
#: Answers beyond this many bytes are parsed off the event loop.
_LARGE = 64 << 10

T = TypeVar("T")
_adapters: dict[Any, TypeAdapter[Any]] = {}


class ServerConnection(AsyncClosing):
    """A server, with a session or transfer token or none.

    Every method raises ServerUnreachable when nothing answers, GrantRefused when the token
    is no longer valid, and the errors that the server names. Close it with ``aclose`` or
    use it in ``async with``; it belongs to the event loop of its first call.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Make the client; nothing is opened before the first call. Raises SettingsInvalid."""
        self.base_url = check_address(base_url).rstrip("/")
        self.token = token
        with translated():
            self._http = httpx.AsyncClient(
                base_url=self.base_url,
                transport=transport,
                timeout=_TIMEOUT,
                verify=trust_for(self.base_url),
            )

    @override
    def __repr__(self) -> str:
        """Leave the token out."""
        return f"{type(self).__name__}({self.base_url!r})"

    @override
    async def aclose(self) -> None:
        await self._http.aclose()

    async def _call(self, shape: type[T] | None, method: str, path: str, **sent: Any) -> T:
        response = await self._send(method, path, **sent)
        if shape is None:
            return None  # type: ignore[return-value]  # callers of this kind return nothing
        parse: Callable[[bytes], T] = parser(shape).validate_json
        with translated():
            if len(response.content) > _LARGE:
                return await asyncio.to_thread(parse, response.content)
            return parse(response.content)

    async def _send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        with translated():
            response = await self._http.request(
                method, path, headers=self._headers() | dict(headers or {}), **sent
            )
        return raise_for_problem(response)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def parser(shape: type[T]) -> TypeAdapter[T]:
    """Return the parser of a shape, built once."""
    if shape not in _adapters:
        _adapters[shape] = TypeAdapter(shape)
    return _adapters[shape]


def given(**params: object) -> dict[str, str]:
    """Return the parameters that have a value, as text."""
    return {name: str(value) for name, value in params.items() if value not in {None, ""}}


def body_of(message: BaseModel) -> Any:
    """Return a message as JSON values."""
    return message.model_dump(mode="json")
