"""Exports may be brought to places of the facility."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from transferapp.host.database import UtcDateTime

revision = "0011"
down_revision = "0010"

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the column and the table; what is there is fetched by workstations."""
    column = sa.Column("brought_to", sa.Text(), nullable=False, server_default="")
    op.add_column("ledger_transfers", column)
    op.create_table(
        "ledger_brought",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column(
            "item_id",
            sa.String(32),
            sa.ForeignKey("ledger_items.id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("transfer_id", sa.String(32), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("export", sa.Text(), nullable=False),
        sa.Column("inside", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("mark", sa.Text(), nullable=False, server_default=""),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("notified_at", UtcDateTime()),
        sa.Column("removed_at", UtcDateTime()),
        sa.Index("ledger_brought_transfer", "transfer_id"),
        sa.Index("ledger_brought_expiry", "expires_at"),
    )
    there = sa.text("removed_at IS NULL")
    op.create_index(
        "ledger_brought_spot",
        "ledger_brought",
        ["place", "owner", "export", "inside"],
        unique=True,
        sqlite_where=there,
        postgresql_where=there,
    )
