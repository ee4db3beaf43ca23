"""Remove from disk what was deleted from the tables: listed with the deletion, done after.

A process that is killed in between leaves the list; the next one goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import sqlalchemy as sa

from transferapp.host.database import reading, writing
from transferapp.repositories.local.storage.derived_paths import DerivedPaths
from transferapp.repositories.local.storage.schema import (
    attachments,
    filesets,
    garbage,
    original_files,
)
from transferapp.repositories.local.storage.store import Originals

_BATCH = 200


class Leftover(StrEnum):
    """Kinds of things on disk."""

    CONTENT = "content"
    FILESET = "fileset"


def list_fileset(connection: sa.Connection, fileset_id: int) -> None:
    """Delete a fileset's rows and list what they leave on disk."""
    mine = original_files.c.fileset_id == fileset_id
    contents = connection.scalars(sa.select(original_files.c.sha1).where(mine).distinct())
    list_contents(connection, contents.all())
    connection.execute(garbage.insert().values(kind=Leftover.FILESET, name=str(fileset_id)))
    connection.execute(filesets.delete().where(filesets.c.id == fileset_id))


def list_contents(connection: sa.Connection, contents: Iterable[str]) -> None:
    """List contents that may have lost their last row."""
    rows = [{"kind": Leftover.CONTENT, "name": sha1} for sha1 in contents]
    if rows:
        connection.execute(garbage.insert(), rows)


def collect(engine: sa.Engine, originals: Originals, derived: DerivedPaths) -> None:
    """Remove what is listed."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(garbage).order_by(garbage.c.id)).all()
    # A fileset's number is never used again, so its folders need no lock.
    for row in rows:
        if row.kind == Leftover.FILESET:
            originals.remove_tree(int(row.name))
            derived.remove(int(row.name))
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        with writing(engine) as connection:
            for row in batch:
                if row.kind == Leftover.CONTENT and not _is_used(connection, row.name):
                    originals.remove_content(row.name)
            connection.execute(
                garbage.delete().where(garbage.c.id.in_([row.id for row in batch]))
            )


def _is_used(connection: sa.Connection, sha1: str) -> bool:
    used = (
        sa.select(table.c.id).where(table.c.sha1 == sha1).limit(1)
        for table in (original_files, attachments)
    )
    return any(connection.execute(query).first() is not None for query in used)
