"""Items have annotations of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; items of before have none."""
    op.add_column("ledger_items", sa.Column("annotations", sa.JSON(none_as_null=True)))
