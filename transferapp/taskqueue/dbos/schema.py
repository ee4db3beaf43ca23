"""Our own tables, the truth about tasks; the engine's tables are its private matter."""

from __future__ import annotations

import sqlalchemy as sa
from dbos import DBOS

from transferapp.host.migrations import Schema, upgrade
from transferapp.taskqueue.port import WorkClass

metadata = sa.MetaData()

#: Times are seconds since 1970 by the injected clock.
tasks = sa.Table(
    "task",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(64), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("target", sa.String(128), nullable=False),
    sa.Column("owner", sa.String(256), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("lane", sa.String(16), nullable=False, server_default="transfers"),
    # The owner's place in the order of its target, see ``fairness_key``.
    sa.Column("line", sa.String(280), nullable=False, server_default=""),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("defects", sa.Integer, nullable=False, default=0),
    sa.Column("crashes", sa.Integer, nullable=False, default=0),
    sa.Column("created_at", sa.Double, nullable=False),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("retry_at", sa.Double),
    sa.Column("error_code", sa.String(64), nullable=False, default=""),
    sa.Column("error", sa.Text, nullable=False, default=""),
    sa.Column("step", sa.String(128), nullable=False, default=""),
    sa.Column("progress", sa.Double, nullable=False, default=0.0),
    sa.Column("note", sa.Text, nullable=False, default=""),
    sa.Column("bytes_done", sa.BigInteger, nullable=False, server_default="0"),
    # The worker whose place it takes: while it runs, and until a stopped run has ended.
    sa.Column("holder", sa.String(128), nullable=False, server_default=""),
    # How often it was given to a worker; the engine knows it from the first time on.
    sa.Column("runs", sa.Integer, nullable=False, server_default="0"),
    # Its target's count of starts at its own start; 0: not started yet.
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
    # The run that owns the row now; an older run of the same task may not write it.
    sa.Column("run", sa.String(64), nullable=False, default=""),
    # Has the owner's record been told of the present state (dead, waiting, cancelled)?
    sa.Column("told", sa.Boolean, nullable=False, default=True),
    # The task that it does a portion of; mostly none.
    sa.Column("portion_of", sa.String(64), nullable=False, server_default=""),
    sa.Index("task_by_age", "created_at", "id"),
    sa.Index("task_by_state", "state", "retry_at"),
    sa.Index("task_by_owner", "owner", "created_at"),
    sa.Index("task_untold", "told", "updated_at"),
    sa.Index("task_by_turn", "target", "line", "turn"),
)
#: Conditions of partial indexes: the planner only knows them in the very same words.
READY = sa.text("task.state = 'queued' AND task.holder = ''")
HELD = sa.text("task.holder <> ''")
PORTIONS = sa.text("task.portion_of <> ''")
for _name, _where, _columns in (
    ("task_ready", "state = 'queued' AND holder = ''", "target line priority created_at id"),
    ("task_held", "holder <> ''", "target holder"),
    ("task_portions", "portion_of <> ''", "portion_of state"),
):
    sa.Index(
        _name,
        *(tasks.c[column] for column in _columns.split()),
        sqlite_where=sa.text(_where),
        postgresql_where=sa.text(_where),
    )

#: One row per living worker; ``seen_at`` is by the database's clock.
workers = sa.Table(
    "task_worker",
    metadata,
    sa.Column("id", sa.String(128), primary_key=True),
    sa.Column("host", sa.String(256), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", sa.Double, nullable=False),
    sa.Column("seen_at", sa.Double, nullable=False),
    # What of its background work keeps failing, as a sentence.
    sa.Column("trouble", sa.Text, nullable=False, server_default=""),
)

#: Who may do what only one worker should; ``until`` is by the database's clock.
leases = sa.Table(
    "task_lease",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(128), nullable=False),
    sa.Column("until", sa.Double, nullable=False),
)

#: What a target may get now, and how its runs ended since the last look at it.
resources = sa.Table(
    "task_target",
    metadata,
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("paused", sa.Boolean, nullable=False, default=False),
    sa.Column("ceiling", sa.Integer, nullable=False),
    # The ceiling that the settings gave last: an administrator's stays until they change.
    sa.Column("configured", sa.Integer, nullable=False, server_default="0"),
    sa.Column("limit", sa.Integer, nullable=False),
    sa.Column("usual_s", sa.Double, nullable=False, default=0.0),
    sa.Column("failures", sa.Integer, nullable=False, default=0),
    sa.Column("outages", sa.Integer, nullable=False, default=0),
    sa.Column("probe_at", sa.Double, nullable=False, default=0.0),
    # The task that tries whether the target is back, and since when it does.
    sa.Column("probe", sa.String(64), nullable=False, default=""),
    sa.Column("probe_since", sa.Double, nullable=False, default=0.0),
    sa.Column("done", sa.Integer, nullable=False, default=0),
    sa.Column("failed", sa.Integer, nullable=False, default=0),
    sa.Column("seconds", sa.Double, nullable=False, default=0.0),
    # How many tasks were started so far.
    sa.Column("turn", sa.BigInteger, nullable=False, server_default="0"),
)

#: Where the migrations of these tables are.
SCHEMA = Schema("transferapp.taskqueue.dbos.migrations", "queue_schema", "task")


def prepare(engine: sa.Engine) -> None:
    """Create or migrate our tables and the engine's; safe to call from many processes."""
    upgrade(engine, SCHEMA)
    # Through its own connections: its SQLite migrations begin their transaction by
    # themselves, which an engine that always begins IMMEDIATE does not allow.
    url = engine.url
    if engine.dialect.name == "postgresql":
        url = url.set(drivername="postgresql")
    DBOS.migrate(url.render_as_string(hide_password=False))


def database_now(connection: sa.Connection) -> float:
    """Return the database's clock in seconds, the one clock that all workers share."""
    if connection.dialect.name == "postgresql":
        now = sa.extract("epoch", sa.func.clock_timestamp())
        return float(connection.execute(sa.select(now)).scalar_one())
    # julianday: strftime('%s') has whole seconds only.
    text = "SELECT (julianday('now') - 2440587.5) * 86400.0"
    return float(connection.execute(sa.text(text)).scalar_one())


def fairness_key(work_class: WorkClass, owner: str) -> str:
    """Return the name of the line in which an owner's tasks of a lane wait."""
    return f"{work_class}:{owner}"
