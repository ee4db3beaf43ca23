"""Single images of an item have annotations of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column; items of before have none."""
    op.add_column("ledger_items", sa.Column("image_annotations", sa.JSON(none_as_null=True)))
