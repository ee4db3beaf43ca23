"""Workers hear at once that there may be work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.database import open_engine, sqlite_url, writing
from transferapp.taskqueue.dbos.wakeups import Wakeups, announce

__all__ = ["postgres_server"]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    url = sqlite_url(tmp_path / "queue.db")
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    engine = open_engine(url)
    with writing(engine) as connection:
        connection.execute(sa.text("CREATE TABLE thing (name TEXT)"))
    yield engine
    engine.dispose()


def test_a_committed_change_rings(engine: sa.Engine) -> None:
    rung = threading.Event()
    wakeups = Wakeups(engine, rung.set)
    wakeups.start()
    try:
        assert rung.wait(5.0), "it rings once for what came before"
        for name in ("one", "two"):
            rung.clear()
            with writing(engine) as connection:
                connection.execute(sa.text(f"INSERT INTO thing VALUES ('{name}')"))  # noqa: S608
                announce(connection)
            assert rung.wait(5.0)
    finally:
        wakeups.stop()
