"""Expired grants are forgotten, and found by an index."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index."""
    op.create_index("grants_expiry", "grants", ["expires_at"])
