"""What anyone may ask of a server: is it alive, and is anybody at work."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa

from tests.support.rest_server import RestServer, http, server
from transferapp.host.backoff import Backoff
from transferapp.host.database import open_engine, writing
from transferapp.host.supervise import Supervisor
from transferapp.taskqueue.dbos.schema import prepare, workers
from transferapp.taskqueue.dbos.worker_registry import WorkerRegistry

__all__ = ["http", "server"]


@pytest.fixture
def engine(server: RestServer) -> Iterator[sa.Engine]:
    opened = open_engine(server.parts.settings.database)
    prepare(opened)
    yield opened
    opened.dispose()


async def test_no_worker_is_reported(http: httpx.AsyncClient) -> None:
    answer = await http.get("/healthz")
    assert answer.status_code == httpx.codes.OK, "no reason to restart the server"
    health = answer.json()
    assert (health["status"], health["database"], health["queue"]) == ("degraded", "ok", "ok")
    assert health["workers"].startswith("No worker is at work: imports and exports wait")


async def test_a_worker_that_beats_is_at_work(
    http: httpx.AsyncClient, engine: sa.Engine
) -> None:
    worker = WorkerRegistry(engine, dead_after_s=60.0)
    worker.beat()
    answer = await http.get("/healthz")
    assert (answer.json()["status"], answer.json()["workers"]) == ("ok", "ok")
    assert worker.id not in answer.text, "anyone may ask"
    worker.leave()
    assert (await http.get("/healthz")).json()["status"] == "degraded"


async def test_one_that_is_silent_is_not(http: httpx.AsyncClient, engine: sa.Engine) -> None:
    WorkerRegistry(engine, dead_after_s=60.0).beat()
    with writing(engine) as connection:
        connection.execute(sa.update(workers).values(seen_at=workers.c.seen_at - 11))
    assert (await http.get("/healthz")).json()["status"] == "degraded"


async def test_the_client_reads_it(server: RestServer) -> None:
    health = await server.client().health()
    assert (health.status, health.database) == ("degraded", "ok")
    assert health.repository.state == "progressing"


async def test_what_keeps_failing_in_a_worker_is_reported(
    http: httpx.AsyncClient, engine: sa.Engine
) -> None:
    async def fail() -> None:
        raise ValueError("a secret")

    worker = WorkerRegistry(engine, dead_after_s=60.0)
    work = Supervisor("a chore", fail, pauses=Backoff(0.001, 60.0))
    work.start()
    async with asyncio.timeout(60):
        while not work.keeps_failing:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    worker.beat()
    await work.stop()
    answer = (await http.get("/healthz")).json()
    assert (answer["status"], answer["workers"]) == ("degraded", "ok")
    assert "a chore (A defect ended it (ValueError): see the log.)" in answer["background"]
    worker.beat()
    answer = (await http.get("/healthz")).json()
    assert (answer["status"], answer["background"]) == ("ok", "ok")
