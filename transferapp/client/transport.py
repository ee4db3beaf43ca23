"""An httpx client for bulk bytes: HTTP/1.1 with larger socket reads and copy-free writes.

httpcore reads 64 KiB at a time and copies what a write leaves over; a network backend of
its public interface removes both (docs/adr/0005: a third faster downloads).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any, cast

import httpcore
import httpx
from typing_extensions import override

from transferapp.protocol.addresses import check_address

#: Bytes of one socket read.
READ_SIZE = 256 << 10
#: Seconds. A commit of a part may take long on a busy disk, so reads are patient.
TIMEOUT = httpx.Timeout(60.0, connect=10.0, read=120.0)


def bulk_client(
    base_url: str, *, connections: int = 4, trust: ssl.SSLContext | None = None
) -> httpx.Client:
    """Make a client for uploads and downloads; several threads may share it.

    ``trust`` names other certificate authorities than the system's. Raises SettingsInvalid.
    """
    transport = _BulkTransport(connections, trust or httpx.create_ssl_context())
    return httpx.Client(base_url=check_address(base_url), transport=transport, timeout=TIMEOUT)


class _BulkTransport(httpx.HTTPTransport):
    """httpx's own transport on the wide backend."""

    def __init__(self, connections: int, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust)
        self._pool = httpcore.ConnectionPool(
            ssl_context=trust,
            max_connections=connections,
            keepalive_expiry=30.0,
            network_backend=_WideBackend(),
        )


class _WideStream(httpcore.NetworkStream):
    """Hands everything to httpcore's own stream, in larger bites."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max(max_bytes, READ_SIZE), timeout)

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Cutting a view after a partial send copies nothing.
        self._inner.write(cast("bytes", memoryview(buffer)), timeout)

    @override
    def close(self) -> None:
        self._inner.close()

    @override
    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _WideStream(self._inner.start_tls(ssl_context, server_hostname, timeout))

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _WideBackend(httpcore.NetworkBackend):
    """Opens wide streams."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        return _WideStream(
            self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        )

    @override
    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)
