"""The outbox's tables, and how an older outbox comes to have them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from transferapp.agent.old_exports import place_old_exports
from transferapp.errors import SettingsInvalid

metadata = sa.MetaData()

submissions = sa.Table(
    "submissions",
    metadata,
    sa.Column("transfer_id", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("owner", sa.String, nullable=False, index=True),
    sa.Column("server_url", sa.String, nullable=False),
    #: The transfer's narrow token: here and nowhere else at rest.
    sa.Column("grant_token", sa.String, nullable=False),
    sa.Column("destination", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("trouble_code", sa.String, nullable=False, server_default=""),
    sa.Column("trouble", sa.String, nullable=False, server_default=""),
    sa.Column("ended", sa.Boolean, nullable=False),
    #: What was dropped, as JSON of full paths; NULL where nobody said.
    sa.Column("roots", sa.String),
    #: The last look at the source, as JSON, and whether the server was told of it.
    sa.Column("look", sa.String),
    sa.Column("look_told", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", sa.String, nullable=False),
    sa.Column("updated_at", sa.String, nullable=False),
)

items = sa.Table(
    "items",
    metadata,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("trouble_code", sa.String, nullable=False, server_default=""),
    sa.Column("trouble", sa.String, nullable=False, server_default=""),
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("file_id", sa.String, primary_key=True),
    sa.Column(
        "item_id",
        sa.ForeignKey(items.c.item_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("transfer_id", sa.String, nullable=False, index=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("client_path", sa.String, nullable=False),
    #: Import: the whole path. Export: the path in the item's folder.
    sa.Column("path", sa.String, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
    #: Of the file that was sent; 0 where it is not known or says nothing.
    sa.Column("inode", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("sha1", sa.String, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)

#: Where the items of exports go: ``part`` is a name in the destination, ``name`` one in
#: ``folder``, a JSON list of names below it.
placements = sa.Table(
    "placements",
    metadata,
    sa.Column("item_id", sa.ForeignKey(items.c.item_id, ondelete="CASCADE"), primary_key=True),
    sa.Column("wanted", sa.String, nullable=False),
    sa.Column("single", sa.Boolean, nullable=False),
    sa.Column("tells", sa.String, nullable=False),
    sa.Column("tag", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("part", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False),
    sa.Column("folder", sa.String, nullable=False, server_default="[]"),
)

#: What the server says of an export, once it was asked.
exports = sa.Table(
    "exports",
    metadata,
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("form", sa.String, nullable=False),
    sa.Column("repository", sa.String, nullable=False),
)

#: All items of an export, also those whose files are not known, with their places as JSON.
export_items = sa.Table(
    "export_items",
    metadata,
    sa.Column("item_id", sa.String, primary_key=True),
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("place", sa.String, nullable=False),
)

#: The outermost folders of exports: ``wanted`` by the server, called ``name`` in the
#: destination, and made there under the hidden name ``part``.
top_folders = sa.Table(
    "top_folders",
    metadata,
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Column("wanted", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("part", sa.String, nullable=False),
    sa.Column("stage", sa.String, nullable=False),
)

#: What was dropped and is not imported: a file, or a folder that is one thing.
left_out = sa.Table(
    "left_out",
    metadata,
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("client_path", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("file_count", sa.Integer, nullable=False),
)

#: Files that are left out because the repository holds them: as they were when every byte
#: of them was compared.
held = sa.Table(
    "held",
    metadata,
    sa.Column(
        "transfer_id",
        sa.ForeignKey(submissions.c.transfer_id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("path", sa.String, nullable=False),
    sa.Column("client_path", sa.String, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
    #: 0 where it says nothing.
    sa.Column("inode", sa.BigInteger, nullable=False),
    sa.Column("sha1", sa.String, nullable=False),
)


def _know_the_drop(connection: sa.Connection) -> None:
    """3: what was dropped beside the items, and how the source looked last."""
    connection.exec_driver_sql("ALTER TABLE submissions ADD COLUMN roots VARCHAR")
    connection.exec_driver_sql("ALTER TABLE submissions ADD COLUMN look VARCHAR")
    connection.exec_driver_sql(
        "ALTER TABLE submissions ADD COLUMN look_told BOOLEAN NOT NULL DEFAULT 0"
    )
    connection.exec_driver_sql("ALTER TABLE files ADD COLUMN inode BIGINT NOT NULL DEFAULT 0")
    connection.exec_driver_sql(
        "CREATE TABLE left_out (transfer_id VARCHAR NOT NULL REFERENCES submissions"
        " (transfer_id) ON DELETE CASCADE, position INTEGER NOT NULL, path VARCHAR NOT NULL,"
        " client_path VARCHAR NOT NULL, reason VARCHAR NOT NULL, file_count INTEGER NOT NULL)"
    )
    connection.exec_driver_sql("CREATE INDEX ix_left_out_transfer_id ON left_out (transfer_id)")


def _add_duplicates(connection: sa.Connection) -> None:
    """4: files that stay out because the repository holds them already."""
    connection.exec_driver_sql(
        "CREATE TABLE held (transfer_id VARCHAR NOT NULL REFERENCES submissions"
        " (transfer_id) ON DELETE CASCADE, position INTEGER NOT NULL, path VARCHAR NOT NULL,"
        " client_path VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, modified_ns BIGINT NOT"
        " NULL, inode BIGINT NOT NULL, sha1 VARCHAR NOT NULL)"
    )
    connection.exec_driver_sql("CREATE INDEX ix_held_transfer_id ON held (transfer_id)")


def _sort_into_folders(connection: sa.Connection) -> None:
    """5: items of exports go to folders; those that have a placement stay side by side."""
    connection.exec_driver_sql(
        "ALTER TABLE placements ADD COLUMN folder VARCHAR NOT NULL DEFAULT '[]'"
    )
    of_transfer = "VARCHAR NOT NULL REFERENCES submissions (transfer_id) ON DELETE CASCADE"
    connection.exec_driver_sql(
        f"CREATE TABLE exports (transfer_id {of_transfer}, form VARCHAR NOT NULL,"
        " repository VARCHAR NOT NULL, PRIMARY KEY (transfer_id))"
    )
    connection.exec_driver_sql(
        f"CREATE TABLE export_items (item_id VARCHAR NOT NULL, transfer_id {of_transfer},"
        " position INTEGER NOT NULL, name VARCHAR NOT NULL, place VARCHAR NOT NULL,"
        " PRIMARY KEY (item_id))"
    )
    connection.exec_driver_sql(
        "CREATE INDEX ix_export_items_transfer_id ON export_items (transfer_id)"
    )
    connection.exec_driver_sql(
        f"CREATE TABLE top_folders (transfer_id {of_transfer}, wanted VARCHAR NOT NULL,"
        " name VARCHAR NOT NULL, part VARCHAR NOT NULL, stage VARCHAR NOT NULL,"
        " PRIMARY KEY (transfer_id, wanted))"
    )


#: The migrations in order: the first makes version 2 of version 1, and so on. Alembic is
#: not in the core, and one file that one process writes does not need it.
MIGRATIONS: Sequence[Callable[[sa.Connection], None]] = (
    place_old_exports,
    _know_the_drop,
    _add_duplicates,
    _sort_into_folders,
)


def prepare(
    engine: sa.Engine, migrations: Sequence[Callable[[sa.Connection], None]] = MIGRATIONS
) -> None:
    """Make the tables or upgrade them, all or nothing.

    Raises SettingsInvalid for the outbox of a newer release.
    """
    newest = 1 + len(migrations)
    with engine.begin() as connection:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version > newest:
            raise SettingsInvalid(
                "A newer TransferApp has upgraded the outbox of this computer (it is at"
                f" {version}, this release knows {newest}). Nothing was changed. Install"
                " the newer release again; what was handed over is still there."
            )
        if sa.inspect(connection).has_table(submissions.name):
            # Before there were versions, the tables were those of version 1.
            for migrate in migrations[max(version, 1) - 1 :]:
                migrate(connection)
        else:
            metadata.create_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version = {newest}")
