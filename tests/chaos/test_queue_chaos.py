"""The whole chaos run: hundreds of tasks, dozens of kills, a database that crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos import Chaos, ChaosRun, assert_survived
from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.database import sqlite_url

__all__ = ["postgres_server"]


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_chaos_on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    chaos_run = ChaosRun(tasks=300, kills=25, crashes=2, freezes=1)
    url = postgres_server.new_database()
    aftermath = await Chaos(url, tmp_path, chaos_run, postgres_server).run(within_s=840)
    print("\nPostgreSQL, 4 workers:", aftermath)  # noqa: T201  # what people run this for
    assert_survived(chaos_run, aftermath)


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_chaos_on_sqlite(tmp_path: Path) -> None:
    """One worker; this process enqueues meanwhile, as the API does."""
    chaos_run = ChaosRun(tasks=300, kills=25, workers=1)
    url = sqlite_url(tmp_path / "queue.db")
    aftermath = await Chaos(url, tmp_path, chaos_run).run(within_s=840)
    print("\nSQLite, 1 worker + API:", aftermath)  # noqa: T201  # what people run this for
    assert_survived(chaos_run, aftermath)
