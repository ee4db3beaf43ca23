"""Notifications link to images."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the addresses; what was told before has none."""
    op.add_column("notify_delivery", sa.Column("links", sa.JSON(none_as_null=True)))
