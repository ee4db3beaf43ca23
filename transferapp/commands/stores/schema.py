"""Tables of the runs of commands and of what they printed."""

from __future__ import annotations

import sqlalchemy as sa

from transferapp.host.database import UtcDateTime
from transferapp.host.migrations import Schema

metadata = sa.MetaData()

SCHEMA = Schema(
    package="transferapp.commands.stores.migrations",
    version_table="command_schema",
    first_table="command_run",
)

runs = sa.Table(
    "command_run",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("command", sa.String(64), nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("parameters", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    #: Of the attempt that may write.
    sa.Column("token", sa.String(32), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("ended_at", UtcDateTime),
    sa.Column("exit_code", sa.Integer),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("output_bytes", sa.Integer, nullable=False),
    sa.Column("truncated", sa.Boolean, nullable=False),
    sa.Index("command_run_owner", "owner", "created_at", "id"),
    sa.Index("command_run_ended", "ended_at"),
)

outputs = sa.Table(
    "command_output",
    metadata,
    sa.Column("run_id", sa.ForeignKey("command_run.id", ondelete="CASCADE"), primary_key=True),
    #: The byte of the output that the piece begins with, and the one after it.
    sa.Column("start", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("stop", sa.Integer, nullable=False),
    sa.Column("text", sa.LargeBinary, nullable=False),
)
