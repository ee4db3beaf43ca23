"""Find files in the tables that hold the same bytes, or lie at the same client path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from transferapp.model.duplicates import Duplicate, DuplicateFileset, DuplicateOriginal, Hits
from transferapp.model.filesets import PlannedFile
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.storage.schema import (
    containers,
    experimenters,
    filesets,
    image_links,
    images,
    original_files,
)

#: Values in one query; SQLite takes 32,766.
_AT_ONCE = 500


def find_duplicates(
    connection: sa.Connection, caller: Caller, files: Sequence[PlannedFile]
) -> list[Duplicate]:
    """List duplicates in the order of ``files``, then by fileset id."""
    hits = Hits()
    for row in _rows(connection, caller, original_files.c.sha1, {f.sha1 for f in files}):
        hits.by_sha1.setdefault(row.sha1, set()).add(row.fileset_id)
    paths = {f.client_path for f in files}
    for row in _rows(connection, caller, original_files.c.client_path, paths):
        at = row.client_path, row.size_bytes
        hits.by_path.setdefault(at, {})[row.fileset_id] = DuplicateOriginal(row.id, row.sha1)
    return hits.duplicates(files, _held(connection, caller, hits.fileset_ids(files)))


def _rows(
    connection: sa.Connection, caller: Caller, column: sa.Column[str], values: set[str]
) -> Iterator[sa.Row[Any]]:
    wanted = sorted(value for value in values if value)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        yield from connection.execute(
            sa.select(original_files)
            .join_from(original_files, filesets)
            .where(column.in_(some), caller.sees(filesets))
        )


def _held(
    connection: sa.Connection, caller: Caller, fileset_ids: list[int]
) -> dict[int, DuplicateFileset]:
    """Describe those of the filesets that have images."""
    made: dict[int, DuplicateFileset] = {}
    for fileset_id in fileset_ids:
        rows = connection.execute(
            sa.select(images.c.id, experimenters.c.username)
            .join_from(images, experimenters)
            .where(images.c.fileset_id == fileset_id, caller.sees(images))
            .order_by(images.c.series)
        ).all()
        if rows:
            places = connection.scalars(
                sa.select(containers.c.name)
                .join_from(image_links, containers)
                .join(images, images.c.id == image_links.c.image_id)
                .where(images.c.fileset_id == fileset_id, caller.sees(containers))
                .distinct()
                .order_by(containers.c.name)
            )
            ids = tuple(row.id for row in rows)
            of_it = original_files.c.fileset_id == fileset_id
            files = sa.select(sa.func.count()).select_from(original_files).where(of_it)
            made[fileset_id] = DuplicateFileset(
                fileset_id,
                rows[0].username,
                ids,
                tuple(places),
                connection.execute(files).scalar_one(),
            )
    return made
