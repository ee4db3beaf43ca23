"""Tables of what people are told, and how they wish to be told."""

from __future__ import annotations

import sqlalchemy as sa

from transferapp.host.database import UtcDateTime
from transferapp.host.migrations import Schema
from transferapp.model.events import EventKind
from transferapp.notify.port import NotableEvent

metadata = sa.MetaData()
#: A change of the tables needs a migration there.
SCHEMA = Schema("transferapp.notify.stores.migrations", "notify_schema", "notify_delivery")

_Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")

#: One row: the last event of the ledger that was looked at.
positions = sa.Table(
    "notify_position",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("event_id", sa.BigInteger, nullable=False),
)

deliveries = sa.Table(
    "notify_delivery",
    metadata,
    sa.Column("id", _Seq, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.BigInteger, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("channel", sa.String(16), nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("transfer_id", sa.String(32), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("batch", sa.String(32), nullable=False, server_default=""),
    sa.Column("queued", sa.Boolean, nullable=False, server_default=sa.false()),
    #: When it needs nothing more: it is in the inbox, or sent.
    sa.Column("settled_at", UtcDateTime),
    sa.Column("error", sa.Text, nullable=False, server_default=""),
    sa.Column("read_at", UtcDateTime),
    #: Addresses for a browser.
    sa.Column("links", sa.JSON(none_as_null=True)),
    sa.UniqueConstraint("event_id", "username", "channel"),
    sa.Index("notify_delivery_inbox", "username", "channel", "id"),
    sa.Index("notify_delivery_batch", "batch"),
    sa.Index(
        "notify_delivery_due",
        "queued",
        "channel",
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

preferences = sa.Table(
    "notify_preference",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("channels", sa.JSON, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("address_verified", sa.Boolean, nullable=False),
    sa.Column("webhook_url", sa.Text, nullable=False),
    # Signing needs the secret itself; it proves nothing but that a message is ours.
    sa.Column("webhook_secret", sa.Text, nullable=False),
)

#: What a person does not wish to be mailed or posted; no row means that she does.
silences = sa.Table(
    "notify_silence",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("topic", sa.String(16), primary_key=True),
)

codes = sa.Table(
    "notify_code",
    metadata,
    sa.Column("id", _Seq, primary_key=True, autoincrement=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("code_hash", sa.String(64), nullable=False),
    sa.Column("sent_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Index("notify_code_username", "username", "sent_at"),
)


def notable_event_of_row(row: sa.RowMapping) -> NotableEvent:
    """Return the outcome of a delivery."""
    return NotableEvent(
        event_id=row["event_id"],
        kind=row["kind"],
        username=row["username"],
        transfer_id=row["transfer_id"],
        state=row["state"],
        title=row["title"],
        text=row["text"],
        at=row["at"],
        count=row["count"],
        collapses=row["kind"] == EventKind.ITEM_PROBLEM,
        links=tuple(row["links"] or ()),
    )
