"""Queries of the ledger: a few statements each, however many items there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from transferapp.errors import NoSuchFile, TransferNotFound
from transferapp.host.sparing import readable_page, readable_rows
from transferapp.ledger.port import FileWork, ItemWork, ReceiptFacts
from transferapp.ledger.stores.restored import restored_of
from transferapp.ledger.stores.rows import (
    Row,
    annotations_of,
    event_of,
    fetch,
    fetch_one,
    file_of,
    image_annotations_of,
    item_of,
    left_out_of,
    place_of,
    transfer_of,
)
from transferapp.ledger.stores.schema import events, files, items, left_out, transfers
from transferapp.model.drops import LeftOut
from transferapp.model.events import Event
from transferapp.model.export_specs import spec_of
from transferapp.model.origins import Origin
from transferapp.model.skips import Skip
from transferapp.model.transfers import (
    ItemRole,
    ItemState,
    Transfer,
    TransferDetails,
    TransferFile,
    TransferItem,
    TransferKind,
)


def transfers_of(
    connection: sa.Connection, owner: str, kind: TransferKind | None, after: str, limit: int
) -> list[Transfer]:
    """List what a person owns or asked for, newest first."""
    asked = sa.and_(transfers.c.asked_by == owner, transfers.c.asked_by != "")
    # Each by an index of its own that has the order: one of both would sort all of hers.
    parts = [
        _newest(sa.select(transfers.c.seq).where(mine), kind, after, limit).subquery()
        for mine in (transfers.c.owner == owner, asked)
    ]
    seqs = sa.union(*(sa.select(part.c.seq) for part in parts))
    query = sa.select(transfers).where(transfers.c.seq.in_(seqs))
    query = query.order_by(transfers.c.seq.desc()).limit(limit)
    return readable_rows(connection, query, transfers.c.id, transfer_of, "transfer")


def _newest(
    query: sa.Select[tuple[int]], kind: TransferKind | None, after: str, limit: int
) -> sa.Select[tuple[int]]:
    if kind is not None:
        query = query.where(transfers.c.kind == str(kind))
    if after:
        last = sa.select(transfers.c.seq).where(transfers.c.id == after).scalar_subquery()
        query = query.where(transfers.c.seq < last)
    return query.order_by(transfers.c.seq.desc()).limit(limit)


def transfer_by_key(connection: sa.Connection, owner: str, request_key: str) -> str | None:
    """Return the id of the transfer that was made by this request."""
    return connection.scalar(
        sa.select(transfers.c.id)
        .where(transfers.c.owner == owner)
        .where(transfers.c.request_key == request_key)
    )


def details_of(
    connection: sa.Connection, transfer_id: str, owner: str | None, *, with_files: bool
) -> TransferDetails:
    """Return a transfer with its items; raises TransferNotFound."""
    transfer = _transfer_row(connection, transfer_id)
    if owner is not None and owner not in (transfer["owner"], transfer["asked_by"]):
        raise TransferNotFound
    query = sa.select(items).where(items.c.transfer_id == transfer_id).order_by(items.c.seq)
    found = fetch(connection, query)
    details = TransferDetails(
        transfer_of(transfer),
        tuple(item_of(row) for row in found),
        left_out=_left_out(connection, transfer_id),
    )
    if not with_files:
        return details
    query = sa.select(files).where(files.c.transfer_id == transfer_id).order_by(files.c.seq)
    rows = fetch(connection, query)
    return replace(
        details,
        files=tuple(file_of(row) for row in rows),
        places=tuple(place_of(row) for row in found if row["place"] is not None),
    )


def _left_out(connection: sa.Connection, transfer_id: str) -> tuple[LeftOut, ...]:
    mine = left_out.c.transfer_id == transfer_id
    rows = fetch(connection, sa.select(left_out).where(mine).order_by(left_out.c.seq))
    return tuple(left_out_of(row) for row in rows)


def item_by_id(connection: sa.Connection, item_id: str) -> TransferItem:
    """Return one item; raises TransferNotFound."""
    return item_of(_item_row(connection, item_id))


def receipt_facts(connection: sa.Connection, transfer_id: str) -> ReceiptFacts:
    """Return where an import came from, and the repository's ids of its files."""
    origin = connection.scalar(
        sa.select(transfers.c.origin).where(transfers.c.id == transfer_id)
    )
    held = sa.select(files.c.id, files.c.repository_file_id).where(
        files.c.transfer_id == transfer_id, files.c.repository_file_id.is_not(None)
    )
    return ReceiptFacts(
        Origin(origin["workstation"], tuple(origin["folders"])) if origin else None,
        {row.id: row.repository_file_id for row in connection.execute(held)},
    )


