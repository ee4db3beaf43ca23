"""Both ledgers forget alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.stores import retention
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.testing.ledger_retention_suite import LedgerRetentionSuite
from transferapp.testing.moved_clock import MovedClock

__all__ = ["postgres_server"]


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every page end in the middle of what a test forgets."""
    monkeypatch.setattr(retention, "_PAGE_OF_EVENTS", 3)
    monkeypatch.setattr(retention, "_PAGE_OF_TRANSFERS", 2)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def ledger(url: str, clock: MovedClock) -> AsyncIterator[SqlLedger]:
    engine = open_engine(url)
    ledger = await asyncio.to_thread(SqlLedger, engine, clock)
    yield ledger
    await ledger.close()
    engine.dispose()


class TestOnSqlite(LedgerRetentionSuite):
    """One file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path / "transferapp.db")


class TestOnPostgres(LedgerRetentionSuite):
    """One server."""

    @pytest.fixture
    def url(self, postgres_server: PostgresServer) -> str:
        return postgres_server.new_database()
