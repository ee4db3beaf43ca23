"""Let only the own account talk to the workstation service: the kernel says who calls."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from typing import cast

import structlog
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_log = structlog.get_logger(__name__)
#: struct ucred: process, user and group id.
_UCRED = struct.Struct("3i")


def peer_of(connection: socket.socket) -> tuple[int, int] | None:
    """Return process and user id of the other end; None where the system cannot say."""
    if sys.platform != "linux":
        return None
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    process, user, _ = _UCRED.unpack(raw)
    return process, user


class OwnAccountProtocol(HttpToolsProtocol):
    """HTTP from this account; anyone else's connection is closed before a byte is read.

    The socket's folder keeps others out already; this holds when its mode was changed.
    ``scope["client"]`` is ``("uid:1000", process id)``.
    """

    _refused = False

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Check the peer."""
        super().connection_made(transport)
        connection = cast("socket.socket", transport.get_extra_info("socket"))
        peer = peer_of(connection)
        if peer is None:
            return
        process, user = peer
        if user != os.geteuid():
            _log.warning("refused another account", uid=user, pid=process)
            self._refused = True
            transport.abort()
            return
        self.client = (f"uid:{user}", process)

    @override
    def data_received(self, data: bytes) -> None:
        """Drop what a refused peer had already sent."""
        if not self._refused:
            super().data_received(data)
