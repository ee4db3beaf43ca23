"""A read-only zarr store over HTTPS with a token that can be renewed while it reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import httpx
from typing_extensions import override
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)

from transferapp import errors
from transferapp.client.problems import raise_for_problem, translated
from transferapp.preview.cache import ChunkCache, Encoded

if TYPE_CHECKING:
    from zarr.core.buffer import Buffer, BufferPrototype

PARALLEL_REQUESTS = 16
#: Of chunks as they came, compressed.
CACHE_BYTES = 128 << 20
REQUEST_TIMEOUT_S = 30.0
#: How long a read waits for a fresh token before it fails.
RENEWAL_TIMEOUT_S = 20.0
_CLOSING_S = 5.0


class RenewableToken:
    """A token that several readers share; safe to renew from another thread."""

    def __init__(self, value: str, ask: Callable[[], None]) -> None:
        """Start with a token; ``ask`` asks the desktop for a fresh one, from any thread."""
        self._value = value
        self._ask = ask
        self._next: Future[str] = Future()

    @override
    def __repr__(self) -> str:
        """Keep the token out of logs."""
        return "RenewableToken(...)"

    @property
    def value(self) -> str:
        """The token as it is now."""
        return self._value

    def renew(self, value: str) -> None:
        """Let waiting readers go on with a fresh token."""
        waiting, self._next = self._next, Future()
        self._value = value
        waiting.set_result(value)

    async def after(self, refused: str) -> str:
        """Return a token other than the refused one; raises GrantRefused in the end."""
        waiting = self._next
        if self._value != refused:
            return self._value
        self._ask()
        try:
            # The shield keeps one reader's time-out from ending the wait of the others.
            renewed = asyncio.shield(asyncio.wrap_future(waiting))
            return await asyncio.wait_for(renewed, RENEWAL_TIMEOUT_S)
        except TimeoutError:
            raise errors.GrantRefused from None


class RemoteStore(Store):
    """Reads the keys below a URL. Errors are ours: they say what a person can do."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, url: str, token: RenewableToken | None) -> None:
        """Read below ``url``, a signed one where ``token`` is None."""
        super().__init__(read_only=True)
        self._url = url.rstrip("/")
        self._token = token
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cache = ChunkCache(CACHE_BYTES)

    @override
    def __eq__(self, other: object) -> bool:
        """Tell whether the other store reads the same keys."""
        return isinstance(other, RemoteStore) and other._url == self._url

    @override
    def __hash__(self) -> int:
        return hash(self._url)

    @override
    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return the bytes of a key; None when there is no such key."""
        try:
            # napari reads the same chunks again and again while a person moves about.
            encoded = await self._cache.get(
                (key, byte_range), lambda: self._read(key, byte_range)
            )
        except errors.NoSuchFile:
            return None
        return prototype.buffer.from_bytes(encoded.body)

    async def _read(self, key: str, byte_range: ByteRequest | None) -> Encoded:
        response = await self._request("GET", key, _range_header(byte_range))
        raise_for_problem(response)
        return Encoded(response.content, response.headers.get("etag", ""))

    @override
    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Return parts of several keys."""
        return list(
            await asyncio.gather(*(self.get(key, prototype, part) for key, part in key_ranges))
        )

    @override
    async def exists(self, key: str) -> bool:
        """Tell whether there is such a key."""
        response = await self._request("HEAD", key, {})
        if response.status_code == HTTPStatus.NOT_FOUND:
            return False
        raise_for_problem(response)
        return True

    @override
    async def set(self, key: str, value: Buffer) -> None:
        """Refuse: the store is read-only."""
        raise NotImplementedError

    @override
    async def delete(self, key: str) -> None:
        """Refuse: the store is read-only."""
        raise NotImplementedError

    @override
    def list(self) -> AsyncIterator[str]:
        """Refuse: HTTP has no listing."""
        raise NotImplementedError

    @override
    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: HTTP has no listing."""
        raise NotImplementedError

    @override
    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: HTTP has no listing."""
        raise NotImplementedError

    @override
    def close(self) -> None:
        """Let go of the connections; call it from outside zarr's own event loop."""
        super().close()
        http, self._http = self._http, None
        if http is not None and self._loop is not None:
            asyncio.run_coroutine_threadsafe(http.aclose(), self._loop).result(_CLOSING_S)

    async def _request(self, method: str, key: str, headers: dict[str, str]) -> httpx.Response:
        if self._token is None:
            return await self._send(method, key, headers)
        token = self._token.value
        response = await self._send(method, key, headers | _bearer(token))
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            renewed = _bearer(await self._token.after(token))
            response = await self._send(method, key, headers | renewed)
        return response

    async def _send(self, method: str, key: str, headers: dict[str, str]) -> httpx.Response:
        # Made here, because it belongs to zarr's own event loop, which runs in a thread.
        if self._http is None:
            self._loop = asyncio.get_running_loop()
            self._http = httpx.AsyncClient(
                timeout=REQUEST_TIMEOUT_S,
                limits=httpx.Limits(max_connections=PARALLEL_REQUESTS),
            )
        with translated():
            return await self._http.request(method, f"{self._url}/{key}", headers=headers)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _range_header(part: ByteRequest | None) -> dict[str, Any]:
    match part:
        case RangeByteRequest(start=start, end=end):
            return {"Range": f"bytes={start}-{end - 1}"}
        case OffsetByteRequest(offset=offset):
            return {"Range": f"bytes={offset}-"}
        case SuffixByteRequest(suffix=suffix):
            return {"Range": f"bytes=-{suffix}"}
    return {}
