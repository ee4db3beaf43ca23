"""OMERO takes connections and says nothing: the server says so, before its clients give up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import OmeroWorkerEnv, omero_env
from tests.support.rest_server import PASSWORD, RestServer
from transferapp.client.connection import PATIENCE_S
from transferapp.client.server import ServerClient
from transferapp.errors import RepositoryUnavailable, TransferAppError
from transferapp.model.containers import ContainerKind
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.repositories.omero.settings import OmeroSettings

#: Seconds; so that the test need not wait for as long as a person would.
ANSWER_S = 1.5


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OmeroWorkerEnv]:
    monkeypatch.setenv("TRANSFERAPP_OMERO_ANSWER_TIMEOUT_S", str(ANSWER_S))
    with omero_env(tmp_path) as running:
        yield running


@pytest.fixture
async def server(env: OmeroWorkerEnv) -> AsyncIterator[RestServer]:
    async with env.server() as running:
        yield running


def test_all_that_waits_for_one_answer_is_within_a_clients_patience() -> None:
    """The question whether a session lives may come behind a call that holds all threads."""
    settings = OmeroSettings(host="omero.example.org")
    people = settings.for_people()
    assert people.call_timeout_s + people.alive_timeout_s < PATIENCE_S
    assert people.call_timeout_s < settings.call_timeout_s
    short = settings.model_copy(update={"call_timeout_s": 3.0})
    assert short.for_people().call_timeout_s == 3.0


async def answer(
    client: ServerClient, target: str, number: int
) -> tuple[TransferAppError, float]:
    """Browse, look at oneself, or hand in an import; return what comes of it, and when."""
    began = time.monotonic()
    item = NewItem(name="a.tif", files=[NewFile(client_path="a.tif", size_bytes=9)])
    request = ImportRequest(name="run", target=target, items=[item])
    calls: list[Callable[[], Awaitable[object]]] = [
        client.identity,
        client.containers,
        lambda: client.submit_import(request),
        lambda: client.create_container(ContainerKind.DATASET, "Tuesday"),
    ]
    with pytest.raises(TransferAppError) as caught:
        await calls[number % len(calls)]()
    return caught.value, time.monotonic() - began


async def test_everybody_is_told_in_time(env: OmeroWorkerEnv, server: RestServer) -> None:
    for name in ("dora", "emma"):
        env.sandbox.control("add_user", name=name, password=PASSWORD, groups=["lab"])
    dora, emma = await server.signed_in("dora"), await server.signed_in("emma")
    dataset = await dora.create_container(ContainerKind.DATASET, "Monday")
    await emma.containers()
    env.sandbox.control("freeze")
    try:
        for _ in range(2):
            answers = await asyncio.gather(
                *(answer(dora if n % 3 else emma, str(dataset.ref), n) for n in range(12)),
            )
            for error, after_s in answers:
                assert isinstance(error, RepositoryUnavailable), error
                assert "OMERO took too long to answer" in error.message
                assert after_s < 2 * ANSWER_S
        began = time.monotonic()
        with pytest.raises(RepositoryUnavailable, match="OMERO took too long"):
            await server.signed_in("dora")
        assert time.monotonic() - began < 3 * ANSWER_S
    finally:
        env.sandbox.control("thaw")
    assert await dora.containers()
