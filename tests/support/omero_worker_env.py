"""A sandbox, a server on it in this process, and what an import must come to in the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
import tifffile
from typing_extensions import override

from tests.support.rest_server import PASSWORD, RestServer, rest_server
from tests.support.rest_uploads import sha1_of, upload
from transferapp.client.server import ServerClient
from transferapp.host.clock import Clock, SystemClock
from transferapp.host.paths import HOME_VARIABLE
from transferapp.model.containers import ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.transfers import ItemState, TransferDetails, TransferItem
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.installation_repositories import SandboxRepository, running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.taskqueue.port import Task
from transferapp.testing.repository_env import whole

#: Where an item waits for a person, or is lost.
HUMAN = frozenset({ItemState.NEEDS_ATTENTION, ItemState.FAILED, ItemState.CANCELLED})


class AheadClock(Clock):
    """Runs like the computer's clock, and can be moved on."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    @override
    def now(self) -> datetime:
        return SystemClock().now() + self._ahead

    def advance(self, **by: float) -> None:
        """Move on, as in ``advance(hours=10)``."""
        self._ahead += timedelta(**by)


@dataclass
class OmeroWorkerEnv:
    """A running sandbox, and the stage for a worker process beside it."""

    repository: SandboxRepository
    installation: LocalInstallation
    data: Path

    @property
    def sandbox(self) -> RunningSandbox:
        """OMERO."""
        return self.repository.sandbox

    @asynccontextmanager
    async def server(self) -> AsyncIterator[RestServer]:
        """Serve from this event loop, on the stage's database."""
        async with rest_server(self.data, with_people=False) as running:
            yield running

    @property
    def staged(self) -> list[str]:
        """Files that are left in staging."""
        return [p.name for p in (self.data / "staging").rglob("*") if p.is_file()]


@contextmanager
def omero_env(folder: Path, transport: str = "ssl") -> Iterator[OmeroWorkerEnv]:
    """Run a sandbox; server and worker find it, and the database, by the environment."""
    data, home = folder / "data", folder / "home"
    with (
        pytest.MonkeyPatch.context() as patch,
        running_sandbox(folder / "omero", PASSWORD, transport) as repository,
        LocalInstallation(home, {"TRANSFERAPP_DATA": str(data)}, repository) as installation,
    ):
        named = {"TRANSFERAPP_DATA": str(data), HOME_VARIABLE: str(home)}
        for name, value in (repository.environment | named).items():
            patch.setenv(name, value)
        yield OmeroWorkerEnv(repository, installation, data)


def noise(number: int, edge: int = 64) -> bytes:
    """Return a TIFF image unlike all others."""
    plane = np.random.default_rng(number).integers(0, 4096, (edge, edge), dtype=np.uint16)
    made = BytesIO()
    tifffile.imwrite(made, plane)
    return made.getvalue()


async def hand_in(
    client: ServerClient,
    target: ContainerRef,
    contents: Sequence[bytes],
    notes: Sequence[Annotation] = (),
    *,
    names: Sequence[str] = (),
) -> TransferDetails:
    """Submit an import of one-file items and upload and seal all of them."""
    named = names or [f"field-{sha1_of(content)[:8]}.tif" for content in contents]
    items = [
        NewItem(name=name, files=[NewFile(client_path=f"run/{name}", size_bytes=len(content))])
        for name, content in zip(named, contents, strict=True)
    ]
    request = ImportRequest(
        name="run", target=str(target), items=items, annotations=list(notes)
    )
    accepted = await client.submit_import(request)
    transfer_id = accepted.details.transfer.id
    by_path = dict(zip((item.files[0].client_path for item in items), contents, strict=True))
    async with (
        httpx.AsyncClient(base_url=client.base_url, timeout=60) as http,
        ServerClient(client.base_url, accepted.grant) as agent,
    ):
        for file in accepted.details.files:
            body = by_path[file.client_path]
            sha1 = await upload(http, accepted.grant, transfer_id, file, body)
            await agent.seal(transfer_id, file.id, sha1)
    return await client.transfer(transfer_id, files=True)


async def until(holds: Callable[[], Awaitable[bool]], what: str, within_s: float = 60) -> None:
    """Wait until something holds; raises AssertionError that names it."""
    end = time.monotonic() + within_s
    while not await holds():
        assert time.monotonic() < end, f"not within {within_s:.0f} s: {what}"
        await asyncio.sleep(0.05)


async def all_tasks(server: RestServer) -> list[Task]:
    """Return all import tasks of the queue."""
    tasks: list[Task] = []
    while page := await server.parts.queue.tasks(
        after=tasks[-1].id if tasks else "", limit=200
    ):
        tasks += page
    return [task for task in tasks if task.kind == "import-fileset"]


async def in_states(
    server: RestServer, transfers: Sequence[TransferDetails], *states: ItemState
) -> bool:
    """Say whether every item is in one of the states."""
    for one in transfers:
        found = await server.parts.ledger.details(one.transfer.id)
        if any(item.state not in states for item in found.items):
            return False
    return True


async def states_seen(server: RestServer) -> set[str]:
    """Return every state that any item ever was in."""
    seen: set[str] = set()
    after = 0
    while events := await server.parts.ledger.events(None, after):
        seen |= {event.state for event in events if event.item_id}
        after = events[-1].id
    return seen


async def asked(
    server: RestServer, handed: TransferDetails, within_s: float = 60
) -> TransferItem:
    """Wait until a person is asked about the only item, and return it with its problem."""
    found: list[TransferItem] = []

    async def is_asked() -> bool:
        found[:] = (await server.parts.ledger.details(handed.transfer.id)).items
        return found[0].state is ItemState.NEEDS_ATTENTION

    await until(is_asked, "a person is asked", within_s)
    return found[0]


async def assert_arrived(
    env: OmeroWorkerEnv, username: str, target: ContainerRef, contents: Sequence[bytes]
) -> None:
    """Every content is one image of one fileset, byte for byte, and nothing else is there."""
    repository = env.repository.open()
    try:
        async with repository.session(username) as session:
            assert await _held(session, target) == Counter(map(sha1_of, contents))
    finally:
        await repository.close()


async def _held(session: RepositorySession, target: ContainerRef) -> Counter[str]:
    """Count the images by the SHA-1 of the bytes that OMERO gives back for them."""
    counted: Counter[str] = Counter()
    for image in await session.images.find(target, limit=1000):
        (file,) = (await session.images.get(image.id)).files
        counted[sha1_of(await whole(session, file.id))] += 1
    return counted


def assert_clean(env: OmeroWorkerEnv, images: int) -> None:
    """No fileset without images, no import left open, no staged file left, nothing deleted
    under an import, and no note of one.
    """
    assert env.sandbox.control("offences")["offences"] == []
    notes = env.data / "repository" / "omero-imports"
    assert not notes.exists() or list(notes.iterdir()) == []
    status = env.sandbox.control("status")
    assert status["counts"]["Image"] == images
    assert status["counts"]["Fileset"] == images
    assert status["imports"] == 0
    assert env.staged == []
