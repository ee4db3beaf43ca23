"""Receipts of transfers: made of what the ledger says, and signed by this server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from transferapp.errors import PermissionDenied, StateConflict, TransferNotFound
from transferapp.ledger.port import ReceiptFacts, ReceiptRecords, TransferLists
from transferapp.model.origins import Origin
from transferapp.model.transfers import (
    ItemState,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
)
from transferapp.receipts.document import Receipt, ReceiptFile, ReceiptItem, ReceiptOrigin
from transferapp.receipts.key_file import read_keys
from transferapp.receipts.signing import key_set, sign, verify
from transferapp.repositories.port import Repository

_NOTHING = (
    "Nothing of this transfer is verified, so there is nothing to state. Ask for its receipt"
    " when an item of it has ended well."
)


class _Records(TransferLists, ReceiptRecords, Protocol):
    """What receipts need of the ledger."""


class Receipts:
    """Makes receipts, and says whose a receipt is."""

    def __init__(self, ledger: _Records, repository: Repository, keys_file: Path) -> None:
        """Sign with the last key of a file, which is read each time: keys may change."""
        self._ledger = ledger
        self._repository = repository
        self._keys_file = keys_file

    async def of(self, username: str, transfer_id: str) -> bytes:
        """Return a transfer's receipt, for its owner, who asked for it, or an administrator.

        Raises TransferNotFound, StateConflict when nothing of it is verified.
        """
        details = await self._details(username, transfer_id)
        facts = await self._ledger.receipt_facts(transfer_id)
        return await asyncio.to_thread(self._signed, details, facts)

    async def public_keys(self) -> dict[str, list[dict[str, str]]]:
        """Return the keys that receipts of this server are checked with, as a JWK Set."""
        return key_set(await asyncio.to_thread(read_keys, self._keys_file))

    async def keep_origin(self, transfer_id: str, origin: Origin) -> None:
        """Keep where the files of an import lay; raises StateConflict for an export."""
        await self._ledger.keep_origin(transfer_id, origin)

    async def read(self, username: str, content: bytes) -> Receipt:
        """Return what a receipt of this server says, to somebody who may know that.

        Raises DamagedReceipt, ReceiptKeyUnknown, PermissionDenied for another person's.
        """

        def checked() -> Receipt:
            return verify(content, read_keys(self._keys_file)).receipt

        receipt = await asyncio.to_thread(checked)
        if username not in {receipt.owner, receipt.asked_by or receipt.owner}:
            await self._check_is_admin(username)
        return receipt

    async def _details(self, username: str, transfer_id: str) -> TransferDetails:
        try:
            return await self._ledger.details(transfer_id, owner=username)
        except TransferNotFound:
            # To everybody else another person's is as if it did not exist.
            if not (await self._repository.identity(username)).is_admin:
                raise
        return await self._ledger.details(transfer_id)

    async def _check_is_admin(self, username: str) -> None:
        if not (await self._repository.identity(username)).is_admin:
            raise PermissionDenied(
                "This receipt is another person's. She can check it, and an administrator can."
            )

    def _signed(self, details: TransferDetails, facts: ReceiptFacts) -> bytes:
        receipt = receipt_of(details, facts, self._repository.name)
        return sign(receipt, read_keys(self._keys_file)[-1])


@dataclass(frozen=True, slots=True)
class _Held:
    """An item that was verified, and its files."""

    item: TransferItem
    files: list[TransferFile]


def receipt_of(details: TransferDetails, facts: ReceiptFacts, repository: str) -> Receipt:
    """State what was verified of a transfer; raises StateConflict when nothing was."""
    transfer = details.transfer
    files: dict[str, list[TransferFile]] = {item.id: [] for item in details.items}
    for file in details.files:
        files[file.item_id].append(file)
    proven = [
        _Held(item, files[item.id])
        for item in details.items
        if _is_proven(item, transfer.kind, files[item.id])
    ]
    if not proven:
        raise StateConflict(_NOTHING)
    is_import = transfer.kind is TransferKind.IMPORT
    return Receipt(
        transfer_id=transfer.id,
        kind="import" if is_import else "export",
        name=transfer.name,
        form=transfer.form,
        repository=repository,
        owner=transfer.owner,
        asked_by=transfer.asked_by,
        origin=_origin(facts.origin),
        target=str(transfer.target or ""),
        target_name=transfer.target_name,
        asked_at=transfer.created_at.astimezone(UTC),
        items=tuple(_item(one, facts.repository_ids) for one in proven),
        items_missing=len(details.items) - len(proven),
        left_out_files=transfer.left_out_files,
    )


def _is_proven(item: TransferItem, kind: TransferKind, files: list[TransferFile]) -> bool:
    """Say whether every byte of an item was compared where it was to be."""
    if kind is TransferKind.IMPORT:
        ended_well = item.state is ItemState.IMPORTED and item.verified
    else:
        ended_well = item.state is ItemState.DELIVERED
    # A repository that hashes otherwise gave no SHA-1 of what was exported.
    return ended_well and bool(files) and all(file.sha1 for file in files)


def _item(one: _Held, repository_ids: Mapping[str, int]) -> ReceiptItem:
    item = one.item
    return ReceiptItem(
        id=item.id,
        name=item.name,
        role=str(item.role),
        image_ids=item.image_ids,
        fileset_id=item.fileset_id,
        verified_at=_utc(item.done_at),
        verified_by=item.done_by,
        files=tuple(
            ReceiptFile(
                path=file.client_path,
                size_bytes=file.size_bytes,
                sha1=file.sha1,
                repository_id=repository_ids.get(file.id),
            )
            for file in one.files
        ),
    )


def _origin(origin: Origin | None) -> ReceiptOrigin | None:
    if origin is None:
        return None
    return ReceiptOrigin(workstation=origin.workstation, folders=origin.folders)


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time else None
