"""Workers claim tasks from our own table; the engine's queues are not used any more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_READY = sa.text("state = 'queued' AND holder = ''")
_HELD = sa.text("holder <> ''")


def upgrade() -> None:
    """Add what claims need, and put every open task into its owner's line."""
    with op.batch_alter_table("task") as task:
        for column in (
            sa.Column("lane", sa.String(16), nullable=False, server_default="transfers"),
            sa.Column("line", sa.String(280), nullable=False, server_default=""),
            sa.Column("bytes_done", sa.BigInteger, nullable=False, server_default="0"),
            sa.Column("holder", sa.String(128), nullable=False, server_default=""),
            sa.Column("runs", sa.Integer, nullable=False, server_default="0"),
            sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
        ):
            task.add_column(column)
    op.execute("UPDATE task SET lane = 'housekeeping' WHERE kind = 'deliver-notification'")
    # The engine knows all of them: an earlier release enqueued them there at once.
    op.execute("UPDATE task SET line = lane || ':' || owner, runs = 1")
    # Nothing runs while the database is upgraded.
    op.execute("UPDATE task SET state = 'queued', run = '' WHERE state = 'running'")
    op.create_index("task_by_turn", "task", ["target", "line", "turn"])
    op.create_index(
        "task_ready",
        "task",
        ["target", "line", "priority", "created_at", "id"],
        sqlite_where=_READY,
        postgresql_where=_READY,
    )
    op.create_index(
        "task_held", "task", ["target", "holder"], sqlite_where=_HELD, postgresql_where=_HELD
    )
    with op.batch_alter_table("task_target") as resource:
        resource.add_column(
            sa.Column("configured", sa.Integer, nullable=False, server_default="0")
        )
        resource.add_column(
            sa.Column("turn", sa.BigInteger, nullable=False, server_default="0")
        )
        resource.drop_column("worked_at")
