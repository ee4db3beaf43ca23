"""Exports may ask for other forms than the original files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; exports of before are of the original files."""
    op.add_column("ledger_transfers", sa.Column("export", sa.JSON(none_as_null=True)))
