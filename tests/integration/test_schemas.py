"""Migrations end at the tables of the code, for every store on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import transferapp
from tests.support.postgres import PostgresServer, postgres_server
from transferapp.commands.stores import schema as commands
from transferapp.grants.stores import sql as grants
from transferapp.host import migrations
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.migrations import Schema, upgrade
from transferapp.ledger.stores import schema as ledger
from transferapp.notify.stores import schema as notify
from transferapp.repositories.local.storage import schema as repository
from transferapp.taskqueue.dbos import schema as queue

__all__ = ["postgres_server"]

STORES: dict[str, tuple[Schema, sa.MetaData]] = {
    "commands": (commands.SCHEMA, commands.metadata),
    "ledger": (ledger.SCHEMA, ledger.metadata),
    "grants": (grants.SCHEMA, grants.metadata),
    "notify": (notify.SCHEMA, notify.metadata),
    "queue": (queue.SCHEMA, queue.metadata),
    "repository": (repository.SCHEMA, repository.metadata),
}


def differences(engine: sa.Engine, metadata: sa.MetaData) -> list[Any]:
    """What Alembic would change, and partial indexes, which it does not compare."""

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return kind != "table" or name in metadata.tables

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": ours, "compare_server_default": _default}
        )
        found = list(compare_metadata(context, metadata))
    other = sa.MetaData()
    other.reflect(engine, only=list(metadata.tables))
    dialect = engine.dialect.name
    found += [
        (name, table, "only where")
        for table in metadata.tables
        for name in _partial(metadata.tables[table], dialect)
        ^ _partial(other.tables[table], dialect)
    ]
    return found


def _partial(table: sa.Table, dialect: str) -> set[str | None]:
    return {
        index.name
        for index in table.indexes
        if index.dialect_options[dialect]["where"] is not None
    }


def _default(_context: Any, _old: Any, _new: Any, *defaults: Any) -> bool | None:
    """Alembic takes '' on SQLite for something else than ''."""
    return False if (defaults[0], defaults[2]) == ("('')", "") else None


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "x.db")
    else:
        url = request.getfixturevalue("postgres_server").new_database()
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("store", STORES)
def test_nobody_forgot_a_migration(store: str, engine: sa.Engine) -> None:
    schema, metadata = STORES[store]
    assert upgrade(engine, schema)
    assert differences(engine, metadata) == []


def test_a_forgotten_one_is_found(engine: sa.Engine) -> None:
    upgrade(engine, grants.SCHEMA)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX grants_username")
        connection.exec_driver_sql("ALTER TABLE grants ADD COLUMN colour TEXT DEFAULT 'red'")
    found = differences(engine, grants.metadata)
    assert {change[0] for change in found} == {"add_index", "remove_column"}


def test_a_changed_default_is_found(engine: sa.Engine) -> None:
    upgrade(engine, ledger.SCHEMA)
    other = sa.MetaData()
    sa.Table(
        "ledger_files",
        other,
        sa.Column("sha1", sa.String(40), nullable=False, server_default="x"),
    )
    kinds = {str(change) for change in differences(engine, other)}
    assert any("modify_default" in kind for kind in kinds)


def test_every_store_is_compared() -> None:
    root = Path(transferapp.__file__).parent
    found = {str(path.parent.relative_to(root.parent)) for path in root.rglob("0001_*.py")}
    compared = {schema.package.replace(".", "/") for schema, _ in STORES.values()}
    assert compared == found


def test_stores_do_not_share_a_version() -> None:
    tables = [schema.version_table for schema, _ in STORES.values()]
    assert len(set(tables)) == len(tables)
    for schema, metadata in STORES.values():
        assert schema.first_table in metadata.tables


def test_one_waits_while_another_migrates(postgres_server: PostgresServer) -> None:
    """On PostgreSQL the lock that another process holds is waited for."""
    engine = open_engine(postgres_server.new_database())
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as other:
            other.execute(sa.select(sa.func.pg_advisory_xact_lock(migrations._LOCK)))
            waiting = pool.submit(upgrade, engine, ledger.SCHEMA)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            assert not sa.inspect(engine).get_table_names()
        folder = Path(transferapp.__file__).parents[1] / ledger.SCHEMA.package.replace(".", "/")
        there = sorted(path.name[:4] for path in folder.glob("0*.py"))
        assert waiting.result(timeout=60) == there
    assert upgrade(engine, ledger.SCHEMA) == []
    engine.dispose()
