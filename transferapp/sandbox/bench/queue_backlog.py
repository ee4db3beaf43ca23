"""A server and a worker, as a facility runs them, with 10,000 tasks queued."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import psutil

from transferapp.repositories.local.accounts.administration import Administration
from transferapp.sandbox.bench.queue_ground import enqueue, open_queue, p99_ms
from transferapp.sandbox.local_installation import LocalInstallation

TASKS = 10_000
POLLS = 400
_ADMIN, _PASSWORD = "boss", "bench-only"
_PAGE = 50


async def backlog(url: str, home: Path) -> dict[str, float]:
    """Return how the admin's list answers over HTTP, and what the processes' memory does."""
    with LocalInstallation(home, {"TRANSFERAPP_DATABASE_URL": url}) as installation:
        await installation.add_people(_PASSWORD)
        people = Administration(home / "data" / "server" / "repository")
        await people.add_experimenter(_ADMIN, "Boss", _PASSWORD, is_admin=True)
        await asyncio.to_thread(installation.start, "server")
        installation.start("worker", wait=False)
        async with open_queue(url, {"bench": 4}) as queue:
            await queue.pause_resource("bench", paused=True)
            await enqueue(queue, 100, "bench", "early")
            before = await _poll(installation)
            await enqueue(queue, TASKS - 100, "bench", "late")
            after = await _poll(installation)
            await asyncio.sleep(10.0)
            stage_later = _memory(installation)
    return {
        f"API list of {TASKS} tasks, {_PAGE} a page, p99 (ms)": after["p99"],
        "API list of 100 tasks, p99 (ms)": before["p99"],
        "server memory with 100 tasks (MB)": before["server"],
        f"server memory with {TASKS} tasks (MB)": max(after["server"], stage_later["server"]),
        "worker memory with 100 tasks (MB)": before["worker"],
        f"worker memory with {TASKS} tasks (MB)": max(after["worker"], stage_later["worker"]),
    }


def _memory(installation: LocalInstallation) -> dict[str, float]:
    return {
        name: round(psutil.Process(installation.pid(name)).memory_info().rss / 1e6, 1)
        for name in ("server", "worker")
    }


async def _poll(installation: LocalInstallation) -> dict[str, float]:
    """Page through the list again and again; the first pages warm the server up."""
    async with await installation.sign_in(_ADMIN, _PASSWORD) as server:
        headers = {"authorization": f"Bearer {server.token}"}
    times: list[float] = []
    after = ""
    async with httpx.AsyncClient(base_url=installation.url, headers=headers) as client:
        for number in range(POLLS):
            began = time.perf_counter()
            answer = await client.get(
                "/v1/admin/tasks", params={"limit": _PAGE, "after": after}
            )
            took = time.perf_counter() - began
            page = answer.raise_for_status().json()
            if number >= POLLS // 10:
                times.append(took)
            after = page[-1]["id"] if len(page) == _PAGE else ""
    return {"p99": p99_ms(times), **_memory(installation)}
