"""What the queue's engine asks of SQLite is there, also where SQLite is an old one."""

from __future__ import annotations

import re
from pathlib import Path

import dbos
import sqlalchemy as sa
from dbos import DBOS

from transferapp.host.database import open_engine, sqlite_url, writing
from transferapp.taskqueue.dbos.schema import prepare


def test_the_engine_asks_for_nothing_of_unixepoch_but_subsec() -> None:
    """Ours answers that alone (transferapp/host/sqlite.py)."""
    asked = [
        found[1]
        for path in Path(dbos.__file__).parent.glob("*.py")
        for found in re.finditer(r"unixepoch\(([^)]*)\)", path.read_text(encoding="utf-8"))
    ]
    assert asked
    assert {text.strip("'\"") for text in asked} == {"subsec"}


def test_its_migrations_go_through_our_connections(tmp_path: Path) -> None:
    """They are run by an engine of its own, made of our URL."""
    engine = open_engine(sqlite_url(tmp_path / "a.db"))
    prepare(engine)
    with writing(engine) as connection:
        # Any table of the engine's with such a default; later migrations fill it.
        connection.exec_driver_sql(
            "CREATE TABLE seed (at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"
        )
    own = sa.create_engine(engine.url)
    with own.begin() as connection:
        connection.exec_driver_sql("INSERT INTO seed DEFAULT VALUES")
        assert (
            connection.exec_driver_sql("SELECT at FROM seed").scalar_one() > 1_700_000_000_000
        )
    own.dispose()
    # Again is fine, and so is the engine's own way by the same URL.
    DBOS.migrate(engine.url.render_as_string(hide_password=False))
    engine.dispose()
