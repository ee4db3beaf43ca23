"""Changes of items and files: each moves the transfer's counters and writes its events.

The transfer's row is locked first, so that changes of one transfer follow each other, and
events are written last, so that their ids grow in the order in which they become visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

import transferapp
from transferapp.errors import NoSuchFile, StateConflict, TransferNotFound
from transferapp.ledger.port import HeldFiles, ItemChange, PlannedTransferFile
from transferapp.ledger.stores import additions
from transferapp.ledger.stores.outbox import item_events, transfer_events, write_events
from transferapp.ledger.stores.rows import (
    Row,
    fetch,
    fetch_one,
    problem_value,
    scan_of,
    scan_value,
    tally_of,
    tally_values,
    transfer_of,
)
from transferapp.ledger.stores.schema import files, items, transfers
from transferapp.ledger.stores.tally import Share
from transferapp.model.containers import ContainerRef
from transferapp.model.drops import SourceScan
from transferapp.model.moves import SEND_ANEW, UPLOAD, Move
from transferapp.model.origins import Origin
from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    PROBLEM_STATES,
    ItemRole,
    ItemState,
    Transfer,
    TransferKind,
)

#: Progress of bytes is told at most this often per transfer; states are told always.
PROGRESS_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Locked:
    """An item, and its transfer whose row this transaction has locked."""

    transfer: Row
    item: Row

    @property
    def state(self) -> ItemState:
        """The item's state."""
        return ItemState(self.item["state"])


def move_item(
    connection: sa.Connection,
    now: datetime,
    item_id: str,
    move: Move,
    change: ItemChange,
) -> bool:
    """Move an item to another state; False when it is not in a state that allows it."""
    if change.state not in move.end:
        raise ValueError(f"'{move.name}' does not end in {change.state}")
    locked = lock_item(connection, item_id)
    is_its_kind = TransferKind(locked.transfer["kind"]) in move.kinds
    if not (is_its_kind and move.allows(locked.state, change.state)):
        return False
    values: dict[str, Any] = {
        "state": str(change.state),
        "note": change.note,
        "trouble": problem_value(change.trouble),
    }
    if change.image_ids is not None:
        values["image_ids"] = list(change.image_ids)
    if change.verified is not None:
        values["verified"] = change.verified
    if change.state is ItemState.DELIVERED:
        values["bytes_done"] = locked.item["size_bytes"]
    elif locked.state is ItemState.DELIVERED:
        values["bytes_done"] = 0
    if change.state in DONE_STATES:
        values |= {"done_at": now, "done_by": transferapp.__version__}
    _apply(connection, now, locked, values)
    return True


def move_file(connection: sa.Connection, now: datetime, file_id: str, bytes_done: int) -> None:
    """Note a file's durable bytes; a file that is sealed or whose item ended stays."""
    locked, file = lock_file(connection, file_id)
    bytes_done = min(bytes_done, file["size_bytes"])
    moved = bytes_done - file["bytes_done"]
    if file["sealed"] or locked.state in ENDED_STATES:
        return
    connection.execute(
        files.update().where(files.c.id == file_id).values(bytes_done=bytes_done)
    )
    _apply(connection, now, locked, _bytes_moved(locked, moved))


def seal_file(connection: sa.Connection, now: datetime, file_id: str, sha1: str) -> bool:
    """Mark a file complete; True when every file of its item now is. Raises StateConflict when
    it was sealed with another SHA-1.
    """
    locked, file = lock_file(connection, file_id)
    if file["sealed"]:
        if file["sha1"] != sha1:
            raise StateConflict("This file was sealed before, with another checksum.")
        return bool(locked.item["files_sealed"] >= locked.item["file_count"])
    size = file["size_bytes"]
    connection.execute(
        files.update()
        .where(files.c.id == file_id)
        .values(sealed=True, sha1=sha1, bytes_done=size)
    )
    sealed = locked.item["files_sealed"] + 1
    values = _bytes_moved(locked, size - file["bytes_done"])
    _apply(connection, now, locked, values | {"files_sealed": sealed})
    return bool(sealed >= locked.item["file_count"])


