"""Containers have files attached to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def _refers(name: str, table: str) -> sa.Column[int]:
    key = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(name, sa.Integer, key, nullable=False)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        _refers("container_id", "containers"),
        sa.Column("client_path", sa.Text, nullable=False),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("sha1", sa.Text, nullable=False),
        _refers("owner_id", "experimenters"),
        _refers("group_id", "groups"),
        sa.Column("attached_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    for column in ("container_id", "sha1", "owner_id", "group_id"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])
