"""New transfers as rows: made in memory, written in bulk, returned without reading back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from transferapp.ledger.port import NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.ledger.stores.outbox import transfer_events, write_events
from transferapp.ledger.stores.restored import restored_rows
from transferapp.ledger.stores.rows import (
    annotations_value,
    file_of,
    image_annotations_value,
    item_of,
    left_out_of,
    place_of,
    place_value,
    tally_values,
    transfer_of,
)
from transferapp.ledger.stores.schema import files, items, left_out, restored, transfers
from transferapp.ledger.stores.tally import Tally
from transferapp.model.drops import MOST_LISTED, Drop, first_names
from transferapp.model.export_specs import spec_value
from transferapp.model.transfers import ItemRole, ItemState, TransferDetails, TransferKind

#: Rows of one INSERT: keeps the memory of 200,000 files low.
_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class AddedRows:
    """The rows of one new transfer."""

    transfer: dict[str, Any]
    items: list[dict[str, Any]]
    files: list[dict[str, Any]]
    left_out: list[dict[str, Any]]
    restored: list[dict[str, Any]]

    def details(self) -> TransferDetails:
        """Return what was added."""
        return TransferDetails(
            transfer_of(self.transfer),
            tuple(item_of(row) for row in self.items),
            tuple(file_of(row) for row in self.files),
            tuple(left_out_of(row) for row in self.left_out),
            places=tuple(place_of(row) for row in self.items if row["place"] is not None),
        )


def rows_of(new: NewTransfer, now: datetime) -> AddedRows:
    """Give ids to a transfer and all in it."""
    transfer_id = uuid4().hex
    item_rows = [_item_row(transfer_id, planned, now) for planned in new.items]
    file_rows_of_all = [
        row
        for planned, item in zip(new.items, item_rows, strict=True)
        for row in file_rows(transfer_id, item["id"], planned.files)
    ]
    to_attach = (one for one in new.items if one.role is ItemRole.ATTACHMENTS)
    tally = Tally(
        {ItemState.QUEUED: len(item_rows)} if item_rows else {},
        file_count=len(file_rows_of_all),
        size_bytes=sum(row["size_bytes"] for row in file_rows_of_all),
        to_attach=sum(len(one.files) for one in to_attach),
    )
    return AddedRows(
        _transfer_row(transfer_id, new, now, tally),
        item_rows,
        file_rows_of_all,
        _left_out_rows(transfer_id, new.drop),
        restored_rows(new.items, item_rows),
    )


def insert(connection: sa.Connection, rows: AddedRows, now: datetime) -> None:
    """Write a new transfer and its event; raises IntegrityError for a known key."""
    connection.execute(transfers.insert().values(**rows.transfer))
    for batch in _batches(rows.items):
        connection.execute(items.insert(), batch)
    for batch in _batches(rows.files):
        connection.execute(files.insert(), batch)
    for batch in _batches(rows.left_out):
        connection.execute(left_out.insert(), batch)
    for batch in _batches(rows.restored):
        connection.execute(restored.insert(), batch)
    write_events(connection, transfer_events(now, rows.transfer, was_ended=True))


def file_rows(
    transfer_id: str, item_id: str, planned: Sequence[PlannedTransferFile]
) -> list[dict[str, Any]]:
    """Give ids to the files of an item."""
    return [
        {
            "id": uuid4().hex,
            "item_id": item_id,
            "transfer_id": transfer_id,
            "client_path": file.client_path,
            "size_bytes": file.size_bytes,
            "bytes_done": 0,
            "sealed": False,
            "sha1": file.sha1,
            "repository_file_id": file.repository_file_id,
        }
        for file in planned
    ]


def _transfer_row(
    transfer_id: str, new: NewTransfer, now: datetime, tally: Tally
) -> dict[str, Any]:
    return {
        "id": transfer_id,
        "kind": str(new.kind),
        "name": new.name,
        "owner": new.owner,
        "asked_by": new.asked_by,
        "request_key": new.request_key,
        "state": str(ItemState.QUEUED),
        "target": str(new.target) if new.target else None,
        "target_name": new.target_name,
        "group_id": new.group_id,
        "annotations": annotations_value(new.annotations),
        "skip": sorted(new.skip) or None,
        "export": spec_value(new.export) if new.kind is TransferKind.EXPORT else None,
        "brought_to": new.brought_to,
        "trouble": None,
        "left_out_files": new.drop.left_out_files if new.drop else None,
        "left_out_names": list(first_names(new.drop.left_out)) if new.drop else None,
        "look": None,
        "created_at": now,
        "updated_at": now,
        **tally_values(tally),
    }


def _left_out_rows(transfer_id: str, drop: Drop | None) -> list[dict[str, Any]]:
    if drop is None:
        return []
    return [
        {
            "transfer_id": transfer_id,
            "client_path": one.client_path,
            "reason": str(one.reason),
            "code": one.code,
            "sentence": one.sentence,
            "file_count": one.file_count,
        }
        for one in drop.left_out[:MOST_LISTED]
    ]


def _item_row(transfer_id: str, planned: PlannedItem, now: datetime) -> dict[str, Any]:
    return {
        "id": uuid4().hex,
        "transfer_id": transfer_id,
        "name": planned.name,
        "role": str(planned.role),
        "state": str(ItemState.QUEUED),
        "file_count": len(planned.files),
        "files_sealed": 0,
        "size_bytes": sum(file.size_bytes for file in planned.files),
        "bytes_done": 0,
        "note": "",
        "trouble": None,
        "image_ids": list(planned.image_ids),
        "verified": False,
        "updated_at": now,
        "annotations": annotations_value(planned.annotations) or None,
        "image_annotations": image_annotations_value(planned.image_annotations) or None,
        "place": place_value(planned.place),
        "done_at": None,
        "done_by": "",
        "fileset_id": None,
    }


def _batches(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]
