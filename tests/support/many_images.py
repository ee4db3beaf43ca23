"""Images that are only rows of an embedded repository: many of them, in no time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from transferapp.host.database import writing
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Channel, Level
from transferapp.repositories.local.catalogue.records import pixels_to_json
from transferapp.repositories.local.pixels.levels import LevelSource
from transferapp.repositories.local.readers.port import ImageHeader
from transferapp.repositories.local.storage import schema
from transferapp.repositories.local.storage.schema import open_repository_database

#: Bytes of each file, files of each fileset.
FILE_BYTES, FILES = 1000, 2

_PIXELS = pixels_to_json(
    LevelSource.FILE,
    (Level(4, 8),),
    (Channel("C0", "FFFFFF", 0.0, 65535.0),),
    ImageHeader("", 1, 3, 1, "uint16", (Level(4, 8),)),
)


def add_many(folder: Path, username: str, count: int, *, per_fileset: int = 1) -> ContainerRef:
    """Make a dataset of ``count`` images of 8 x 4 pixels, 3 planes, 16 bits; return it."""
    engine = open_repository_database(folder)
    with writing(engine) as connection:
        people = sa.select(schema.experimenters.c.id).filter_by(username=username)
        owner = connection.execute(people).scalar_one()
        membership = sa.select(schema.memberships.c.group_id).filter_by(experimenter_id=owner)
        mine = {"owner_id": owner, "group_id": connection.scalars(membership).first()}
        key = connection.execute(
            schema.containers.insert().values(
                kind=str(ContainerKind.DATASET), name="Many", description="", **mine
            )
        ).inserted_primary_key
        assert key is not None
        dataset = int(key[0])
        _add_rows(connection, dataset, mine, count, per_fileset)
    engine.dispose()
    return ContainerRef(ContainerKind.DATASET, dataset)


def _add_rows(
    connection: sa.Connection, dataset: int, mine: dict[str, int], count: int, per_fileset: int
) -> None:
    now = datetime.now(UTC)
    first = _after(connection, schema.filesets)
    filesets = range(first, first + -(-count // per_fileset))
    images = range(start := _after(connection, schema.images), start + count)
    rows: dict[sa.Table, list[dict[str, Any]]] = {
        schema.filesets: [
            mine | {"id": one, "key": f"many-{one}", "name": f"set {one}", "reserved_at": now}
            for one in filesets
        ],
        schema.original_files: [
            {
                "fileset_id": one, "position": n, "client_path": f"{one}/{n}.tif",
                "size_bytes": FILE_BYTES, "sha1": "0" * 40,
            }
            for one in filesets for n in range(FILES)
        ],
        schema.images: [
            mine | {
                "id": one, "fileset_id": first + n // per_fileset, "series": n % per_fileset,
                "name": f"image {one}", "size_x": 8, "size_y": 4, "size_z": 3, "size_c": 1,
                "size_t": 1, "dtype": "uint16", "imported_at": now, "acquired_at": None,
                "pixels": _PIXELS,
            }
            for n, one in enumerate(images)
        ],
        schema.image_links: [{"container_id": dataset, "image_id": one} for one in images],
    }  # fmt: skip
    for table, values in rows.items():
        connection.execute(table.insert(), values)


def _after(connection: sa.Connection, table: sa.Table) -> int:
    return (connection.execute(sa.select(sa.func.max(table.c.id))).scalar_one() or 0) + 1
