"""A real connection that breaks at a chosen moment, for tests of resuming."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
from typing_extensions import override


class FlakyWire(httpx.HTTPTransport):
    """Breaks the answers to ``method``: the first ``times`` of them, after ``after`` bytes.

    The request reaches the server whole; ``after=None`` loses the answer itself.
    """

    def __init__(self, method: str, *, times: int, after: int | None) -> None:
        super().__init__()
        self._method = method
        self._times = times
        self._after = after
        self.requests: list[httpx.Request] = []

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = super().handle_request(request)
        if request.method != self._method or self._times == 0:
            return response
        self._times -= 1
        if self._after is None:
            response.read()
            raise httpx.ReadError("the answer was lost", request=request)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_CutStream(response, self._after),
        )


class _CutStream(httpx.SyncByteStream):
    """Gives the first bytes of an answer, then breaks."""

    def __init__(self, response: httpx.Response, after: int) -> None:
        self._response = response
        self._after = after

    @override
    def __iter__(self) -> Iterator[bytes]:
        left = self._after
        stream = self._response.stream
        assert isinstance(stream, httpx.SyncByteStream)
        for piece in stream:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                raise httpx.ReadError("the cable was pulled")

    @override
    def close(self) -> None:
        self._response.close()
