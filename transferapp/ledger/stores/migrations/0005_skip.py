"""Imports may skip work of the repository."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; imports of before skip nothing."""
    op.add_column("ledger_transfers", sa.Column("skip", sa.JSON(none_as_null=True)))
