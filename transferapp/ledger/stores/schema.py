"""The ledger's tables: transfers, items, files, and the outbox of events."""

from __future__ import annotations

import sqlalchemy as sa

from transferapp.host.database import UtcDateTime
from transferapp.host.migrations import Schema

metadata = sa.MetaData()
#: A change of the tables needs a migration there.
SCHEMA = Schema("transferapp.ledger.stores.migrations", "ledger_schema", "ledger_transfers")

_Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Id = sa.String(32)
_Json = sa.JSON(none_as_null=True)


def _seq() -> sa.Column[int]:
    return sa.Column("seq", _Seq, primary_key=True, autoincrement=True)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


transfers = sa.Table(
    "ledger_transfers",
    metadata,
    _seq(),
    sa.Column("id", _Id, nullable=False, unique=True),
    sa.Column("kind", sa.String(16), nullable=False),
    _text("name"),
    sa.Column("owner", sa.Text, nullable=False),
    # Empty: the owner.
    sa.Column("asked_by", sa.Text, nullable=False, server_default=""),
    sa.Column("request_key", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("target", sa.String(64)),
    _text("target_name"),
    sa.Column("group_id", sa.BigInteger),
    sa.Column("annotations", _Json, nullable=False),
    # What the repository is not asked to do; NULL for nothing.
    sa.Column("skip", _Json),
    # Form, part and layout of an export's images; NULL for original files side by side.
    sa.Column("export", _Json),
    # The place and the folder there that an export is brought to; empty: it is fetched.
    _text("brought_to"),
    # Everything that lists show is counted here, so that a list reads one row a transfer.
    sa.Column("states", _Json, nullable=False),
    _count("settled"),
    _count("verified"),
    _count("files_verified"),
    # Files that are attached to the target instead of imported, and how many are by now.
    _count("to_attach"),
    _count("attached"),
    _count("file_count"),
    _count("size_bytes"),
    _count("bytes_done"),
    sa.Column("trouble", _Json),
    sa.Column("trouble_item", _Id),
    # What was dropped beside the items; NULL where nobody said.
    sa.Column("left_out_files", sa.BigInteger),
    sa.Column("left_out_names", _Json),
    sa.Column("look", _Json),
    # Where its files lay, as the workstation says; NULL where it did not.
    sa.Column("origin", _Json),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Column("progress_told_at", UtcDateTime),
    sa.UniqueConstraint("owner", "request_key"),
    sa.Index("ledger_transfers_owner", "owner", "seq"),
)

sa.Index(
    "ledger_transfers_asked_by",
    transfers.c.asked_by,
    transfers.c.seq,
    sqlite_where=sa.text("asked_by <> ''"),
    postgresql_where=sa.text("asked_by <> ''"),
)

items = sa.Table(
    "ledger_items",
    metadata,
    _seq(),
    sa.Column("id", _Id, nullable=False, unique=True),
    sa.Column("transfer_id", _Id, sa.ForeignKey("ledger_transfers.id"), nullable=False),
    _text("name"),
    sa.Column("role", sa.String(16), nullable=False, server_default="fileset"),
    sa.Column("state", sa.String(16), nullable=False),
    _count("file_count"),
    _count("files_sealed"),
    _count("size_bytes"),
    _count("bytes_done"),
    _text("note"),
    sa.Column("trouble", _Json),
    sa.Column("image_ids", _Json, nullable=False),
    sa.Column("verified", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    # Its own, beside those of the transfer; NULL for none.
    sa.Column("annotations", _Json),
    # Of single images; NULL for none.
    sa.Column("image_annotations", _Json),
    # Of an export's: the folder that it goes to, and its images; NULL: nobody said.
    sa.Column("place", _Json),
    # When it ended well, and by which version of this program; NULL and empty before that, and
    # of items of before 0010.
    sa.Column("done_at", UtcDateTime),
    sa.Column("done_by", sa.Text, nullable=False, server_default=""),
    # Import: the repository's; NULL where it was not kept.
    sa.Column("fileset_id", sa.BigInteger),
    sa.Index("ledger_items_transfer", "transfer_id", "seq"),
    sa.Index("ledger_items_state", "state", "seq"),
)
sa.Index(
    "ledger_items_troubled",
    items.c.transfer_id,
    sqlite_where=sa.text("trouble IS NOT NULL"),
    postgresql_where=sa.text("trouble IS NOT NULL"),
)

left_out = sa.Table(
    "ledger_left_out",
    metadata,
    _seq(),
    sa.Column("transfer_id", _Id, sa.ForeignKey("ledger_transfers.id"), nullable=False),
    _text("client_path"),
    sa.Column("reason", sa.String(16), nullable=False),
    sa.Column("code", sa.String(64), nullable=False, server_default=""),
    _text("sentence"),
    _count("file_count"),
    sa.Index("ledger_left_out_transfer", "transfer_id", "seq"),
)

files = sa.Table(
    "ledger_files",
    metadata,
    _seq(),
    sa.Column("id", _Id, nullable=False, unique=True),
    sa.Column("item_id", _Id, sa.ForeignKey("ledger_items.id"), nullable=False),
    sa.Column("transfer_id", _Id, nullable=False),
    sa.Column("client_path", sa.Text, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    _count("bytes_done"),
    sa.Column("sealed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("sha1", sa.String(40), nullable=False, server_default=""),
    sa.Column("repository_file_id", sa.BigInteger),
    sa.Index("ledger_files_item", "item_id", "seq"),
    sa.Index("ledger_files_transfer", "transfer_id", "seq"),
)

restored = sa.Table(
    "ledger_restored",
    metadata,
    _seq(),
    sa.Column("item_id", _Id, sa.ForeignKey("ledger_items.id"), nullable=False, unique=True),
    sa.Column("transfer_id", _Id, nullable=False),
    # JSON: what an archive says of its images; apart, because it may be megabytes.
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("ledger_restored_transfer", "transfer_id"),
)

brought = sa.Table(
    "ledger_brought",
    metadata,
    _seq(),
    sa.Column("item_id", _Id, sa.ForeignKey("ledger_items.id"), nullable=False, unique=True),
    sa.Column("transfer_id", _Id, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("place", sa.String(64), nullable=False),
    # Below the person's own folder: that of the export, and in it that of the item.
    sa.Column("export", sa.Text, nullable=False),
    sa.Column("inside", sa.Text, nullable=False),
    _count("size_bytes"),
    # By which the place knows the files; empty until they are there.
    _text("mark"),
    sa.Column("expires_at", UtcDateTime),
    sa.Column("notified_at", UtcDateTime),
    sa.Column("removed_at", UtcDateTime),
    sa.Index("ledger_brought_transfer", "transfer_id"),
    sa.Index("ledger_brought_expiry", "expires_at"),
)
#: Nobody brings two items to one spot.
sa.Index(
    "ledger_brought_spot",
    brought.c.place,
    brought.c.owner,
    brought.c.export,
    brought.c.inside,
    unique=True,
    sqlite_where=sa.text("removed_at IS NULL"),
    postgresql_where=sa.text("removed_at IS NULL"),
)

#: What is in the way of bringing anything to a place, as workers found it last.
hindered_places = sa.Table(
    "ledger_hindered_places",
    metadata,
    sa.Column("place", sa.String(64), primary_key=True),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("noted_at", UtcDateTime, nullable=False),
)

events = sa.Table(
    "ledger_events",
    metadata,
    sa.Column("id", _Seq, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("transfer_id", _Id, nullable=False),
    sa.Column("item_id", _Id, nullable=False, server_default=""),
    sa.Column("state", sa.String(16), nullable=False),
    _text("title"),
    _text("message"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ledger_events_owner", "owner", "id"),
    # An id is never given twice, also when old events were removed.
    sqlite_autoincrement=True,
)
