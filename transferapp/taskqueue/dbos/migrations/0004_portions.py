"""Tasks do portions of other tasks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_PORTIONS = sa.text("portion_of <> ''")


def upgrade() -> None:
    """Add the column; no task of before is a portion."""
    with op.batch_alter_table("task") as task:
        task.add_column(
            sa.Column("portion_of", sa.String(64), nullable=False, server_default="")
        )
    op.create_index(
        "task_portions",
        "task",
        ["portion_of", "state"],
        sqlite_where=_PORTIONS,
        postgresql_where=_PORTIONS,
    )
