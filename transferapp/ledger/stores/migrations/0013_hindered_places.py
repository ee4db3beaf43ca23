"""What is in the way of bringing anything to a place, as workers found it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from transferapp.host.database import UtcDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the table; workers fill it at their next look."""
    op.create_table(
        "ledger_hindered_places",
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
    )
