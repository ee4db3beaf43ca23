"""A short version of the chaos tests, for every run of the suite."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.chaos import Chaos, ChaosRun, assert_survived, most_at_once
from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.database import sqlite_url

__all__ = ["postgres_server"]


@pytest.mark.slow
async def test_chaos_smoke_on_postgres(postgres_server: PostgresServer, tmp_path: Path) -> None:
    chaos_run = ChaosRun(tasks=40, kills=3, crashes=1, workers=2)
    url = postgres_server.new_database()
    aftermath = await Chaos(url, tmp_path, chaos_run, postgres_server).run(within_s=110)
    assert_survived(chaos_run, aftermath)


@pytest.mark.slow
async def test_chaos_smoke_on_sqlite(tmp_path: Path) -> None:
    chaos_run = ChaosRun(tasks=20, kills=2, workers=1)
    url = sqlite_url(tmp_path / "queue.db")
    aftermath = await Chaos(url, tmp_path, chaos_run).run(within_s=110)
    assert_survived(chaos_run, aftermath)


def test_intervals_are_counted() -> None:
    """The count that the storms rely on: kills and freezes end an interval."""
    lines = [
        line.split()
        for line in (
            "1.0 7 begin a x 0",
            "1.1 8 begin a y 0",
            "1.2 7 end a x 0",
            "1.3 7 begin a x 1",
            "1.6 9 begin a z 0",
            "1.7 9 end a z 0",
            "1.8 8 end a y 0",
        )
    ]
    assert most_at_once(lines, {7: 1.5}, {}) == {"a": 2}
    assert most_at_once(lines, {7: 1.65}, {}) == {"a": 3}
    assert most_at_once(lines, {7: 1.65}, {8: 1.4}) == {"a": 2}
