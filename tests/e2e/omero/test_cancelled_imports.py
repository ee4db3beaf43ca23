"""Cancelled imports into OMERO, where not all can be taken away: it is told once, in words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

import omero

from tests.support.omero_sandbox_env import gateway, wait_for
from tests.support.omero_worker_env import (
    OmeroWorkerEnv,
    asked,
    hand_in,
    noise,
    omero_env,
    until,
)
from tests.support.rest_server import PASSWORD, RestServer
from transferapp.model.containers import ContainerKind
from transferapp.model.transfers import ItemState, TransferDetails, TransferItem
from transferapp.taskqueue.port import TaskState

pytestmark = pytest.mark.slow

#: docs/omero.md, section 4.
BY_KEY = (
    "select l.parent.id from FilesetAnnotationLink l, CommentAnnotation a"
    " where a.id = l.child.id and a.ns = 'transferapp/key' and a.textValue = '{key}'"
)


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OmeroWorkerEnv]:
    with omero_env(tmp_path_factory.mktemp("cancelled")) as running:
        running.installation.start("worker", wait=False)
        yield running


@pytest.fixture
async def server(env: OmeroWorkerEnv) -> AsyncIterator[RestServer]:
    async with env.server() as running:
        yield running


def counts(env: OmeroWorkerEnv) -> tuple[int, int]:
    """Return how many filesets and images OMERO has."""
    found = env.sandbox.control("status")["counts"]
    return found["Fileset"], found["Image"]


async def reported(
    env: OmeroWorkerEnv, server: RestServer, handed: TransferDetails
) -> TransferItem:
    """Wait for the words about a cancelled import's only item."""
    found: list[TransferItem] = []

    async def has_note() -> bool:
        found[:] = (await server.parts.ledger.details(handed.transfer.id)).items
        return bool(found[0].note)

    await until(has_note, f"it is told: {env.installation.tail('worker')}")
    assert found[0].state is ItemState.CANCELLED
    return found[0]


async def test_the_account_was_closed_meanwhile(
    env: OmeroWorkerEnv, server: RestServer
) -> None:
    control = env.sandbox.control
    control("add_user", name="dora", password=PASSWORD, groups=["lab"])
    dora = await server.signed_in("dora")
    dataset = await dora.create_container(ContainerKind.DATASET, "Monday")
    filesets, images = counts(env)
    control("hold", place="RawFileStore.close")
    handed = await hand_in(dora, dataset.ref, [noise(1)])
    item_id = handed.items[0].id
    held = await asyncio.to_thread(control, "held", seconds=25)
    assert held["held"], env.installation.tail("worker")
    control("leave_group", name="dora", group="user")
    await dora.cancel(handed.transfer.id)
    control("let_go")

    item = await reported(env, server, handed)
    assert "OMERO may still hold a fileset of it, without images" in item.note
    assert f"its key is {item_id}" in item.note
    assert env.staged == []
    # Said once: nobody cleans up a second time, and nothing fails.
    assert (await server.parts.queue.get(item_id)).state is TaskState.CANCELLED
    log = (env.installation.logs / "worker.log").read_text()
    assert log.count("may have left a fileset without images") == 1
    assert "account 'dora' is closed" in log
    assert "could not be told" not in log

    # What the administrator is told to do.
    assert counts(env) == (filesets + 1, images)
    with gateway(env.sandbox, "root", "ssl", "omero") as root:
        root.SERVICE_OPTS.setOmeroGroup(-1)
        query = root.getQueryService()
        rows = query.projection(BY_KEY.format(key=item_id), None, root.SERVICE_OPTS)
        ((found,),) = rows
        request = omero.cmd.Delete2(targetObjects={"Fileset": [found.val]})
        wait_for(root.c.sf.submit(request, {"omero.group": "-1"}))
    assert counts(env) == (filesets, images)


async def test_images_without_a_dataset_are_reported(
    env: OmeroWorkerEnv, server: RestServer
) -> None:
    """What is no plate was sent into a screen: OMERO has made images, which have no place."""
    alice = await server.signed_in("alice")
    screen = await alice.create_container(ContainerKind.SCREEN, "Plates")
    handed = await hand_in(alice, screen.ref, [noise(2)])
    assert "is no plate" in str((await asked(server, handed)).trouble)
    before = counts(env)
    await alice.cancel(handed.transfer.id)

    item = await reported(env, server, handed)
    (image_id,) = item.image_ids
    assert item.note == (
        "Imported before you cancelled, and in OMERO without a place"
        f" ('Plates' does not hold them): 1 image with the id {image_id}. Move them into a"
        " dataset, or delete what you do not want."
    )
    assert (await alice.image(image_id)).summary.id == image_id, "never deleted by a cancel"
    assert counts(env) == before
    assert env.staged == []


async def test_cancelled_while_omero_links_them(
    env: OmeroWorkerEnv, server: RestServer
) -> None:
    """The images are there already, in the dataset, when Cancel is pressed."""
    alice = await server.signed_in("alice")
    dataset = await alice.create_container(ContainerKind.DATASET, "Wrong")
    env.sandbox.control("hold", place="RawPixelsStore.setPixelsId")
    handed = await hand_in(alice, dataset.ref, [noise(3)])
    held = await asyncio.to_thread(env.sandbox.control, "held", seconds=25)
    assert held["held"], env.installation.tail("worker")
    await alice.cancel(handed.transfer.id)
    env.sandbox.control("let_go")
    item = await reported(env, server, handed)
    (image,) = (await alice.images(dataset.ref)).items
    assert item.image_ids == (image.id,)
    assert f"still in 'Wrong': 1 image with the id {image.id}." in item.note
    assert env.staged == []
