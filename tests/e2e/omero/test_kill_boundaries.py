"""kill -9 of the worker, of OMERO, of both, at each boundary of an import's steps.

The sandbox holds the one call at which the blow falls, before it is done or done and not
answered: so nothing depends on timing, and a blow that meets nothing fails the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_worker_env import (
    HUMAN,
    OmeroWorkerEnv,
    assert_arrived,
    assert_clean,
    hand_in,
    noise,
    omero_env,
    states_seen,
    until,
)
from tests.support.rest_server import RestServer
from transferapp.model.containers import ContainerKind
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.transfers import TransferDetails
from transferapp.taskqueue.port import Task, TaskState

#: Three blocks of an upload, and a bit.
EDGE = 1800
NOTE = Annotation(AnnotationKind.TAG, value="killed")
HELD_WITHIN_S = 25


@dataclass(frozen=True)
class Boundary:
    """A call between worker and OMERO, in the step that the queue shows just then."""

    step: str
    place: str
    done: bool = False
    number: int = 1
    #: Count only from when this call is done.
    since: str = ""

    @override
    def __str__(self) -> str:
        when = "done" if self.done else "before"
        return f"{self.step}-{self.place.strip('.')}{self.number}-{when}".replace(" ", "")


RESERVED = Boundary("reserve", ".importFileset", done=True)
HALF_SENT = Boundary("store", "RawFileStore.write", number=3)
IMAGES_MADE = Boundary("register", "import step 2")
PIXELS_TIED = Boundary("register", "import step 3")
ALL = (
    Boundary("reserve", ".importFileset"),
    RESERVED,
    Boundary("store", "RawFileStore.write"),
    HALF_SENT,
    Boundary("store", "RawFileStore.write", done=True, number=5),
    Boundary("store", "RawFileStore.close"),
    Boundary("store", "RawFileStore.close", done=True),
    Boundary("verify", ".projection", number=2, since="RawFileStore.close"),
    Boundary("verify", ".projection", done=True, number=5, since="RawFileStore.close"),
    Boundary("register", "ImportProcess.verifyUpload"),
    Boundary("register", "ImportProcess.verifyUpload", done=True),
    Boundary("register", "import step 1"),
    IMAGES_MADE,
    PIXELS_TIED,
    Boundary("register", "import step 5"),
    Boundary("register", "Handle.close", done=True),
    # Linking and annotating.
    Boundary("register", "RawPixelsStore.setPixelsId"),
    Boundary("register", "ImportProcess.close", done=True),
    Boundary("register", ".saveAndReturnIds"),
    Boundary("register", ".saveAndReturnIds", done=True),
    Boundary("reconcile", ".projection", number=2, since=".saveAndReturnIds"),
    Boundary("reconcile", ".projection", done=True, number=4, since=".saveAndReturnIds"),
)
VICTIMS = (("worker",), ("omero",), ("worker", "omero"))


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path_factory.mktemp("boundaries")) as running:
        running.installation.start("worker", wait=False)
        yield running


async def control(env: OmeroWorkerEnv, command: str, **values: object) -> dict[str, object]:
    return await asyncio.to_thread(env.sandbox.control, command, **values)


async def held(env: OmeroWorkerEnv, place: str) -> None:
    answer = await control(env, "held", seconds=HELD_WITHIN_S)
    assert answer["held"], f"{place} was never reached: {env.installation.tail('worker')}"


async def strike(env: OmeroWorkerEnv, boundary: Boundary, victims: tuple[str, ...]) -> None:
    """Kill while the call is held, and start again what was killed."""
    if "worker" in victims:
        env.installation.kill("worker")
    if "omero" in victims:
        await asyncio.to_thread(env.sandbox.restart)
    else:
        # Whatever was not done when the worker died never came to OMERO; an import that is
        # running there goes on without it.
        calls = not boundary.place.startswith("import step")
        await control(env, "let_go", refused=calls and not boundary.done)
    if "worker" in victims:
        env.installation.start("worker", wait=False)


async def struck(
    env: OmeroWorkerEnv, server: RestServer, boundary: Boundary, victims: tuple[str, ...]
) -> Task:
    """Import one image through the blow, check everything, and return its task."""
    before = (await control(env, "status"))["counts"]
    assert isinstance(before, dict)
    client = await server.signed_in("alice")
    dataset = await client.create_container(ContainerKind.DATASET, str(boundary))
    content = noise(before["Image"], EDGE)
    first = Boundary("", boundary.since, done=True) if boundary.since else boundary
    await control(env, "hold", place=first.place, done=first.done, number=first.number)
    handed = await hand_in(client, dataset.ref, [content], [NOTE])
    await hold_on(env, boundary)
    met = await server.parts.queue.get(handed.items[0].id)
    assert (met.state, met.step) == (TaskState.RUNNING, boundary.step)

    await strike(env, boundary, victims)
    await until(lambda: is_done(server, handed), f"imported after {boundary}")
    await assert_arrived(env, "alice", dataset.ref, [content])
    assert_clean(env, before["Image"] + 1)
    (image,) = (await client.images(dataset.ref)).items
    assert (await client.image(image.id)).annotations == (NOTE,)
    assert await states_seen(server) & HUMAN == set()
    return await server.parts.queue.get(handed.items[0].id)


async def hold_on(env: OmeroWorkerEnv, boundary: Boundary) -> None:
    """Wait until the worker is held at the boundary."""
    if boundary.since:
        await held(env, boundary.since)
        await control(
            env, "hold", place=boundary.place, done=boundary.done, number=boundary.number
        )
    await held(env, boundary.place)


async def is_done(server: RestServer, handed: TransferDetails) -> bool:
    return (await server.parts.queue.get(handed.items[0].id)).state is TaskState.DONE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("boundary", "victims"),
    [(RESERVED, ("worker",)), (HALF_SENT, ("omero",)), (IMAGES_MADE, ("worker", "omero"))],
    ids=str,
)
async def test_killed_at_a_boundary(
    env: OmeroWorkerEnv, boundary: Boundary, victims: tuple[str, ...]
) -> None:
    async with env.server() as server:
        task = await struck(env, server, boundary, victims)
    assert task.crashes == (1 if "worker" in victims else 0)


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["tcp", "wss"])
async def test_killed_over_other_transports(tmp_path: Path, transport: str) -> None:
    """The others go over ssl."""
    with omero_env(tmp_path, transport) as env:
        env.installation.start("worker", wait=False)
        async with env.server() as server:
            await struck(env, server, IMAGES_MADE, ("worker",))


@pytest.mark.chaos
@pytest.mark.parametrize("victims", VICTIMS, ids="+".join)
@pytest.mark.parametrize("boundary", ALL, ids=str)
async def test_killed_at_every_boundary(
    env: OmeroWorkerEnv, boundary: Boundary, victims: tuple[str, ...]
) -> None:
    async with env.server() as server:
        await struck(env, server, boundary, victims)