def send_file_anew(
    connection: sa.Connection, now: datetime, file_id: str, size_bytes: int
) -> bool:
    """Forget what was sent of a file; False where its item does not wait for it."""
    locked, file = lock_file(connection, file_id)
    rest = locked.item["bytes_done"] - file["bytes_done"]
    state = ItemState.UPLOADING if rest else ItemState.QUEUED
    complete = locked.item["files_sealed"] >= locked.item["file_count"]
    # Complete and in no problem: a worker may have begun.
    begun = complete and locked.state not in PROBLEM_STATES
    if _is_export(locked) or begun or not SEND_ANEW.allows(locked.state, state):
        return False
    connection.execute(
        files.update()
        .where(files.c.id == file_id)
        .values(sealed=False, sha1="", bytes_done=0, size_bytes=size_bytes)
    )
    values: dict[str, Any] = {
        "state": str(state),
        "note": "",
        "trouble": None,
        "bytes_done": rest,
        "size_bytes": locked.item["size_bytes"] - file["size_bytes"] + size_bytes,
        "files_sealed": locked.item["files_sealed"] - bool(file["sealed"]),
    }
    _apply(connection, now, locked, values)
    return True


def resolve_item(
    connection: sa.Connection,
    now: datetime,
    item_id: str,
    planned: Sequence[PlannedTransferFile],
) -> None:
    """Store the files of an item that has none yet."""
    locked = lock_item(connection, item_id)
    if locked.item["file_count"] > 0:
        return
    rows = additions.file_rows(locked.transfer["id"], item_id, planned)
    if rows:
        connection.execute(files.insert(), rows)
    values = {"file_count": len(rows), "size_bytes": sum(row["size_bytes"] for row in rows)}
    _apply(connection, now, locked, values)


def keep_held(connection: sa.Connection, item_id: str, held: HeldFiles) -> None:
    """Note under which ids the repository holds an item's files; nobody is told."""
    lock_item(connection, item_id)
    mine = items.c.id == item_id
    connection.execute(items.update().where(mine).values(fileset_id=held.fileset_id))
    one = sa.and_(files.c.id == sa.bindparam("file"), files.c.item_id == item_id)
    if held.by_file:
        connection.execute(
            files.update().where(one).values(repository_file_id=sa.bindparam("number")),
            [{"file": file, "number": number} for file, number in held.by_file.items()],
        )


def keep_origin(connection: sa.Connection, transfer_id: str, origin: Origin) -> None:
    """Note where an import's files lay; what was said first stays. Raises TransferNotFound,
    StateConflict for an export.
    """
    mine = transfers.c.id == transfer_id
    found = fetch_one(connection, sa.select(transfers).where(mine).with_for_update())
    if found is None:
        raise TransferNotFound
    if found["kind"] != TransferKind.IMPORT:
        raise StateConflict("Only an import has a source on the workstation.")
    if found["origin"] is None:
        value = {"workstation": origin.workstation, "folders": list(origin.folders)}
        connection.execute(transfers.update().where(mine).values(origin=value))


def retarget(
    connection: sa.Connection,
    now: datetime,
    transfer_id: str,
    target: ContainerRef,
    target_name: str,
) -> None:
    """Change where a transfer goes; raises TransferNotFound."""
    mine = transfers.c.id == transfer_id
    found = fetch_one(connection, sa.select(transfers).where(mine).with_for_update())
    if found is None:
        raise TransferNotFound
    values = {"target": str(target), "target_name": target_name, "updated_at": now}
    connection.execute(transfers.update().where(mine).values(**values))
    write_events(connection, transfer_events(now, {**found, **values}, was_ended=True))


def keep_scan(
    connection: sa.Connection, now: datetime, transfer_id: str, scan: SourceScan
) -> Transfer:
    """Keep the last look at an import's source; raises TransferNotFound, StateConflict."""
    mine = transfers.c.id == transfer_id
    found = fetch_one(connection, sa.select(transfers).where(mine).with_for_update())
    if found is None:
        raise TransferNotFound
    if found["kind"] != TransferKind.IMPORT:
        raise StateConflict("Only an import has a source on the workstation.")
    before = scan_of(found["look"])
    values: dict[str, Any] = {"look": scan_value(scan)}
    states_other = before is None or replace(before, looked_at=scan.looked_at) != scan
    if states_other:
        values["updated_at"] = now
    connection.execute(transfers.update().where(mine).values(**values))
    after = {**found, **values}
    if states_other:
        write_events(connection, transfer_events(now, after, was_ended=True))
    return transfer_of(after)


