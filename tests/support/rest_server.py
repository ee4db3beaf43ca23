"""A whole server on a free port: real SQLite, staging, local repository and uvicorn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from transferapp.client.server import ServerClient
from transferapp.host.paths import private_folder
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.operations.notifications import NotificationRounds
from transferapp.protocol.messages import Accepted, ImportRequest, NewFile, NewItem
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.server.app import create_app
from transferapp.server.parts import Parts
from transferapp.server.serving import ApiServer, listen
from transferapp.server.settings import ServerSettings
from transferapp.server.wiring import open_parts

PASSWORD = "correct horse"
GROUP = "lab"
PEOPLE = ("ada", "bob")


@dataclass
class RestServer:
    """A running server and what a test may ask of it."""

    url: str
    app: FastAPI
    parts: Parts
    server: ApiServer
    serving: asyncio.Task[None]
    clients: list[ServerClient] = field(default_factory=list)

    def client(self, token: str | None = None) -> ServerClient:
        """Return a client that is closed at the end."""
        client = ServerClient(self.url, token)
        self.clients.append(client)
        return client

    async def signed_in(self, username: str = "ada") -> ServerClient:
        """Return a client of a person."""
        client = self.client()
        await client.sign_in(username, PASSWORD)
        return client

    async def stop(self) -> None:
        """Stop as a signal does; twice is fine."""
        self.server.should_exit = True
        await self.serving


@asynccontextmanager
async def rest_server(
    folder: Path, *, port: int = 0, with_people: bool = True
) -> AsyncIterator[RestServer]:
    """Serve from this event loop; ``ada`` and ``bob`` are in one group, data is private."""
    settings = ServerSettings(data=folder, port=port, name="Test")
    if with_people:
        await add_people(settings.repository_folder)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    with listen("127.0.0.1", port) as listener:
        async with open_parts(settings) as parts:
            app = create_app(parts)
            server = ApiServer(app, listener, ready.set_result)
            serving = asyncio.create_task(server.run_until_stopped())
            url = await asyncio.wait_for(ready, 10)
            running = RestServer(url, app, parts, server, serving)
            try:
                yield running
            finally:
                for client in running.clients:
                    await client.aclose()
                await running.stop()


async def add_people(repository_folder: Path) -> None:
    """Make the accounts and their group."""
    private_folder(repository_folder.parent)
    people = Administration(private_folder(repository_folder))
    await people.add_group(GROUP, GroupPermissions.PRIVATE)
    for username in PEOPLE:
        await people.add_experimenter(username, username.title(), PASSWORD)
        await people.add_member(username, GROUP)


async def new_dataset(client: ServerClient, name: str = "Kidney") -> Container:
    """Make a dataset."""
    return await client.create_container(ContainerKind.DATASET, name)


def manifest(target: Container, *sizes: int, name: str = "Cells") -> ImportRequest:
    """Return a request for one item with files of these sizes."""
    files = [NewFile(client_path=f"cells/{n}.tif", size_bytes=s) for n, s in enumerate(sizes)]
    items = [NewItem(name=name, files=files)]
    return ImportRequest(name=name, target=str(target.ref), items=items)


async def submitted(client: ServerClient, *sizes: int) -> Accepted:
    """Submit an import of one item into a new dataset."""
    return await client.submit_import(manifest(await new_dataset(client), *sizes))


def notification_rounds(server: RestServer) -> NotificationRounds:
    """Return the worker's rounds that fill inboxes; the test runs each."""
    parts = server.parts
    engine = parts.inbox._engine  # type: ignore[attr-defined]
    deliveries = SqlDeliveries(engine, parts.clock)
    preferences = SqlPreferenceStore(engine, parts.clock)
    return NotificationRounds(parts.ledger, deliveries, preferences, parts.queue, 60.0)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RestServer]:
    async with rest_server(tmp_path) as running:
        yield running


@pytest.fixture
async def http(server: RestServer) -> AsyncIterator[httpx.AsyncClient]:
    hooks = {"response": [_has_each_once]}
    async with httpx.AsyncClient(base_url=server.url, event_hooks=hooks) as client:
        yield client


async def _has_each_once(answer: httpx.Response) -> None:
    """No answer of ours has a header, or a value in a list, twice."""
    names = [name.lower() for name, _ in answer.headers.raw]
    assert len(names) == len(set(names)), names
    for name in ("vary", "cache-control", "allow"):
        values = answer.headers.get_list(name, split_commas=True)
        assert len(values) == len(set(values)), f"{answer.url}: {name}: {values}"
