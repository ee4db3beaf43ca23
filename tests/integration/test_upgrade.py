"""A facility upgrades TransferApp and keeps everything, in the middle of its work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer, postgres_server
from tests.support.upgrade_data import KEPT, put_back
from transferapp.agent.outbox import open_outbox
from transferapp.grants.stores import sql as grants
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.migrations import upgrade
from transferapp.host.sqlite import sqlite3
from transferapp.ledger.stores import schema as ledger
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.transfers import ENDED_STATES, ItemState, TransferDetails
from transferapp.notify.port import NotificationChannel
from transferapp.notify.stores import schema as notify
from transferapp.notify.stores.inbox import SqlInbox
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.repositories.local.storage.schema import (
    DATABASE_NAME,
    open_repository_database,
)
from transferapp.taskqueue.dbos import schema as queue
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings

__all__ = ["postgres_server"]

OWNER = "ada"
#: What the old release left, see tests/support/old_installation.py.
LEFT = {
    "done": ItemState.IMPORTED,
    "waits": ItemState.WAITING,
    "broken": ItemState.FAILED,
    "half": ItemState.IMPORTING,
    "queued": ItemState.UPLOADING,
}

#: What migrations change on purpose: a running task is queued anew, a column has gone.
CHANGED = {"task": {"state", "run"}, "task_target": {"worked_at"}}

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Facility:
    """An installation of the old release."""

    folder: Path
    url: str

    def settings(self) -> WorkerSettings:
        return WorkerSettings(data=self.folder, database_url=self.url, limits={"repository": 2})


@contextmanager
def opened(url: str) -> Iterator[sa.Engine]:
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def facility(request: pytest.FixtureRequest, tmp_path: Path) -> Facility:
    kept = KEPT / str(request.param)
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "transferapp.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    put_back(kept, tmp_path, url)
    return Facility(tmp_path, url)


def rows_of(engine: sa.Engine, tables: list[str]) -> Rows:
    metadata = sa.MetaData()
    metadata.reflect(engine, only=tables)
    with engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in metadata.tables.items()
        }


def lost(before: Rows, after: Rows) -> list[str]:
    """Name the old rows that are not there any more as they were; new columns are fine."""
    return [
        f"{table}: {row}"
        for table, rows in before.items()
        for row in rows
        if not any(_holds(table, other, row) for other in after[table])
    ]


def _holds(table: str, new: dict[str, Any], old: dict[str, Any]) -> bool:
    kept = old.keys() - CHANGED.get(table, set())
    return all(name in new and new[name] == old[name] for name in kept)


async def the_transfer(facility: Facility, name: str) -> TransferDetails:
    with opened(facility.url) as engine:
        store = await asyncio.to_thread(SqlLedger, engine, SystemClock())
        (found,) = [one for one in await store.transfers(OWNER) if one.name == name]
        details = await store.details(found.id)
        await store.close()
    return details


def states(details: TransferDetails) -> dict[str, ItemState]:
    return {item.name: item.state for item in details.items}


@asynccontextmanager
async def worker_of(facility: Facility) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(run(facility.settings(), stop))
    try:
        yield
    finally:
        stop.set()
        await working


def test_every_row_is_kept(facility: Facility) -> None:
    with opened(facility.url) as engine:
        old = [name for name in sa.inspect(engine).get_table_names() if _ours(name)]
        before = rows_of(engine, old)
        assert {name for name, rows in before.items() if rows} >= {
            "grants", "ledger_events", "ledger_files", "ledger_items", "ledger_transfers",
            "notify_delivery", "notify_position", "notify_preference", "task", "task_target",
        }  # fmt: skip
        for schema in (ledger.SCHEMA, grants.SCHEMA, notify.SCHEMA, queue.SCHEMA):
            assert "0001" not in upgrade(engine, schema), "the old tables were not recognised"
        assert lost(before, rows_of(engine, old)) == []


def _ours(table: str) -> bool:
    return table.startswith(("grants", "ledger_", "notify_", "task"))


async def test_the_work_goes_on_and_is_finished(facility: Facility) -> None:
    monday = await the_transfer(facility, "Monday")
    assert states(monday) == LEFT
    async with worker_of(facility), asyncio.timeout(60):
        while any(item.state not in ENDED_STATES for item in monday.items):
            await asyncio.sleep(0.1)
            monday = await the_transfer(facility, "Monday")
    imported = dict.fromkeys(LEFT, ItemState.IMPORTED)
    assert states(monday) == imported | {"broken": ItemState.FAILED}
    assert all(item.verified for item in monday.items if item.name != "broken")
    with closing(sqlite3.connect(facility.folder / "repository" / DATABASE_NAME)) as file:
        names = [name for (name,) in file.execute("SELECT name FROM filesets ORDER BY name")]
    assert names == ["done", "half", "queued", "waits"], "each once"
    tuesday = await the_transfer(facility, "Tuesday")
    assert tuesday.files[0].bytes_done == 40


async def test_people_are_known_as_before(facility: Facility) -> None:
    with opened(facility.url) as engine:
        clock = SystemClock()
        preferences = await SqlPreferenceStore(engine, clock).get(OWNER)
        assert preferences.channels == {NotificationChannel.INBOX, NotificationChannel.MAIL}
        assert (preferences.address, preferences.address_verified) == ("ada@example.org", True)
        assert len(await grants.SqlGrants(engine, clock).owned_by(OWNER)) == 3
        (reported,) = await SqlInbox(engine, clock).entries(OWNER)
        assert reported.notable.text == "waits: The repository is away."


def test_the_repository_keeps_its_images(facility: Facility) -> None:
    path = facility.folder / "repository"
    with opened(sqlite_url(path / DATABASE_NAME)) as engine:
        before = rows_of(engine, sa.inspect(engine).get_table_names())
        assert before["images"]
        open_repository_database(path).dispose()
        assert lost(before, rows_of(engine, list(before))) == []


def test_the_workstation_keeps_its_outbox(facility: Facility) -> None:
    outbox = open_outbox(facility.folder / "outbox.db", SystemClock())
    (submission,) = outbox.submissions()
    assert submission.grant.get_secret_value() == "ta1_given"
    assert outbox.files("i1")[0].offset == 4
    outbox.close()
