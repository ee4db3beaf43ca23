"""Each failure of a database has its own sentence; only a full disk is told as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from transferapp.errors import Internal, StorageFull, TransferAppError, Unavailable
from transferapp.host import database
from transferapp.host.database import open_engine, sqlite_url, writing
from transferapp.host.database_errors import failure_of, is_away
from transferapp.host.sqlite import sqlite3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA journal_mode=WAL")
        plain.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)")
        plain.executemany("INSERT INTO note (words) VALUES (?)", [("x" * 500,)] * 200)
        plain.commit()
    return path


def written(path: Path, prepare: str = "") -> TransferAppError:
    """Write, and return what it fails with."""
    engine = open_engine(sqlite_url(path))
    try:
        with pytest.raises(TransferAppError) as caught:
            _write(engine, prepare)
    finally:
        engine.dispose()
    return caught.value


def _write(engine: sa.Engine, prepare: str) -> None:
    with writing(engine) as connection:
        if prepare:
            connection.exec_driver_sql(prepare)
        connection.exec_driver_sql("UPDATE note SET words = words || 'y'")
        connection.exec_driver_sql("INSERT INTO note (words) VALUES (randomblob(90000))")


@pytest.fixture
def locked(path: Path) -> Iterator[Path]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield path


def test_a_locked_database_is_used_by_another_program(locked: Path) -> None:
    error = written(locked)
    assert type(error) is Unavailable
    assert error.message.startswith("Another program is using the database.")
    assert "space" not in error.message


def test_a_full_disk_is_reported_as_one(path: Path) -> None:
    error = written(path, "PRAGMA max_page_count = 1")
    assert type(error) is StorageFull
    assert "Free space" in error.message


def test_a_file_that_can_only_be_read(path: Path) -> None:
    error = written(path, "PRAGMA query_only = ON")
    assert type(error) is Unavailable
    assert "can only be read" in error.message


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    error = written(tmp_path / "nowhere" / "notes.db")
    assert type(error) is Unavailable
    assert "cannot be opened" in error.message


def refused(code: int) -> sa.exc.OperationalError:
    cause = sqlite3.OperationalError("what SQLite says")
    cause.sqlite_errorcode = code
    return sa.exc.OperationalError("UPDATE note", {}, cause)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (sqlite3.SQLITE_IOERR_WRITE, "Check the disk"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "Another program is using the outbox"),
        (sqlite3.SQLITE_LOCKED_SHAREDCACHE, "Another program is using the outbox"),
        (sqlite3.SQLITE_READONLY_DBMOVED, "can only be read"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "cannot be opened"),
    ],
)
def test_what_is_worth_another_try(code: int, text: str) -> None:
    error = failure_of(refused(code), "outbox")
    assert type(error) is Unavailable
    assert text in error.message
    assert is_away(refused(code))


def test_a_statement_that_is_wrong_is_no_outage() -> None:
    """It would be tried again for ever, and everything else would wait for it."""
    error = refused(sqlite3.SQLITE_ERROR)
    assert not is_away(error)
    assert type(failure_of(error)) is Internal


def test_values_of_a_statement_are_not_shown(path: Path) -> None:
    """Among them are webhooks' secrets and grants."""
    engine = open_engine(sqlite_url(path))
    with engine.connect() as connection, pytest.raises(sa.exc.SQLAlchemyError) as caught:
        connection.execute(sa.text("INSERT INTO nowhere VALUES (:v)"), {"v": "whsec_abc"})
    engine.dispose()
    assert "whsec_abc" not in str(caught.value)
