"""The tables of the embedded repository, and the race-free way to make them."""

from __future__ import annotations

import fcntl
from pathlib import Path

import sqlalchemy as sa

from transferapp.host.database import UtcDateTime, open_engine, sqlite_url
from transferapp.host.migrations import Schema, upgrade

DATABASE_NAME = "repository.db"
metadata = sa.MetaData()
#: A change of the tables needs a migration there.
SCHEMA = Schema(
    "transferapp.repositories.local.storage.migrations", "repository_schema", "experimenters"
)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _refers(name: str, table: str, on_delete: str = "CASCADE") -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete=on_delete)
    return sa.Column(name, sa.Integer, key, nullable=on_delete == "SET NULL", index=True)


def _may_refer(name: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Integer, key, nullable=True, index=True)


experimenters = sa.Table(
    "experimenters",
    metadata,
    _id(),
    sa.Column("username", sa.Text, nullable=False, unique=True),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("closed", sa.Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)

groups = sa.Table(
    "groups",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("permissions", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

#: The membership with the lowest id is the default group.
memberships = sa.Table(
    "memberships",
    metadata,
    _id(),
    _refers("experimenter_id", "experimenters"),
    _refers("group_id", "groups"),
    sa.Column("is_owner", sa.Boolean, nullable=False),
    sa.UniqueConstraint("experimenter_id", "group_id"),
)

containers = sa.Table(
    "containers",
    metadata,
    _id(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    _refers("parent_id", "containers", "SET NULL"),
    _refers("owner_id", "experimenters"),
    _refers("group_id", "groups"),
    #: Under which its owner had it made anew of an archive; else NULL.
    sa.Column("key", sa.Text),
    sa.Index("containers_key", "owner_id", "key", unique=True),
    sqlite_autoincrement=True,
)

filesets = sa.Table(
    "filesets",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    _refers("owner_id", "experimenters"),
    _refers("group_id", "groups"),
    sa.Column("reserved_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

original_files = sa.Table(
    "original_files",
    metadata,
    _id(),
    _refers("fileset_id", "filesets"),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("client_path", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha1", sa.Text, nullable=False, index=True),
    sa.UniqueConstraint("fileset_id", "client_path"),
    sqlite_autoincrement=True,
)

images = sa.Table(
    "images",
    metadata,
    _id(),
    _refers("fileset_id", "filesets"),
    sa.Column("series", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    _refers("owner_id", "experimenters"),
    _refers("group_id", "groups"),
    *(sa.Column(f"size_{axis}", sa.Integer, nullable=False) for axis in "xyzct"),
    sa.Column("dtype", sa.Text, nullable=False),
    sa.Column("imported_at", UtcDateTime, nullable=False),
    sa.Column("acquired_at", UtcDateTime),
    #: Levels, channels, tile and pixel sizes: see ``records.pixels_to_json``.
    sa.Column("pixels", sa.JSON, nullable=False),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("fileset_id", "series"),
    sqlite_autoincrement=True,
)

wells = sa.Table(
    "wells",
    metadata,
    _id(),
    _refers("plate_id", "containers"),
    sa.Column("row", sa.Integer, nullable=False),
    sa.Column("column", sa.Integer, nullable=False),
    sa.UniqueConstraint("plate_id", "row", "column"),
)

#: Which images a dataset or a plate holds; on a plate also the well and field.
image_links = sa.Table(
    "image_links",
    metadata,
    _id(),
    _refers("container_id", "containers"),
    _refers("image_id", "images"),
    _refers("well_id", "wells", "SET NULL"),
    sa.Column("field", sa.Integer),
    sa.UniqueConstraint("container_id", "image_id"),
)

image_annotations = sa.Table(
    "annotations",
    metadata,
    _id(),
    _refers("image_id", "images"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("pairs", sa.JSON, nullable=False),
    #: Of kind, namespace, value and pairs: the same annotation is kept once.
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("image_id", "digest"),
)

container_annotations = sa.Table(
    "container_annotations",
    metadata,
    _id(),
    _refers("container_id", "containers"),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    sa.Column("pairs", sa.JSON, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.UniqueConstraint("container_id", "digest"),
)

#: What was drawn on images, beside what their files say.
drawn_rois = sa.Table(
    "rois",
    metadata,
    _id(),
    _refers("image_id", "images"),
    #: JSON: see ``records.roi_to_json``.
    sa.Column("roi", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

#: Files that are no images, attached to a container or an image; they go with it.
attachments = sa.Table(
    "attachments",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    # One of the two.
    _may_refer("container_id", "containers"),
    _may_refer("image_id", "images"),
    sa.Column("client_path", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("sha1", sa.Text, nullable=False, index=True),
    _refers("owner_id", "experimenters"),
    _refers("group_id", "groups"),
    sa.Column("attached_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

#: Files and folders that nobody refers to any more; written with the deletion itself.
garbage = sa.Table(
    "garbage",
    metadata,
    _id(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
)


def open_repository_database(folder: Path) -> sa.Engine:
    """Open the database in ``folder``; makes or upgrades its tables.

    A file lock keeps processes that start together apart: switching a new SQLite file to
    WAL does not wait for a busy neighbour. Raises SettingsInvalid for a newer schema.
    """
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(sqlite_url(folder / DATABASE_NAME))
    with (folder / ".schema.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        upgrade(engine, SCHEMA)
    return engine
