"""An import may be asked for by somebody else than whose data it becomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; what is there was asked for by its owners."""
    column = sa.Column("asked_by", sa.Text(), nullable=False, server_default="")
    op.add_column("ledger_transfers", column)
    asked = sa.text("asked_by <> ''")
    op.create_index(
        "ledger_transfers_asked_by",
        "ledger_transfers",
        ["asked_by", "seq"],
        sqlite_where=asked,
        postgresql_where=asked,
    )
