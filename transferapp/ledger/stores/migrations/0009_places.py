"""Items of exports know the folder that they go to, and what lies in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; exports of before go on side by side."""
    op.add_column("ledger_items", sa.Column("place", sa.JSON(none_as_null=True)))
