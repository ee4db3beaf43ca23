"""The function that an old SQLite misses, and the SQLite that is too old."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.errors import SettingsInvalid
from transferapp.host import sqlite
from transferapp.host.database import open_engine, reading, sqlite_url, writing

#: As DBOS 3.4 writes it from Python 3.12 on.
NOW_MS = "unixepoch('subsec') * 1000"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    opened = open_engine(sqlite_url(tmp_path / "a.db"))
    yield opened
    opened.dispose()


def test_milliseconds_in_statements_and_defaults(engine: sa.Engine) -> None:
    before = time.time_ns() // 1_000_000
    with writing(engine) as connection:
        asked = connection.execute(sa.select(sa.func.unixepoch("subsec") * 1000)).scalar_one()
        connection.exec_driver_sql(
            f"CREATE TABLE t (a TEXT, at INTEGER NOT NULL DEFAULT ({NOW_MS}))"
        )
        connection.exec_driver_sql("INSERT INTO t (a) VALUES ('x')")
        (kind, at) = connection.exec_driver_sql("SELECT typeof(at), at FROM t").one()
    after = time.time_ns() // 1_000_000
    assert kind == "integer"
    # SQLite's own clock may be a tick behind.
    assert before - 1 <= asked <= after
    assert before - 1 <= at <= after


def test_who_never_made_the_table_has_it_too(engine: sa.Engine, tmp_path: Path) -> None:
    """The default stays in the file; another process opens it."""
    with writing(engine) as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE t (a TEXT, at INTEGER NOT NULL DEFAULT ({NOW_MS}))"
        )
    engine.dispose()
    again = open_engine(sqlite_url(tmp_path / "a.db"))
    with writing(again) as connection:
        connection.exec_driver_sql("INSERT INTO t (a) VALUES ('x')")
    with reading(again) as connection:
        assert connection.exec_driver_sql("SELECT at FROM t").scalar_one() > 1_700_000_000_000
    again.dispose()


@pytest.mark.skipif(
    sqlite.sqlite3.sqlite_version_info >= (3, 42), reason="this SQLite has its own"
)
def test_what_is_not_provided_is_an_error_and_no_wrong_time(engine: sa.Engine) -> None:
    with reading(engine) as connection, pytest.raises(sa.exc.OperationalError):
        connection.exec_driver_sql("SELECT unixepoch('2026-01-01')").scalar_one()


@pytest.mark.parametrize("found", [(3, 34, 1), (3, 35, 0)])
def test_too_old_is_stated_with_what_to_do(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, found: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sqlite.sqlite3, "sqlite_version_info", found)
    if found >= sqlite.OLDEST:
        sqlite.check_new_enough(engine)
        return
    with pytest.raises(
        SettingsInvalid, match=r"transferapp\[sqlite\].*TRANSFERAPP_DATABASE_URL"
    ):
        sqlite.check_new_enough(engine)
