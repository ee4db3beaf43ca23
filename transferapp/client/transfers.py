"""A person's transfers: ask for them, list them, stop them, let them go on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from transferapp.client.connection import (
    TIMEOUT_OF_MANY,
    ServerConnection,
    body_of,
    given,
)
from transferapp.errors import NotFound
from transferapp.model.containers import ContainerRef
from transferapp.model.transfers import (
    TransferDetails,
    TransferKind,
)
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest, export_body
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.messages import (
    Accepted,
    ImportRequest,
    NewTarget,
    TransferList,
)
from transferapp.protocol.places import BroughtView, PlaceView


class TransferClient(ServerConnection):
    """Asks for transfers and says what becomes of them."""

    async def submit_import(
        self, request: ImportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an import; the same key gives the first answer again (a fresh grant)."""
        return await self._submit(routes.IMPORTS, partial(_import_body, request), request_key)

    async def check_import(self, request: ImportRequest) -> None:
        """Raise what ``submit_import`` would; ``target`` may be empty, and nothing changes.

        A server that cannot be asked so refuses when it is asked for the import.
        """
        content = await asyncio.to_thread(partial(_import_body, request))
        headers = {"Content-Type": "application/json"}
        try:
            await self._send("POST", routes.IMPORT_CHECK, content=content, headers=headers)
        except NotFound as error:
            if type(error) is not NotFound:  # A target, an owner: no address of a server.
                raise

    async def submit_export(
        self, request: ExportRequest, *, request_key: str | None = None
    ) -> Accepted:
        """Ask for an export; the same key gives the first answer again (a fresh grant)."""
        return await self._submit(routes.EXPORTS, partial(export_body, request), request_key)

    async def places(self) -> list[PlaceView]:
        """List the places that exports can be brought to; none of an earlier server."""
        try:
            return await self._call(list[PlaceView], "GET", routes.PLACES)
        except NotFound:
            return []

    async def brought(self, transfer_id: str) -> list[BroughtView]:
        """List where the items of an export lie that was brought to a place."""
        return await self._call(list[BroughtView], "GET", routes.brought(transfer_id))

    async def export_summary(self, request: ExportRequest) -> ExportSummary:
        """Say what an export would bring; nothing is queued. Raises Denied, Invalid."""
        body = await asyncio.to_thread(export_body, request)
        return await self._call(
            ExportSummary,
            "POST",
            routes.EXPORT_SUMMARY,
            content=body,
            headers={"Content-Type": "application/json"},
        )

    async def transfers(
        self, *, kind: TransferKind | None = None, after: str = "", limit: int = 50
    ) -> TransferList:
        """List the person's transfers, newest first."""
        params = given(kind=kind, after=after, limit=limit)
        return await self._call(TransferList, "GET", routes.TRANSFERS, params=params)

    async def cancel(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        """Stop a transfer, or one item of it, for good."""
        return await self._act(transfer_id, item_id, "cancel")

    async def retry(self, transfer_id: str, item_id: str | None = None) -> TransferDetails:
        """Let the failed items of a transfer, or one of them, go on."""
        return await self._act(transfer_id, item_id, "retry")

    async def retarget(self, transfer_id: str, target: ContainerRef) -> TransferDetails:
        """Send what is not imported yet to another container of the same group; retry then."""
        path = f"{routes.TRANSFERS}/{transfer_id}/target"
        body = body_of(NewTarget(target=str(target)))
        return await self._call(TransferDetails, "POST", path, json=body)

    async def renew_grant(self, transfer_id: str) -> str:
        """Return a fresh transfer token, for an agent whose token has run out."""
        path = f"{routes.TRANSFERS}/{transfer_id}/grant"
        return (await self._call(dict[str, str], "POST", path))["grant"]

    async def _submit(
        self, path: str, body: Callable[[], str], request_key: str | None
    ) -> Accepted:
        headers = {
            routes.IDEMPOTENCY_KEY: request_key or uuid4().hex,
            "Content-Type": "application/json",
        }
        content = await asyncio.to_thread(body)
        return await self._call(Accepted, "POST", path, content=content, headers=headers)

    async def _act(self, transfer_id: str, item_id: str | None, action: str) -> TransferDetails:
        base = f"{routes.TRANSFERS}/{transfer_id}"
        path = routes.item(transfer_id, item_id) if item_id else base
        action_path = f"{path}/{action}"
        return await self._call(TransferDetails, "POST", action_path, timeout=TIMEOUT_OF_MANY)


def _import_body(request: ImportRequest) -> str:
    # A server that does not know them yet takes every import without them.
    left_out: dict[str, Any] = {
        name: True for name in ("attachments", "skip") if not getattr(request, name)
    }
    if not any(one.annotations for one in request.items):
        left_out["items"] = {"__all__": {"annotations"}}
    return request.model_dump_json(exclude=left_out)
