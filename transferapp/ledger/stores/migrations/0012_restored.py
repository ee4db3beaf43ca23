"""Imports may be of an archive: what it says of each item's images waits beside the item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_SEQ = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the table; nothing of before is of an archive."""
    op.create_table(
        "ledger_restored",
        sa.Column("seq", _SEQ, primary_key=True, autoincrement=True),
        sa.Column(
            "item_id",
            sa.String(32),
            sa.ForeignKey("ledger_items.id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("transfer_id", sa.String(32), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Index("ledger_restored_transfer", "transfer_id"),
    )
