"""Bring a fileset's files into the store and its table, and check what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from transferapp.errors import NotFound
from transferapp.host.database import reading, writing
from transferapp.model.filesets import FilesetPlan, PlannedFile
from transferapp.model.images import OriginalFile
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.local.catalogue.records import files_of
from transferapp.repositories.local.storage.durability import sync_files
from transferapp.repositories.local.storage.garbage import list_contents
from transferapp.repositories.local.storage.schema import filesets, original_files
from transferapp.repositories.local.storage.store import Originals, Taken
from transferapp.repositories.local.store import LocalRepositoryStore


def store_batch(
    local_store: LocalRepositoryStore,
    fileset_id: int,
    batch: Sequence[tuple[int, PlannedFile, Path]],
    there: Mapping[str, OriginalFile],
    count: ByteCount,
) -> None:
    """Bring in of some (position, file, source) what is not ``there`` yet by the table."""
    originals = local_store.originals
    missing = [
        numbered
        for numbered in batch
        if not _is_there(originals, there.get(numbered[1].client_path), numbered[1])
    ]
    count.add(sum(p.size_bytes for _, p, _ in batch) - sum(p.size_bytes for _, p, _ in missing))
    taken = [
        (n, planned, originals.take(path, fileset_id, count)) for n, planned, path in missing
    ]
    if not taken:
        return
    # A file that came again with other bytes leaves its first content behind.
    replaced = [there[p.client_path].hash for _, p, _ in taken if p.client_path in there]
    with writing(local_store.engine) as connection:
        _refer(connection, fileset_id, taken)
        list_contents(connection, replaced)
    for _, planned, content in taken:
        originals.place(content)
        originals.name(content.sha1, fileset_id, planned.client_path)
    if replaced:
        local_store.collect_garbage()


def make_durable(local_store: LocalRepositoryStore, fileset_id: int, plan: FilesetPlan) -> None:
    """Sync a fileset's contents and names; adopted contents too, whoever wrote them."""
    originals = local_store.originals
    restore_names(local_store, fileset_id)
    contents = {originals.content(file.hash) for file in _rows(local_store, fileset_id)}
    named = [originals.named(fileset_id, planned.client_path) for planned in plan.files]
    sync_files([*contents, *named], originals.folder)


def recorded(local_store: LocalRepositoryStore, fileset_id: int) -> dict[str, OriginalFile]:
    """Return what the table says of a fileset, by client path."""
    return {file.client_path: file for file in _rows(local_store, fileset_id)}


def is_right(
    originals: Originals, row: OriginalFile | None, planned: PlannedFile, count: ByteCount
) -> bool:
    """Tell whether a stored file has the planned SHA-1; a damaged content is set aside."""
    if row is None:
        return False
    real = originals.hash(row.hash, count)
    if real and real != row.hash:
        originals.set_aside(row.hash)
    return real == row.hash == planned.sha1


def files_there(local_store: LocalRepositoryStore, fileset_id: int) -> list[OriginalFile]:
    """List the files whose content is in its place."""
    originals = local_store.originals
    rows = _rows(local_store, fileset_id)
    return [row for row in rows if originals.holds(row.hash, row.size_bytes)]


def restore_names(local_store: LocalRepositoryStore, fileset_id: int) -> set[str]:
    """Give every content its name again, should one be missing; returns the client paths."""
    rows = files_there(local_store, fileset_id)
    for row in rows:
        local_store.originals.name(row.hash, fileset_id, row.client_path)
    return {row.client_path for row in rows}


def _rows(local_store: LocalRepositoryStore, fileset_id: int) -> list[OriginalFile]:
    with reading(local_store.engine) as connection:
        return files_of(connection, [fileset_id])


def _is_there(originals: Originals, row: OriginalFile | None, planned: PlannedFile) -> bool:
    if row is None or row.hash != planned.sha1:
        return False
    if not originals.holds(row.hash, row.size_bytes):
        return False
    originals.name(row.hash, row.fileset_id, row.client_path)
    return True


def _refer(
    connection: sa.Connection, fileset_id: int, taken: Sequence[tuple[int, PlannedFile, Taken]]
) -> None:
    """Write the rows that keep the contents from being removed."""
    known = sa.select(filesets.c.id).where(filesets.c.id == fileset_id)
    if connection.execute(known).first() is None:
        raise NotFound("This import was discarded meanwhile. Start it again.")
    insert = insert_sqlite(original_files)
    changed = {"size_bytes": insert.excluded.size_bytes, "sha1": insert.excluded.sha1}
    values = [
        {
            "fileset_id": fileset_id,
            "position": position,
            "client_path": planned.client_path,
            "size_bytes": content.size_bytes,
            "sha1": content.sha1,
        }
        for position, planned, content in taken
    ]
    key = ["fileset_id", "client_path"]
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changed), values)