def lock_item(connection: sa.Connection, item_id: str) -> Locked:
    """Lock the item's transfer; raises TransferNotFound."""
    transfer_id = connection.scalar(sa.select(items.c.transfer_id).where(items.c.id == item_id))
    if transfer_id is None:
        raise TransferNotFound("This item of a transfer does not exist.")
    return _lock(connection, transfer_id, item_id)


def lock_file(connection: sa.Connection, file_id: str) -> tuple[Locked, Row]:
    """Lock the file's transfer; raises NoSuchFile."""
    query = sa.select(files).where(files.c.id == file_id)
    found = fetch_one(connection, query)
    if found is None:
        raise NoSuchFile
    locked = _lock(connection, found["transfer_id"], found["item_id"])
    # Read again under the lock: another process may have moved it meanwhile.
    return locked, fetch(connection, query)[0]


def _lock(connection: sa.Connection, transfer_id: str, item_id: str) -> Locked:
    transfer = sa.select(transfers).where(transfers.c.id == transfer_id).with_for_update()
    item = sa.select(items).where(items.c.id == item_id)
    return Locked(fetch(connection, transfer)[0], fetch(connection, item)[0])


def _bytes_moved(locked: Locked, moved: int) -> dict[str, Any]:
    values: dict[str, Any] = {"bytes_done": locked.item["bytes_done"] + moved}
    if locked.state in UPLOAD.start and not _is_export(locked):
        values |= {"state": str(ItemState.UPLOADING), "note": "", "trouble": None}
    return values


def _apply(
    connection: sa.Connection, now: datetime, locked: Locked, values: dict[str, Any]
) -> None:
    """Write an item's new values, its transfer's counters, and the events of both."""
    before, after = locked.item, {**locked.item, **values}
    if all(before[name] == after[name] for name in values):
        return
    connection.execute(
        items.update().where(items.c.id == before["id"]).values(**values, updated_at=now)
    )
    tally = tally_of(locked.transfer).changed(_share(before), _share(after))
    state = tally.overall(TransferKind(locked.transfer["kind"]))
    transfer_values = tally_values(tally) | {"state": str(state), "updated_at": now}
    transfer_values |= _shown_problem(connection, locked, after)
    rows = item_events(now, locked.transfer, before, after)
    if _is_due(now, locked.transfer, transfer_values):
        transfer_values["progress_told_at"] = now
        rows += transfer_events(
            now,
            {**locked.transfer, **transfer_values},
            was_ended=tally_of(locked.transfer).ended,
        )
    connection.execute(
        transfers.update()
        .where(transfers.c.id == locked.transfer["id"])
        .values(**transfer_values)
    )
    write_events(connection, rows)


def _is_due(now: datetime, before: Row, after: dict[str, Any]) -> bool:
    """Whether the transfer's own change is told: what it is called or promises, or time."""
    reported = before["progress_told_at"]
    if reported is None or not reported <= now < reported + PROGRESS_EVERY:
        return True
    return any(before[name] != after[name] for name in ("state", "states", "settled"))


def _shown_problem(
    connection: sa.Connection, locked: Locked, after: dict[str, Any]
) -> dict[str, Any]:
    """Choose whose problem stands for the transfer: the newest, else any that is left."""
    if after["trouble"] is not None:
        return {"trouble": after["trouble"], "trouble_item": after["id"]}
    if locked.transfer["trouble_item"] != after["id"]:
        return {}
    other = fetch_one(
        connection,
        sa.select(items.c.id, items.c.trouble)
        .where(items.c.transfer_id == locked.transfer["id"])
        .where(items.c.trouble.is_not(sa.null()), items.c.id != after["id"])
        .limit(1),
    )
    if other is None:
        return {"trouble": None, "trouble_item": None}
    return {"trouble": other["trouble"], "trouble_item": other["id"]}


def _share(row: Row | dict[str, Any]) -> Share:
    return Share(
        ItemState(row["state"]),
        row["file_count"],
        row["size_bytes"],
        row["bytes_done"],
        row["file_count"] > 0 and row["files_sealed"] >= row["file_count"],
        row["verified"],
        ItemRole(row["role"]),
    )


def _is_export(locked: Locked) -> bool:
    return bool(locked.transfer["kind"] == TransferKind.EXPORT)
