"""kill -9 of the worker, or of OMERO, while single images are given their values: each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from io import BytesIO

import httpx
import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import OmeroWorkerEnv, omero_env, until
from tests.support.rest_server import RestServer
from tests.support.rest_uploads import upload
from transferapp.client.server import ServerClient
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.image_annotations import ImageAnnotations
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.transfers import TransferItem
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.repositories.omero.session import OmeroSession
from transferapp.taskqueue.port import TaskState

HELD_WITHIN_S = 25
SAVE = ".saveAndReturnIds"
IMAGES = 5


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path_factory.mktemp("annotating")) as made:
        made.installation.start("worker", wait=False)
        yield made


async def control(env: OmeroWorkerEnv, command: str, **values: object) -> dict[str, object]:
    return await asyncio.to_thread(env.sandbox.control, command, **values)


def values(tag: str, number: int) -> tuple[Annotation, ...]:
    pairs = (("field", str(number)), ("stain", "DAPI"))
    return (
        Annotation(AnnotationKind.TAG, value=tag),
        Annotation(AnnotationKind.KEY_VALUE, pairs=pairs),
    )


def several_images(seed: int) -> bytes:
    made = BytesIO()
    with tifffile.TiffWriter(made, ome=True) as writer:
        for number in range(IMAGES):
            plane = np.full((8, 9), seed + number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number + 1}"})
    return made.getvalue()


async def hand_in(client: ServerClient, target: Container, content: bytes) -> TransferItem:
    """Import one file of some images, each with values of its own."""
    single = [ImageAnnotations(f"#{n + 1}", values(target.name, n)) for n in range(IMAGES)]
    files = [NewFile(client_path="run/run.ome.tif", size_bytes=len(content))]
    item = NewItem(name="run.ome.tif", files=files, image_annotations=single)
    request = ImportRequest(name="run", target=str(target.ref), items=[item])
    accepted = await client.submit_import(request)
    transfer_id = accepted.details.transfer.id
    [file] = accepted.details.files
    async with (
        httpx.AsyncClient(base_url=client.base_url, timeout=60) as http,
        ServerClient(client.base_url, accepted.grant) as agent,
    ):
        sha1 = await upload(http, accepted.grant, transfer_id, file, content)
        await agent.seal(transfer_id, file.id, sha1)
    return accepted.details.items[0]


async def links(env: OmeroWorkerEnv, image_ids: list[int]) -> tuple[int, int]:
    """Count the links to annotations, and the annotations: our lists show equal ones once."""
    hql = "select l.id, l.child.id from ImageAnnotationLink l where l.parent.id in (:ids)"
    repository = env.repository.open()
    try:
        async with repository.session("alice") as session:
            assert isinstance(session, OmeroSession)
            context = session._omero_session
            rows = await context.run(partial(context.rows, hql, ids=image_ids))
    finally:
        await repository.close()
    return len(rows), len({child for _, child in rows})


async def is_done(server: RestServer, item: TransferItem) -> bool:
    return (await server.parts.queue.get(item.id)).state is TaskState.DONE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "done", "victim"),
    [(1, True, "worker"), (2, False, "worker"), (2, True, "worker"), (2, True, "omero")],
)
async def test_killed_while_annotating(
    env: OmeroWorkerEnv, number: int, victim: str, *, done: bool
) -> None:
    """The first thing that is saved in this step is the tag, the second all links at once."""
    async with env.server() as server:
        client = await server.signed_in("alice")
        name = f"Monday {victim} {number} {done}"
        dataset = await client.create_container(ContainerKind.DATASET, name)
        before = (await control(env, "status"))["counts"]
        assert isinstance(before, dict)
        await control(env, "hold", place=SAVE, done=done, number=number)
        content = several_images(before["Image"])
        item = await hand_in(client, dataset, content)
        answer = await control(env, "held", seconds=HELD_WITHIN_S)
        assert answer["held"], f"nothing was saved: {env.installation.tail('worker')}"
        met = await server.parts.queue.get(item.id)
        assert (met.state, met.step) == (TaskState.RUNNING, "annotate")
        if victim == "worker":
            env.installation.kill("worker")
            await control(env, "let_go", refused=not done)
            env.installation.start("worker", wait=False)
        else:
            await asyncio.to_thread(env.sandbox.restart)
        await until(lambda: is_done(server, item), f"imported after {name}", 120)
        images = (await client.images(dataset.ref)).items
        assert len(images) == IMAGES
        for place, image in enumerate(images):
            found = (await client.image(image.id)).annotations
            assert sorted(map(str, found)) == sorted(map(str, values(name, place)))
        assert await links(env, [image.id for image in images]) == (2 * IMAGES, 1 + IMAGES)
        [done_item] = (await client.transfer(item.transfer_id)).items
        assert (done_item.verified, done_item.note) == (True, "")
