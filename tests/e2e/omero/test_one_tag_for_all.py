"""A transfer's tag is one tag in OMERO, however many of its items end at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_sandbox_env import gateway
from tests.support.omero_worker_env import (
    OmeroWorkerEnv,
    hand_in,
    in_states,
    noise,
    omero_env,
    until,
)
from tests.support.rest_server import PASSWORD, RestServer
from transferapp.model.containers import ContainerKind
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.transfers import ItemState

pytestmark = pytest.mark.slow

TAG = Annotation(AnnotationKind.TAG, value="one for all")
ITEMS = 3
LINKED = (
    "select l.child.id from ImageAnnotationLink l, TagAnnotation t"
    " where t.id = l.child.id and t.textValue = 'one for all'"
)
MADE = "select t.id from TagAnnotation t where t.textValue = 'one for all'"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path_factory.mktemp("tags")) as running:
        running.installation.start("worker", wait=False)
        yield running


@pytest.fixture
async def server(env: OmeroWorkerEnv) -> AsyncIterator[RestServer]:
    async with env.server() as running:
        yield running


async def test_items_that_end_together_share_a_new_tag(
    env: OmeroWorkerEnv, server: RestServer
) -> None:
    control = env.sandbox.control
    control("add_user", name="dora", password=PASSWORD, groups=["lab"])
    dora = await server.signed_in("dora")
    dataset = await dora.create_container(ContainerKind.DATASET, "Monday")
    # The first that makes the tag is stopped before OMERO has it; the others come up to it.
    control("hold", place="IUpdate.saveAndReturnIds")
    handed = await hand_in(dora, dataset.ref, [noise(n) for n in range(ITEMS)], [TAG])
    held = await asyncio.to_thread(control, "held", seconds=25)
    assert held["held"], env.installation.tail("worker")
    await asyncio.sleep(5)
    control("let_go")

    async def imported() -> bool:
        return await in_states(server, [handed], ItemState.IMPORTED)

    await until(imported, f"all is imported: {env.installation.tail('worker')}")
    with gateway(env.sandbox, "root", "ssl", "omero") as root:
        root.SERVICE_OPTS.setOmeroGroup(-1)
        query = root.getQueryService()
        linked, made = (
            [row[0].val for row in query.projection(hql, None, root.SERVICE_OPTS)]
            for hql in (LINKED, MADE)
        )
    assert len(made) == 1
    assert linked == made * ITEMS
