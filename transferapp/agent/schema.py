"""The outbox's tables."""

from __future__ import annotations

import sqlalchemy as sa

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
    sa.Column("path", sa.String, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("modified_ns", sa.BigInteger, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("sha1", sa.String, nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
)
