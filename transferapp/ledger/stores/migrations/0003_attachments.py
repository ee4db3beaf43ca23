"""Items have a role: a fileset, or files that are attached to the target."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; every item of before is a fileset."""
    with op.batch_alter_table("ledger_items") as batch:
        batch.add_column(
            sa.Column("role", sa.String(16), nullable=False, server_default="fileset")
        )
    with op.batch_alter_table("ledger_transfers") as batch:
        for name in ("to_attach", "attached"):
            batch.add_column(sa.Column(name, sa.BigInteger, nullable=False, server_default="0"))
