"""Receipts as a person's programs and her workstation ask for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from transferapp.client.connection import ServerConnection, body_of
from transferapp.client.problems import raise_for_problem, translated
from transferapp.errors import ServerUnreachable, TransferAppError
from transferapp.model.origins import Origin
from transferapp.protocol import routes
from transferapp.protocol.problems import from_problem
from transferapp.protocol.receipts import RECEIPT_TYPE, CheckLine, StatedOrigin

if TYPE_CHECKING:
    # They bring a library of cryptography, which takes a while: when a receipt is asked for.
    from joserfc.jwk import OKPKey

    from transferapp.receipts.known_keys import KnownKeys

#: A check tells a sign of life every two seconds; a slow disk or a busy OMERO takes longer.
_CHECK_TIMEOUT = httpx.Timeout(300.0, connect=5.0)


class ReceiptClient(ServerConnection):
    """Asks for receipts, the keys that they are checked with, and what is still held."""

    async def receipt(self, transfer_id: str) -> bytes:
        """Return a transfer's receipt; a transfer's token is enough.

        Raises StateConflict when nothing of it is verified, TransferNotFound; NotFound when
        the server is older than receipts.
        """
        response = await self._send("GET", routes.receipt(transfer_id))
        return response.content

    async def receipt_keys(self) -> list[OKPKey]:
        """Return the public keys that this server signs receipts with; needs no token.

        Raises NotFound when the server is older than receipts.
        """
        from transferapp.receipts.signing import keys_of_set  # noqa: PLC0415 - see above

        found = await self._call(dict[str, list[dict[str, str]]], "GET", routes.RECEIPT_KEYS)
        return keys_of_set(found)

    async def origin(self, transfer_id: str, origin: Origin) -> None:
        """Tell where the files of an import lie, with its token; what was said first stays."""
        body = body_of(StatedOrigin(workstation=origin.workstation, folders=origin.folders))
        await self._call(None, "POST", routes.origin(transfer_id), json=body)

    async def check_receipt(
        self, content: bytes, *, deep: bool = False
    ) -> AsyncGenerator[CheckLine, None]:
        """Yield a line for each file of a receipt, and signs of life; ``deep``: every byte is
        read in the repository.

        Raises DamagedReceipt, ReceiptKeyUnknown, PermissionDenied, Invalid, Busy, and
        ServerUnreachable when the answer is cut off.
        """
        headers = self._headers() | {"Content-Type": RECEIPT_TYPE}
        with translated():
            async with self._http.stream(
                "POST",
                routes.RECEIPT_CHECK,
                params={"deep": "true" if deep else "false"},
                content=content,
                headers=headers,
                timeout=_CHECK_TIMEOUT,
            ) as response:
                if not response.is_success:
                    await response.aread()
                raise_for_problem(response)
                async for text in response.aiter_lines():
                    line = CheckLine.model_validate_json(text)
                    if line.problem is not None:
                        raise from_problem(line.problem)
                    if line.ended:
                        return
                    yield line
                    # Thousands of lines come at once: others get their turn.
                    await asyncio.sleep(0)
        raise ServerUnreachable("The server stopped in the middle of the check. Ask again.")


async def keep_keys(server: ReceiptClient, known: KnownKeys | None = None) -> None:
    """Keep the keys of a server that somebody signed in to, so that receipts can be verified
    without it. Whatever fails here fails nothing else: they are kept with each receipt, too.
    """
    from transferapp.receipts.known_keys import KnownKeys  # noqa: PLC0415 - see above

    with suppress(TransferAppError, OSError):
        keys = await server.receipt_keys()
        await asyncio.to_thread((known or KnownKeys()).keep, server.base_url, keys)
