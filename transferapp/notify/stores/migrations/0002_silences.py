"""People may choose what they are mailed and posted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add what they do not wish to get."""
    op.create_table(
        "notify_silence",
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("username", "topic"),
    )
