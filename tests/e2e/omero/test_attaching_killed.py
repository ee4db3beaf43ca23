"""kill -9 of the worker, or of OMERO, while files are attached for a person: each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import OmeroWorkerEnv, omero_env, until
from tests.support.rest_server import RestServer, manifest
from tests.support.rest_uploads import sha1_of, upload
from transferapp.client.attachments import AttachmentsClient
from transferapp.client.server import ServerClient
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.transfers import TransferItem
from transferapp.protocol.messages import NewFile
from transferapp.taskqueue.port import TaskState

HELD_WITHIN_S = 25
NOTES = {f"run/note {n}.txt": f"note {n}\n".encode() * 1000 for n in range(3)}


@pytest.fixture
def env(tmp_path: Path) -> Iterator[OmeroWorkerEnv]:
    """A sandbox and a worker; the server is the test's own."""
    with omero_env(tmp_path) as made:
        made.installation.start("worker", wait=False)
        yield made


async def control(env: OmeroWorkerEnv, command: str, **values: object) -> dict[str, object]:
    return await asyncio.to_thread(env.sandbox.control, command, **values)


async def hand_in_notes(client: ServerClient, target: Container) -> TransferItem:
    """Ask for an import with notes; of the image nothing is sent, so that it stays away."""
    files = [NewFile(client_path=p, size_bytes=len(c)) for p, c in NOTES.items()]
    request = manifest(target, 5).model_copy(update={"attachments": files})
    accepted = await client.submit_import(request)
    transfer_id = accepted.details.transfer.id
    async with (
        httpx.AsyncClient(base_url=client.base_url, timeout=60) as http,
        ServerClient(client.base_url, accepted.grant) as agent,
    ):
        for file in accepted.details.files[1:]:
            body = NOTES[file.client_path]
            sha1 = await upload(http, accepted.grant, transfer_id, file, body)
            await agent.seal(transfer_id, file.id, sha1)
    return accepted.details.items[-1]


async def is_done(server: RestServer, item: TransferItem) -> bool:
    return (await server.parts.queue.get(item.id)).state is TaskState.DONE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "number", "done", "victim"),
    [
        (".saveAndReturnIds", 1, True, "worker"),
        ("RawFileStore.save", 1, False, "worker"),
        (".saveAndReturnIds", 4, True, "worker"),
        ("RawFileStore.write", 4, False, "omero"),
    ],
)
async def test_killed_while_attaching(
    env: OmeroWorkerEnv, place: str, number: int, victim: str, *, done: bool
) -> None:
    async with env.server() as server:
        client = await server.signed_in("alice")
        dataset = await client.create_container(ContainerKind.DATASET, "Monday")
        await control(env, "hold", place=place, number=number, done=done)
        item = await hand_in_notes(client, dataset)
        held = await control(env, "held", seconds=HELD_WITHIN_S)
        assert held["held"], f"{place} was never reached: {env.installation.tail('worker')}"
        met = await server.parts.queue.get(item.id)
        assert (met.state, met.kind) == (TaskState.RUNNING, "attach-files")
        if victim == "worker":
            env.installation.kill("worker")
            await control(env, "let_go", refused=not done)
            env.installation.start("worker", wait=False)
        else:
            await asyncio.to_thread(env.sandbox.restart)
        await until(lambda: is_done(server, item), f"attached after {place} {number}", 120)
        async with AttachmentsClient(client.base_url, client.token) as attachments:
            found = await attachments.attachments(dataset.ref)
        expected = {path: sha1_of(content) for path, content in NOTES.items()}
        assert {one.client_path: one.sha1 for one in found} == expected
        assert len(found) == len(NOTES), "each once"
        assert {one.owner for one in found} == {"alice"}, "hers, though an importer acted"
        details = await client.transfer(item.transfer_id)
        assert (details.items[-1].verified, details.transfer.attached) == (True, len(NOTES))
        await until(lambda: asyncio.sleep(0, not env.staged), "the staging is empty")
