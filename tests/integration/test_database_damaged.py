"""A SQLite file that is none, or not any more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from transferapp.errors import Internal
from transferapp.host.database import open_engine, sqlite_url, writing
from transferapp.host.sqlite import sqlite3


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"This is no database. " * 500),
        lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 100_000),
    ],
)
def test_a_damaged_file_is_reported_as_one(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    """And not tried again: no time will mend it."""
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)")
        plain.executemany("INSERT INTO note (words) VALUES (?)", [("x" * 500,)] * 200)
        plain.commit()
    damage(path)
    engine = open_engine(sqlite_url(path))
    try:
        with pytest.raises(Internal, match="damaged"), writing(engine) as connection:
            connection.exec_driver_sql("UPDATE note SET words = words || 'y'")
    finally:
        engine.dispose()
