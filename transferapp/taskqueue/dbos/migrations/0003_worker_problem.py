"""Workers say what of them keeps failing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; workers of before say nothing."""
    with op.batch_alter_table("task_worker") as worker:
        worker.add_column(sa.Column("trouble", sa.Text, nullable=False, server_default=""))
