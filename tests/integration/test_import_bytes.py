"""Bytes and the last sign of life of a running import, as administrators see them."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from tests.support.rest_server import PASSWORD, RestServer, rest_server, submitted
from tests.support.rest_uploads import upload
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.client.admin import AdminClient
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine
from transferapp.host.resources import resource
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.protocol.messages import Seal
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.storage import store
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import Task, TaskState

TIFF = resource("sample-data", "tiff-channels-cells") / "cells_D03f00d1.tif"
PIECES = 8
#: Less than one silent step takes here.
SETTINGS = QueueSettings(poll_s=0.1, beat_s=0.2, stalled_after_s=3.5)


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RestServer]:
    """A server whose repository is on a slow disk: half a second for each piece."""
    add = ByteCount.add

    def slowly(self: ByteCount, more: int) -> None:
        time.sleep(0.5)
        add(self, more)

    monkeypatch.setattr(ByteCount, "add", slowly)
    monkeypatch.setattr(store, "_PIECE", -(-TIFF.stat().st_size // PIECES))
    async with rest_server(tmp_path / "server") as running:
        people = Administration(running.parts.settings.repository_folder)
        await people.add_experimenter("root", "Root", PASSWORD, is_admin=True)
        yield running


@pytest.fixture
async def worker(server: RestServer) -> AsyncIterator[DbosTaskWorker]:
    parts, engine = server.parts, open_engine(server.parts.settings.database)
    kind = import_fileset_kind(parts.ledger, parts.staging, parts.repository, parts.clock)
    worker = DbosTaskWorker(engine, [kind], SystemClock(), SETTINGS)
    await worker.start()
    yield worker
    await worker.stop()
    engine.dispose()


@pytest.fixture
async def watching(server: RestServer) -> AsyncIterator[DbosTaskQueue]:
    engine = open_engine(server.parts.settings.database)
    queue = DbosTaskQueue(engine, SETTINGS)
    yield queue
    await queue.close()
    engine.dispose()


async def received(server: RestServer) -> str:
    """Submit and upload one file; returns the task's id."""
    ada, body = await server.signed_in(), TIFF.read_bytes()
    accepted = await submitted(ada, len(body))
    transfer_id, (file,) = accepted.details.transfer.id, accepted.details.files
    grant = accepted.grant
    async with httpx.AsyncClient(base_url=server.url) as http:
        sha1 = await upload(http, grant, transfer_id, file, body)
        headers = {"Authorization": f"Bearer {grant}"}
        path = f"/v1/transfers/{transfer_id}/files/{file.id}/seal"
        sealed = await http.post(path, headers=headers, json=Seal(sha1=sha1).model_dump())
        assert sealed.status_code == 200, sealed.text
    return str(accepted.details.items[0].id)


async def seen_until_done(queue: DbosTaskQueue, task_id: str) -> list[Task]:
    """Look ten times a second until the task is done; what changed, in order."""
    seen: list[Task] = []
    async with asyncio.timeout(60):
        while not seen or seen[-1].state is not TaskState.DONE:
            task = await queue.get(task_id)
            if not seen or task != seen[-1]:
                seen.append(task)
            await asyncio.sleep(0.1)
    return seen


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
async def test_bytes_move_while_a_file_is_stored(
    server: RestServer, watching: DbosTaskQueue
) -> None:
    size = TIFF.stat().st_size
    seen = await seen_until_done(watching, await received(server))
    assert all(task.stalled_since is None for task in seen), "it works, so it is not stalled"
    storing = [task for task in seen if task.step == "store"]
    moved = [task.bytes_done for task in storing]
    assert moved == sorted(moved)
    between = {bytes_done for bytes_done in moved if 0 < bytes_done < size}
    assert len(between) >= 3, moved
    apart_s = [
        (after.updated_at - before.updated_at).total_seconds()
        for before, after in pairwise(task for task in storing if task.bytes_done)
    ]
    assert min(apart_s) > 0.5, "no more often than to read"
    assert statistics.median(apart_s) < 3.0, "often enough to see"
    checking = [task for task in seen if task.step == "verify"]
    assert {task.bytes_done for task in checking[1:]} == {size}
    assert len({task.updated_at for task in checking}) >= 4, "signs of life"
    assert seen[-1].bytes_done == size


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
async def test_administrators_see_them(
    server: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task_id = await received(server)
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    async with AdminClient(server.url) as admin:
        token = (await admin.sign_in("root", PASSWORD)).token
        await signed_in.remember(server.url, "root", SecretStr(token), in_file=True)
        async with asyncio.timeout(60):
            while not (task := await admin.task(task_id)).bytes_done:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert (task.state, task.step) == (TaskState.RUNNING, "store")
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["queue", "show", task_id])
    (progress,) = (line for line in shown.stdout.splitlines() if "progress" in line)
    assert "kB, copying the files into the repository" in progress
