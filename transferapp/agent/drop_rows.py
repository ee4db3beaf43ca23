"""Rows of the outbox about the source of an import: what was dropped, how it looks now."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from transferapp.agent.records import DuplicateRecord
from transferapp.agent.schema import files, held, items, left_out, submissions
from transferapp.model.drops import LeftOut, LeftOutReason, SourceScan, first_names
from transferapp.model.stages import ItemStage
from transferapp.protocol.messages import DropOnDisk

_SCAN = TypeAdapter(SourceScan)
_COUNTS = left_out.c.reason.in_([reason for reason in LeftOutReason if reason.counts])


def insert(connection: sa.Connection, transfer_id: str, drop: DropOnDisk | None) -> None:
    """Store what was left out of a new submission."""
    rows = [
        {
            "transfer_id": transfer_id,
            "position": position,
            "path": one.path,
            "client_path": one.left_out.client_path,
            "reason": one.left_out.reason,
            "file_count": one.left_out.file_count,
        }
        for position, one in enumerate(drop.left_out if drop else ())
    ]
    if rows:
        connection.execute(sa.insert(left_out), rows)
    in_repository = [file for one in (drop.left_out if drop else ()) for file in one.held]
    if in_repository:
        connection.execute(
            sa.insert(held),
            [
                {**file.model_dump(), "transfer_id": transfer_id, "position": position}
                for position, file in enumerate(in_repository)
            ],
        )


def roots_value(drop: DropOnDisk | None) -> str | None:
    """Return the column of what was dropped."""
    return None if drop is None else json.dumps(drop.roots)


def roots_of(value: str | None) -> tuple[str, ...] | None:
    """Read the column of what was dropped."""
    return None if value is None else tuple(json.loads(value))


def scan_of(value: str | None) -> SourceScan | None:
    """Read the column of the last look."""
    return None if value is None else _SCAN.validate_json(value)


def imported_files(connection: sa.Connection, transfer_id: str) -> Sequence[sa.RowMapping]:
    """Return the rows of files whose item the repository holds, verified."""
    query = (
        sa.select(files)
        .join(items, items.c.item_id == files.c.item_id)
        .where(files.c.transfer_id == transfer_id, items.c.stage == ItemStage.DONE)
        .order_by(items.c.position, files.c.position)
    )
    return connection.execute(query).mappings().all()


def duplicate_files(connection: sa.Connection, transfer_id: str) -> list[DuplicateRecord]:
    """Return the files that were left out because the repository holds them."""
    mine = held.c.transfer_id == transfer_id
    query = sa.select(held).where(mine).order_by(held.c.position)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    return [
        DuplicateRecord(**{k: v for k, v in row.items() if k != "position"}) for row in rows
    ]


def set_duplicates(connection: sa.Connection, file: DuplicateRecord, **values: int) -> None:
    """Change what is known of how a held file looks."""
    same = sa.and_(held.c.transfer_id == file.transfer_id, held.c.path == file.path)
    connection.execute(sa.update(held).where(same).values(**values))


def known_paths(connection: sa.Connection, transfer_id: str) -> list[str]:
    """Return the paths of what was dropped, imported or not.

    A folder stands for all that is in it, but not one that the repository holds: what came
    into it since is not held.
    """
    all_of_them = sa.union_all(
        *(
            sa.select(table.c.path).where(table.c.transfer_id == transfer_id)
            for table in (files, held)
        ),
        sa.select(left_out.c.path).where(
            left_out.c.transfer_id == transfer_id, left_out.c.reason != LeftOutReason.HELD
        ),
    )
    return list(connection.scalars(all_of_them))


def keep_scan(connection: sa.Connection, transfer_id: str, scan: SourceScan) -> bool:
    """Keep a look; True when it says other things than the server was told."""
    mine = submissions.c.transfer_id == transfer_id
    row = connection.execute(
        sa.select(submissions.c.look, submissions.c.look_told).where(mine)
    ).one_or_none()
    if row is None:
        return False
    before = scan_of(row.look)
    same = before is not None and replace(before, looked_at=scan.looked_at) == scan
    reported = bool(row.look_told and same)
    values = {"look": _SCAN.dump_json(scan).decode(), "look_told": reported}
    connection.execute(sa.update(submissions).where(mine).values(**values))
    return not reported


def scan_was_reported(connection: sa.Connection, transfer_id: str, scan: SourceScan) -> None:
    """Note that the server knows of this very look."""
    mine = submissions.c.transfer_id == transfer_id
    same = submissions.c.look == _SCAN.dump_json(scan).decode()
    connection.execute(sa.update(submissions).where(mine, same).values(look_told=True))


def totals(connection: sa.Connection, transfer_id: str) -> dict[str, Any]:
    """Return the sums that the promises about the source rest on."""
    done = (
        sa.select(sa.func.count())
        .join_from(files, items, items.c.item_id == files.c.item_id)
        .where(files.c.transfer_id == transfer_id, items.c.stage == ItemStage.DONE)
    )
    mine = left_out.c.transfer_id == transfer_id
    missed = sa.select(sa.func.coalesce(sa.func.sum(left_out.c.file_count), 0))
    some = sa.select(left_out).where(mine, _COUNTS).order_by(left_out.c.position).limit(3)
    named = [
        LeftOut(row["client_path"], LeftOutReason(row["reason"]))
        for row in connection.execute(some).mappings()
    ]
    return {
        "files_verified": connection.scalar(done) or 0,
        "left_out_files": connection.scalar(missed.where(mine, _COUNTS)) or 0,
        "left_out_names": first_names(named),
    }
