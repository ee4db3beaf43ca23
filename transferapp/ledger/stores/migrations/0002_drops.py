"""Transfers know what was dropped beside their items, and how its source looks now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    """Add the columns and the table; of older transfers nobody knows what was left out."""
    with op.batch_alter_table("ledger_transfers") as batch:
        batch.add_column(
            sa.Column("files_verified", sa.BigInteger, nullable=False, server_default="0")
        )
        batch.add_column(sa.Column("left_out_files", sa.BigInteger))
        batch.add_column(sa.Column("left_out_names", _JSON))
        batch.add_column(sa.Column("look", _JSON))
    op.create_table(
        "ledger_left_out",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column(
            "transfer_id", sa.String(32), sa.ForeignKey("ledger_transfers.id"), nullable=False
        ),
        sa.Column("client_path", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("code", sa.String(64), nullable=False, server_default=""),
        sa.Column("sentence", sa.Text, nullable=False, server_default=""),
        sa.Column("file_count", sa.BigInteger, nullable=False, server_default="0"),
        sa.Index("ledger_left_out_transfer", "transfer_id", "seq"),
    )
    op.execute(
        "UPDATE ledger_transfers SET files_verified = (SELECT COALESCE(SUM(file_count), 0)"
        " FROM ledger_items WHERE ledger_items.transfer_id = ledger_transfers.id"
        " AND ledger_items.verified AND ledger_items.state = 'imported')"
        " WHERE kind = 'import'"
    )