def work_of(connection: sa.Connection, item_id: str) -> ItemWork:
    """Return what a worker needs; raises TransferNotFound."""
    item = _item_row(connection, item_id)
    transfer = _transfer_row(connection, item["transfer_id"])
    query = sa.select(files).where(files.c.item_id == item_id).order_by(files.c.seq)
    rows = fetch(connection, query)
    return ItemWork(
        item=item_of(item),
        transfer=transfer_of(transfer),
        files=tuple(file_of(row) for row in rows),
        repository_file_ids=tuple(row["repository_file_id"] for row in rows),
        group_id=transfer["group_id"],
        annotations=(
            *annotations_of(transfer["annotations"]),
            *annotations_of(item["annotations"] or ()),
        ),
        image_annotations=image_annotations_of(item["image_annotations"] or ()),
        skip=frozenset(map(Skip, transfer["skip"] or ())),
        export=spec_of(transfer["export"]),
        place=place_of(item) if item["place"] else None,
        restored=restored_of(connection, item_id),
    )


def items_of_images(connection: sa.Connection, transfer_id: str) -> dict[int, str]:
    """Return the items of the images that come with their files."""
    query = sa.select(items.c.id, items.c.image_ids).where(
        items.c.transfer_id == transfer_id, items.c.role == str(ItemRole.FILESET)
    )
    return {image: row["id"] for row in fetch(connection, query) for image in row["image_ids"]}


def items_in(
    connection: sa.Connection, states: Sequence[ItemState], *, received: bool
) -> list[TransferItem]:
    """List everyone's items in these states, oldest first."""
    query = (
        sa.select(items)
        .where(items.c.state.in_([str(state) for state in states]))
        .order_by(items.c.seq)
    )
    if received:
        complete = items.c.files_sealed >= items.c.file_count
        query = query.where(items.c.file_count > 0, complete)
    return readable_rows(connection, query, items.c.id, item_of, "item")


def file_by_id(connection: sa.Connection, file_id: str) -> TransferFile:
    """Return one file; raises NoSuchFile."""
    query = sa.select(files).where(files.c.id == file_id)
    row = fetch_one(connection, query)
    if row is None:
        raise NoSuchFile
    return file_of(row)


def file_work(connection: sa.Connection, file_id: str) -> FileWork:
    """Return a file with what its item and transfer say; raises NoSuchFile."""
    query = (
        sa.select(
            files,
            items.c.state.label("item_state"),
            transfers.c.kind,
            transfers.c.owner,
            transfers.c.asked_by,
            transfers.c.group_id,
        )
        .join(items, items.c.id == files.c.item_id)
        .join(transfers, transfers.c.id == files.c.transfer_id)
        .where(files.c.id == file_id)
    )
    row = fetch_one(connection, query)
    if row is None:
        raise NoSuchFile
    return FileWork(
        file=file_of(row),
        transfer_id=row["transfer_id"],
        kind=TransferKind(row["kind"]),
        owner=row["owner"],
        item_state=ItemState(row["item_state"]),
        group_id=row["group_id"],
        repository_file_id=row["repository_file_id"],
        asked_by=row["asked_by"],
    )


def events_after(
    connection: sa.Connection, owner: str | None, after: int, limit: int
) -> list[Event]:
    """List events with greater ids, in order; what cannot be read is left out."""
    query = sa.select(events).order_by(events.c.id).limit(limit)
    if owner is not None:
        query = query.where(events.c.owner == owner)
    while True:
        page = query.where(events.c.id > after)
        found, ids = readable_page(connection, page, events.c.id, event_of, "event")
        if found or not ids:
            return found
        # Nothing of a page: an empty answer would mean that there is nothing more.
        after = ids[-1]


def last_event_id(connection: sa.Connection) -> int:
    """Return the newest event's id, or 0."""
    return connection.scalar(sa.select(sa.func.max(events.c.id))) or 0


def _transfer_row(connection: sa.Connection, transfer_id: str) -> Row:
    query = sa.select(transfers).where(transfers.c.id == transfer_id)
    row = fetch_one(connection, query)
    if row is None:
        raise TransferNotFound
    return row


def _item_row(connection: sa.Connection, item_id: str) -> Row:
    row = fetch_one(connection, sa.select(items).where(items.c.id == item_id))
    if row is None:
        raise TransferNotFound("This item of a transfer does not exist.")
    return row
