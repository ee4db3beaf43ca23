"""What lies at places, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.stores.brought import SqlBroughtItems
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.testing.ledger_brought_suite import LedgerBroughtSuite
from transferapp.testing.moved_clock import MovedClock

__all__ = ["postgres_server"]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
async def ledger(engine: sa.Engine, clock: MovedClock) -> AsyncIterator[SqlLedger]:
    ledger = await asyncio.to_thread(SqlLedger, engine, clock)
    yield ledger
    await ledger.close()


@pytest.fixture
def brought(engine: sa.Engine, clock: MovedClock) -> SqlBroughtItems:
    return SqlBroughtItems(engine, clock)


class TestOnSqlite(LedgerBroughtSuite):
    """One file."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path / "transferapp.db")


class TestOnPostgres(LedgerBroughtSuite):
    """One server."""

    @pytest.fixture
    def url(self, postgres_server: PostgresServer) -> str:
        return postgres_server.new_database()
