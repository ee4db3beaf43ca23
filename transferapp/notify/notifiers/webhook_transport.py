"""Keep webhooks, whose addresses people choose, away from what only we can reach.

The name is resolved once and the connection goes to the very address that was judged, so a
name that resolves differently a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable

import httpcore
import httpx
from typing_extensions import override

from transferapp.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport on a backend that judges addresses."""

    def __init__(self, *, allow_private: bool) -> None:
        trust = httpx.create_ssl_context()
        super().__init__(verify=trust)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust, network_backend=_JudgingBackend(allow_private=allow_private)
        )


class _JudgingBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses that anyone may reach."""

    def __init__(self, *, allow_private: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allow_private = allow_private

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        address = await self._judged(host, port)
        return await self._inner.connect_tcp(
            address, port, timeout, local_address, socket_options
        )

    @override
    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)

    async def _judged(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        first = str(found[0][4][0])
        if not self._allow_private and not is_public(ipaddress.ip_address(first)):
            raise Invalid(
                "The webhook's address is inside the server's own network. Use a public one,"
                " or ask your administrator for TRANSFERAPP_WEBHOOK_PRIVATE."
            )
        return first


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet."""
    inner = getattr(address, "ipv4_mapped", None) or address
    return inner.is_global and not inner.is_multicast
