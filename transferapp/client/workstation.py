"""What a workstation tells of a transfer."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter

from transferapp.client.connection import (
    ServerConnection,
    body_of,
)
from transferapp.model.drops import SourceScan
from transferapp.model.transfers import (
    Transfer,
    TransferDetails,
    TransferItem,
)
from transferapp.protocol import routes
from transferapp.protocol.messages import (
    ChangedSource,
    Delivered,
    Report,
    Seal,
)


class WorkstationClient(ServerConnection):
    """Looks at a transfer and tells how far it is here; a transfer's token is enough."""

    async def transfer(self, transfer_id: str, *, files: bool = False) -> TransferDetails:
        """Return a transfer with its items, and on wish its files."""
        params = {"files": "true" if files else "false"}
        path = f"{routes.TRANSFERS}/{transfer_id}"
        return await self._call(TransferDetails, "GET", path, params=params)

    async def report(
        self, transfer_id: str, item_id: str, code: str, message: str
    ) -> TransferItem:
        """Tell of a problem with an item's files; an empty code clears it."""
        path = f"{routes.item(transfer_id, item_id)}/report"
        body = body_of(Report(code=code, message=message))
        return await self._call(TransferItem, "POST", path, json=body)

    async def source_scanned(self, transfer_id: str, scan: SourceScan) -> Transfer:
        """Tell what was found at the source of an import; raises StateConflict."""
        body = TypeAdapter(SourceScan).dump_python(scan, mode="json")
        return await self._call(Transfer, "POST", routes.source(transfer_id), json=body)

    async def seal(self, transfer_id: str, file_id: str, sha1: str) -> TransferItem:
        """Tell that all bytes of a file are there; may be repeated."""
        path = routes.file_seal(transfer_id, file_id)
        return await self._call(TransferItem, "POST", path, json=body_of(Seal(sha1=sha1)))

    async def send_anew(self, transfer_id: str, file_id: str, size_bytes: int) -> TransferItem:
        """Tell that a file is another one now, of this size: what was sent is forgotten.

        Raises StateConflict when what was sent is used already.
        """
        path = routes.file_anew(transfer_id, file_id)
        body = body_of(ChangedSource(size_bytes=size_bytes))
        return await self._call(TransferItem, "POST", path, json=body)

    async def delivered(
        self, transfer_id: str, item_id: str, sha1_by_file: Mapping[str, str]
    ) -> TransferItem:
        """Tell that an item's files are in place; raises ChecksumMismatch."""
        path = f"{routes.item(transfer_id, item_id)}/delivered"
        body = body_of(Delivered(sha1_by_file=dict(sha1_by_file)))
        return await self._call(TransferItem, "POST", path, json=body)
