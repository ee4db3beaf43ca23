"""The promises of ledger and grants, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer, postgres_server
from transferapp.errors import StorageFull, Unavailable
from transferapp.grants.port import Scope
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.port import ItemChange
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.transfers import ItemState
from transferapp.testing.grants_suite import HOUR, GrantsSuite
from transferapp.testing.ledger_attachment_suite import LedgerAttachmentSuite
from transferapp.testing.ledger_changed_suite import LedgerChangedFileSuite
from transferapp.testing.ledger_drop_suite import LedgerDropSuite
from transferapp.testing.ledger_place_suite import LedgerPlaceSuite
from transferapp.testing.ledger_receipt_suite import LedgerReceiptSuite
from transferapp.testing.ledger_suite import LedgerSuite, an_import
from transferapp.testing.moved_clock import MovedClock
from transferapp.testing.moves import PUT

__all__ = ["postgres_server"]


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


class _OnSqlite:
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return sqlite_url(tmp_path / "transferapp.db")


class _OnPostgres:
    @pytest.fixture
    def url(self, postgres_server: PostgresServer) -> str:
        return postgres_server.new_database()


class _Ledgers:
    @pytest.fixture
    async def ledger(self, engine: sa.Engine, clock: MovedClock) -> AsyncIterator[SqlLedger]:
        ledger = await asyncio.to_thread(SqlLedger, engine, clock)
        yield ledger
        await ledger.close()


class _GrantStores:
    @pytest.fixture
    def grants(self, engine: sa.Engine, clock: MovedClock) -> SqlGrants:
        return SqlGrants(engine, clock)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    yield engine
    engine.dispose()


class TestLedgerOnSqlite(
    _Ledgers,
    _OnSqlite,
    LedgerSuite,
    LedgerDropSuite,
    LedgerPlaceSuite,
    LedgerReceiptSuite,
    LedgerAttachmentSuite,
    LedgerChangedFileSuite,
):
    """One file."""


class TestLedgerOnPostgres(
    _Ledgers,
    _OnPostgres,
    LedgerSuite,
    LedgerDropSuite,
    LedgerPlaceSuite,
    LedgerReceiptSuite,
    LedgerAttachmentSuite,
    LedgerChangedFileSuite,
):
    """One server."""


class TestGrantsOnSqlite(_GrantStores, _OnSqlite, GrantsSuite):
    """One file."""

    async def test_no_token_is_in_the_database(
        self, grants: SqlGrants, engine: sa.Engine
    ) -> None:
        minted = await grants.mint(Scope.SESSION, "ada", HOUR)
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT * FROM grants")).all()
        assert minted.grant.id in str(rows)
        assert minted.token not in str(rows)
        assert minted.token.removeprefix("ta1_") not in str(rows)


class TestGrantsOnPostgres(_GrantStores, _OnPostgres, GrantsSuite):
    """One server."""


_STARTER = """
import sys
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.ledger.stores.sql import SqlLedger
engine = open_engine(sys.argv[1])
SqlLedger(engine, SystemClock())
SqlGrants(engine, SystemClock())
"""


class _Starting:
    def test_several_processes_may_make_the_tables_at_once(self, url: str) -> None:
        command = [sys.executable, "-W", "error", "-c", _STARTER, url]
        processes = [
            subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(6)
        ]
        reported = [process.communicate(timeout=60)[1] for process in processes]
        assert [process.returncode for process in processes] == [0] * 6, reported


class TestStartingOnSqlite(_OnSqlite, _Starting):
    """One file."""


class TestStartingOnPostgres(_OnPostgres, _Starting):
    """One server."""


class TestOutages(_OnSqlite):
    """What a database does to us becomes our errors."""

    async def test_a_full_disk(self, engine: sa.Engine) -> None:
        ledger = SqlLedger(engine, SystemClock())
        # The pool keeps one connection here: its limit is everyone's.
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(StorageFull):
            await ledger.add(an_import(items=400))
        assert await ledger.transfers("ada") == []
        await ledger.close()

    async def test_a_folder_that_is_gone(self, tmp_path: Path) -> None:
        engine = open_engine(sqlite_url(tmp_path / "gone" / "transferapp.db"))
        with pytest.raises(Unavailable):
            SqlLedger(engine, SystemClock())


async def test_events_are_never_seen_out_of_order(postgres_server: PostgresServer) -> None:
    """PostgreSQL gives ids before the commit: a reader must not pass a slower writer."""
    engine = open_engine(postgres_server.new_database())
    ledger = SqlLedger(engine, SystemClock())
    added = [await ledger.add(an_import(key=f"k{n}", items=3, files=1)) for n in range(6)]
    items = [item for details in added for item in details.items]
    seen: list[int] = []

    async def read(writing: asyncio.Future[list[bool]], after: int) -> None:
        while True:
            finished = writing.done()
            page = await ledger.events(None, after)
            seen.extend(event.id for event in page)
            after = page[-1].id if page else after
            if finished and not page:
                return

    start = await ledger.last_event_id()
    writing = asyncio.gather(
        *(
            ledger.move(item.id, PUT, ItemChange(ItemState.IMPORTING, note=str(turn)))
            for turn in range(8)
            for item in items
        )
    )
    await read(writing, start)
    assert seen == [event.id for event in await ledger.events(None, start, limit=10_000)]
    assert len(seen) >= 8 * len(items)
    await ledger.close()
    engine.dispose()


@pytest.mark.slow
async def test_two_hundred_thousand_files(tmp_path: Path) -> None:
    """One transfer may be this large; lists stay fast."""
    engine = open_engine(sqlite_url(tmp_path / "transferapp.db"))
    ledger = SqlLedger(engine, SystemClock())
    # Processor time of all threads: other jobs share the machine.
    started = time.process_time()
    added = await ledger.add(an_import(items=20_000, files=10))
    assert time.process_time() - started < 30
    assert added.transfer.file_count == 200_000
    started = time.process_time()
    assert len(await ledger.transfers("ada")) == 1
    assert time.process_time() - started < 0.1
    started = time.process_time()
    details = await ledger.details(added.transfer.id, with_files=False)
    assert len(details.items) == 20_000
    assert time.process_time() - started < 5
    await ledger.close()
    engine.dispose()
