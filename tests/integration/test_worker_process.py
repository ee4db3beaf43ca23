"""The worker as people run it: a process with settings from its environment."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.import_env import OWNER, ImportEnv
from tests.support.postgres import PostgresServer, postgres_server
from transferapp.errors import SettingsInvalid
from transferapp.host.resources import resource
from transferapp.ledger.port import ItemChange
from transferapp.model.transfers import ItemState, TransferItem
from transferapp.testing.moves import PUT
from transferapp.worker.settings import WorkerSettings

__all__ = ["postgres_server"]

CELL = resource("sample-data", "png-cells") / "cell.png"
PROGRAM = """
import asyncio
from transferapp.host.logging import configure_logging
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings
configure_logging("worker", json=True)
asyncio.run(run(WorkerSettings()))
"""


@asynccontextmanager
async def worker_process(data: Path, **more: str) -> AsyncIterator[Process]:
    """Start a worker; it is killed at the end if it has not ended."""
    environment = os.environ | {"TRANSFERAPP_DATA": str(data)} | more
    log = (data / "worker.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        log.close()


async def until(env: ImportEnv, item_id: str, state: ItemState) -> TransferItem:
    """Wait until an item is in a state."""
    async with asyncio.timeout(60):
        while (item := (await env.ledger.work(item_id)).item).state is not state:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return item


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ImportEnv]:
    """Return an import house without a worker."""
    env = ImportEnv(tmp_path)
    await env.open()
    yield env
    await env.close()


async def test_received_item_without_a_task_is_imported(env: ImportEnv, tmp_path: Path) -> None:
    """The server died between the last seal and the queue; the next worker heals it."""
    details = await env.add_import([CELL])
    item_id = details.items[0].id
    await env.ledger.move(item_id, PUT, ItemChange(ItemState.RECEIVED))
    async with worker_process(tmp_path) as process:
        item = await until(env, item_id, ItemState.IMPORTED)
        assert item.verified
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    async with env.repository.session(OWNER) as session:
        assert env.target is not None
        assert len(await session.images.find(env.target.ref)) == 1
    log = (tmp_path / "worker.log").read_text()
    assert "received item queued after a crash" in log
    assert "Traceback" not in log


async def test_worker_starts_past_a_row_that_cannot_be_read(
    env: ImportEnv, tmp_path: Path
) -> None:
    (tmp_path / "odd.png").write_bytes(CELL.read_bytes())
    odd = (await env.add_import([tmp_path / "odd.png"])).items[0].id
    good = (await env.add_import([CELL])).items[0].id
    for item_id in (odd, good):
        await env.ledger.move(item_id, PUT, ItemChange(ItemState.RECEIVED))
    with env.engine.begin() as connection:
        damage = sa.text("UPDATE ledger_items SET image_ids = '[' WHERE id = :id")
        connection.execute(damage, {"id": odd})
    async with worker_process(tmp_path):
        await until(env, good, ItemState.IMPORTED)
    assert "item cannot be read" in (tmp_path / "worker.log").read_text()


async def test_worker_waits_for_a_database_that_is_away(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """It starts before its database, and can be stopped while it waits."""
    url = postgres_server.new_database()
    await asyncio.to_thread(postgres_server.stop)
    try:
        async with worker_process(tmp_path, TRANSFERAPP_DATABASE_URL=url) as process:
            async with asyncio.timeout(60):
                log = tmp_path / "worker.log"
                while b"waiting for it" not in log.read_bytes():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        await asyncio.to_thread(postgres_server.start)


def test_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TRANSFERAPP_LIMITS", '{"repository": 0}')
    with pytest.raises(SettingsInvalid, match="TRANSFERAPP_LIMITS"):
        WorkerSettings(data=tmp_path)


def test_password_of_the_database_is_not_shown(tmp_path: Path) -> None:
    settings = WorkerSettings(data=tmp_path, database_url="postgresql://u:hush@host/db")
    assert "hush" not in repr(settings)
