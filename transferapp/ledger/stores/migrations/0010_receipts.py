"""What receipts state: from where an import came, when and by what its items ended well, and
under which ids the repository holds them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns; of what ended before, nobody wrote it down."""
    op.add_column("ledger_transfers", sa.Column("origin", sa.JSON(none_as_null=True)))
    op.add_column("ledger_items", sa.Column("done_at", sa.DateTime(timezone=True)))
    op.add_column(
        "ledger_items", sa.Column("done_by", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("ledger_items", sa.Column("fileset_id", sa.BigInteger()))
