"""OMERO's import queue is silent: the worker sees it, the server in its process tells it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    OmeroWorkerEnv,
    hand_in,
    in_states,
    noise,
    omero_env,
    until,
)
from transferapp.model.containers import ContainerKind
from transferapp.model.transfers import ItemState


@pytest.fixture
def env(tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path) as running:
        running.installation.start("worker", wait=False)
        yield running


@pytest.mark.slow
async def test_server_reports_what_the_worker_process_sees(
    env: OmeroWorkerEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In this process, the server's; the worker goes by its own.
    monkeypatch.setattr("transferapp.repositories.heartbeat.SILENT_AFTER", timedelta(seconds=4))
    heard: list[tuple[str, str]] = []
    async with env.server() as server, httpx.AsyncClient(base_url=server.url) as http:

        async def repository(state: str) -> bool:
            answer = (await http.get("/healthz", timeout=20)).json()
            heard.append((answer["status"], answer["repository"]["state"]))
            heard_details.append(answer["repository"]["detail"])
            return heard[-1][1] == state

        heard_details: list[str] = []
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "Silent")
        env.sandbox.control("busy_queue", on=True)
        handed = await hand_in(client, dataset.ref, [noise(1), noise(2)])
        assert await repository("progressing")
        await until(lambda: repository("silent"), env.installation.tail("worker"))
        assert heard[-1] == ("degraded", "silent")
        assert (
            "OMERO answers, but its imports (2) give no sign of life since"
            in (heard_details[-1])
        )
        assert "UTC: waiting in OMERO's own queue." in heard_details[-1]
        env.sandbox.control("busy_queue", on=False)
        await until(lambda: in_states(server, [handed], ItemState.IMPORTED), "imported")
        assert await repository("progressing")
