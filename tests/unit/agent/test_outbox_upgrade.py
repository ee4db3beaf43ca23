"""An outbox of another release: upgraded, or refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.old_outbox import make_old_outbox
from transferapp.agent import schema
from transferapp.agent.outbox import Outbox
from transferapp.errors import SettingsInvalid
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    opened = open_engine(sqlite_url(tmp_path / "outbox.db"))
    yield opened
    opened.dispose()


def version_of(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def add_room(connection: sa.Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE items ADD COLUMN room TEXT NOT NULL DEFAULT 'A1'")


def fail(connection: sa.Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
    connection.exec_driver_sql("this is not SQL")


def rooms(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT room FROM items").scalars())


def test_a_new_outbox_has_the_newest_version(engine: sa.Engine) -> None:
    schema.prepare(engine)
    schema.prepare(engine)
    assert version_of(engine) == 1 + len(schema.MIGRATIONS)


def test_an_outbox_without_a_version_is_upgraded_once(engine: sa.Engine) -> None:
    make_old_outbox(engine)
    schema.prepare(engine, [add_room])
    schema.prepare(engine, [add_room])
    assert rooms(engine) == ["A1"]
    assert version_of(engine) == 2


def test_only_what_is_missing_is_run(engine: sa.Engine) -> None:
    make_old_outbox(engine)
    schema.prepare(engine, [])
    assert version_of(engine) == 1
    schema.prepare(engine, [add_room])
    assert rooms(engine) == ["A1"]


def test_all_or_nothing(engine: sa.Engine) -> None:
    make_old_outbox(engine)
    with pytest.raises(sa.exc.OperationalError):
        schema.prepare(engine, [add_room, fail])
    assert version_of(engine) == 0
    columns = {column["name"] for column in sa.inspect(engine).get_columns("items")}
    assert "room" not in columns
    assert not sa.inspect(engine).has_table("half")


def test_a_newer_outbox_is_refused_and_left_alone(engine: sa.Engine) -> None:
    schema.prepare(engine, [add_room, add_room])
    with pytest.raises(SettingsInvalid, match="Install the newer release again"):
        schema.prepare(engine, [add_room])
    assert version_of(engine) == 3


def test_an_outbox_of_the_first_release_is_as_a_new_one(
    engine: sa.Engine, tmp_path: Path
) -> None:
    make_old_outbox(engine)
    schema.prepare(engine)
    new = open_engine(sqlite_url(tmp_path / "new.db"))
    schema.prepare(new)
    for table in schema.metadata.tables:
        upgraded, made = (sa.inspect(one) for one in (engine, new))
        assert _columns(upgraded, table) == _columns(made, table)
        assert _indexes(upgraded, table) == _indexes(made, table)
    outbox = Outbox(engine, SystemClock())
    record = outbox.submission("t")
    assert (record.roots, record.look) == (None, None)
    assert outbox.files("i")[0].inode == 0
    new.dispose()


def _columns(inspector: sa.Inspector, table: str) -> list[tuple[str, str, bool]]:
    return [
        (column["name"], str(column["type"]), column["nullable"])
        for column in sorted(inspector.get_columns(table), key=lambda c: c["name"])
    ]


def _indexes(inspector: sa.Inspector, table: str) -> set[str | None]:
    return {index["name"] for index in inspector.get_indexes(table)}
