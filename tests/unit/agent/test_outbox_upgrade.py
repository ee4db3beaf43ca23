"""An outbox of another release: upgraded, or refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.agent import schema
from transferapp.errors import SettingsInvalid
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


def an_old_outbox(engine: sa.Engine) -> None:
    """As it was made before there were versions: tables, and version 0."""
    schema.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO submissions VALUES"
            " ('t', 'import', 'exp', 'ada@s', 's', 'ta1_x', '', 'queued', '', '', 0, 'a', 'a')"
        )
        connection.exec_driver_sql(
            "INSERT INTO items VALUES ('i', 't', 0, 'one', 'open', '', '')"
        )


def rooms(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT room FROM items").scalars())


def test_a_new_outbox_has_the_newest_version(engine: sa.Engine) -> None:
    schema.prepare(engine)
    schema.prepare(engine)
    assert version_of(engine) == 1 + len(schema.MIGRATIONS)


def test_an_outbox_without_a_version_is_upgraded_once(engine: sa.Engine) -> None:
    an_old_outbox(engine)
    schema.prepare(engine, [add_room])
    schema.prepare(engine, [add_room])
    assert rooms(engine) == ["A1"]
    assert version_of(engine) == 2


def test_only_what_is_missing_is_run(engine: sa.Engine) -> None:
    an_old_outbox(engine)
    schema.prepare(engine, [])
    assert version_of(engine) == 1
    schema.prepare(engine, [add_room])
    assert rooms(engine) == ["A1"]


def test_all_or_nothing(engine: sa.Engine) -> None:
    an_old_outbox(engine)
    with pytest.raises(sa.exc.OperationalError):
        schema.prepare(engine, [add_room, fail])
    assert version_of(engine) == 0
    columns = {column["name"] for column in sa.inspect(engine).get_columns("items")}
    assert "room" not in columns
    assert not sa.inspect(engine).has_table("half")


def test_a_newer_outbox_is_refused_and_left_alone(engine: sa.Engine) -> None:
    schema.prepare(engine, [add_room, add_room])
    with pytest.raises(SettingsInvalid, match="Install the newer release again"):
        schema.prepare(engine)
    assert version_of(engine) == 3
