"""Workers on hosts of their own: cut off, they are fenced, and come back to work."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.support import chaos_lock_holder, chaos_process
from tests.support.chaos import assert_survived, patiently
from tests.support.chaos_namespaces import ADDRESS, Network, NoNamespaces
from tests.support.chaos_network import NetworkChaos, NetworkChaosRun, assert_fenced, describe
from tests.support.postgres import PostgresServer, own_server
from transferapp.host.database import open_engine
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.port import NewTask, TaskState

#: Both ends of a connection that died silently know it by then (seconds).
NOTICED_WITHIN_S = 20.0
#: A crashed database's kernel has given up its connections by then (seconds).
FORGOTTEN_AFTER_S = 13.0
#: How often a worker looks for tasks that nobody told it of, in the test of wake-ups.
RARELY_S = 120.0
SOON_S = 10.0
_LOCK = 7


@contextmanager
def network_of(hosts: int, *slow: int) -> Iterator[tuple[Network, PostgresServer]]:
    """Build hosts and a database server at their switch; skips where that is forbidden."""
    with ExitStack() as stack:
        try:
            network = stack.enter_context(Network(hosts, frozenset(slow)))
        except NoNamespaces as error:
            pytest.skip(f"No network namespaces here (separate homes are tried): {error}")
        server = stack.enter_context(own_server(ADDRESS, network.at_switch()))
        yield network, server


@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_chaos_over_a_failing_network(tmp_path: Path) -> None:
    chaos_run = NetworkChaosRun(tasks=300, kills=25, crashes=2, freezes=1, step_s=0.3, cuts=4)
    with network_of(chaos_run.workers) as (network, server):
        chaos = _chaos(network, server, chaos_run, tmp_path)
        aftermath = await chaos.run(within_s=840)
    print("\nPostgreSQL, 4 hosts:", describe(chaos, aftermath))  # noqa: T201  # run for this
    assert_survived(chaos_run, aftermath)
    assert_fenced(chaos)


@pytest.mark.chaos
@pytest.mark.timeout(600)
async def test_chaos_with_a_slow_and_lossy_link(tmp_path: Path) -> None:
    """One of four hosts is 100 ms away and loses every 20th packet, both ways."""
    chaos_run = NetworkChaosRun(tasks=100, kills=5, cuts=2)
    with network_of(chaos_run.workers, 3) as (network, server):
        chaos = _chaos(network, server, chaos_run, tmp_path)
        aftermath = await chaos.run(within_s=540)
    print("\nPostgreSQL, a slow host:", describe(chaos, aftermath))  # noqa: T201
    assert_survived(chaos_run, aftermath)
    assert_fenced(chaos)


@pytest.mark.slow
async def test_chaos_smoke_over_a_failing_network(tmp_path: Path) -> None:
    chaos_run = NetworkChaosRun(tasks=40, kills=0, workers=2, cuts=1)
    with network_of(chaos_run.workers) as (network, server):
        chaos = _chaos(network, server, chaos_run, tmp_path)
        aftermath = await chaos.run(within_s=110)
    assert_survived(chaos_run, aftermath)
    assert_fenced(chaos)


@pytest.mark.chaos
def test_a_connection_that_died_silently_is_noticed_at_both_ends() -> None:
    """Else a worker that is cut off in the middle of a claim keeps all others from it."""
    with network_of(1) as (network, server):
        url = server.new_database()
        program = [sys.executable, chaos_lock_holder.__file__, server.network_url(url)]
        with subprocess.Popen(
            [*network.at(0), *program, str(_LOCK)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdin is not None
            assert client.stdout is not None
            try:
                assert client.stdout.readline() == "locked\n"
                network.cut(0)
                print(file=client.stdin, flush=True)
                assert _lock_is_free_after(url) < NOTICED_WITHIN_S
                assert float(client.stdout.readline()) < NOTICED_WITHIN_S
                network.mend(0)
                print(file=client.stdin, flush=True)
                assert float(client.stdout.readline()) < NOTICED_WITHIN_S
            finally:
                client.kill()


@pytest.mark.chaos
async def test_wake_ups_come_back_when_the_listening_end_was_forgotten(tmp_path: Path) -> None:
    """The database is started anew behind a cut: nothing tells the worker, which only
    listens, that nobody will ever speak to it again. It looks by itself too rarely.
    """
    with network_of(1) as (network, server):
        url = server.new_database()
        rarely = [server.network_url(url), str(tmp_path), "1", str(RARELY_S)]
        command = [*network.at(0), sys.executable, chaos_process.__file__, *rarely]
        async with _queue(url) as queue, _running(command, tmp_path):
            for name in ("effects", "drafts"):
                (tmp_path / name).mkdir()
            await _ends_within(queue, "before", RARELY_S / 2)
            network.cut(0)
            server.stop()
            await asyncio.sleep(FORGOTTEN_AFTER_S)
            server.start()
            network.mend(0)
            await asyncio.sleep(NOTICED_WITHIN_S)
            await _ends_within(queue, "after", SOON_S)


@asynccontextmanager
async def _queue(url: str) -> AsyncIterator[DbosTaskQueue]:
    engine = open_engine(url)
    queue = DbosTaskQueue(engine, chaos_process.settings(1))
    yield queue
    await queue.close()
    engine.dispose()


@asynccontextmanager
async def _running(command: list[str], folder: Path) -> AsyncIterator[None]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def _ends_within(queue: DbosTaskQueue, task_id: str, seconds: float) -> None:
    chain = chaos_process.Chain(count=1)
    task = NewTask(task_id, "chain", chain, chaos_process.RESOURCES[0], "ada")
    await patiently(partial(queue.enqueue, task))
    async with asyncio.timeout(seconds):
        while (await queue.get(task_id)).state is not TaskState.DONE:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _lock_is_free_after(url: str) -> float:
    began = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET statement_timeout = '60s'")
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    return time.monotonic() - began


def _chaos(
    network: Network, server: PostgresServer, chaos_run: NetworkChaosRun, folder: Path
) -> NetworkChaos:
    url = server.new_database()
    there = server.network_url(url)
    return NetworkChaos(url, folder, chaos_run, server, network=network, network_url=there)
