"""Bring a database to the schema of this release, whatever release made it.

Every store ships its migrations in a package beside its tables. Only stores of the server
import this module: Alembic is in the ``server`` extra (docs/adr/0013).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import sqlalchemy as sa
import structlog
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from transferapp.errors import Internal, SettingsInvalid
from transferapp.host.database import reading
from transferapp.host.database_errors import database_errors

#: Any number that only this module uses: it keeps two processes from migrating at once.
_LOCK = 0x7461_0000
#: Alembic's ``op`` is one for the whole process.
_one_at_a_time = threading.Lock()

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one store, and where their migrations are."""

    #: The dotted name of the package with ``0001_initial.py`` and the later ones.
    package: str
    #: The table that holds the number of the last migration.
    version_table: str
    #: A table of 0001: where it is and the version table is not, the database is from
    #: before there were migrations, and has what 0001 makes.
    first_table: str


def upgrade(engine: sa.Engine, schema: Schema) -> list[str]:
    """Run the migrations that a database lacks, all or none; returns their numbers.

    Any number of processes may do so at the same time: one works, the others wait.
    Raises SettingsInvalid for a database of a newer release, Unavailable, StorageFull.
    """
    script = _script(schema.package)
    with reading(engine) as connection:
        # The usual start: it need not wait for those who write.
        if _here(_context(connection, schema), script) == script.get_current_head():
            return []
    with _one_at_a_time, _alone(engine) as connection:
        done = _migrate(connection, schema, script)
    # Not before the commit: until then a crash takes all of it back.
    for migration in done:
        _log.info("database upgraded", schema=schema.version_table, migration=_name(migration))
    return [migration.revision for migration in done]


def _migrate(
    connection: sa.Connection, schema: Schema, script: ScriptDirectory
) -> list[Script]:
    context = _context(connection, schema)
    here = _here(context, script)
    if here is None and sa.inspect(connection).has_table(schema.first_table):
        here = script.get_base()
        context.stamp(script, here or "base")
    missing = list(script.iterate_revisions("head", here or "base"))
    missing.reverse()
    with Operations.context(context):
        for migration in missing:
            migration.module.upgrade()
            context.stamp(script, migration.revision)
    return missing


def _here(context: MigrationContext, script: ScriptDirectory) -> str | None:
    """Return the number of the last migration; raises SettingsInvalid for a later one."""
    here = context.get_current_revision()
    known = [migration.revision for migration in script.walk_revisions()]
    if here is not None and here not in known:
        raise SettingsInvalid(
            f"A newer TransferApp has upgraded this database ({context.version_table} is at"
            f" {here}, this release knows {known[0]}). Nothing was changed. Install the"
            " newer release again, or restore the backup from before its upgrade."
        )
    return here


def _context(connection: sa.Connection, schema: Schema) -> MigrationContext:
    return MigrationContext.configure(connection, opts={"version_table": schema.version_table})


@cache
def _script(package: str) -> ScriptDirectory:
    """Load the migrations of a package; they do not change while a process lives."""
    with as_file(files(package)) as folder:
        script = ScriptDirectory(folder, version_locations=[folder])
        script.get_current_head()  # reads the files
        return script


@contextmanager
def _alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction in which nobody else migrates."""
    with database_errors(), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _unchecked(connection), connection.begin():
                yield connection
                _check_references(connection)
            return
        with connection.begin():
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection


@contextmanager
def _unchecked(connection: sa.Connection) -> Iterator[None]:
    """Let SQLite tables be made anew: to drop the old one would delete what refers to it.

    A transaction ignores this pragma, therefore it is set around it, beside SQLAlchemy.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - for mypy: the connection is open
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _check_references(connection: sa.Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise Internal(f"A migration left rows of '{broken[0]}' that refer to nothing.")


def _name(migration: Script) -> str:
    return migration.path.rpartition("/")[2].removesuffix(".py")
