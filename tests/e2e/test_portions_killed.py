"""A large image that two workers convert in portions, one of them killed, in both repositories
and on both databases.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import zarr

from tests.support.installation import PASSWORD, USERNAME
from tests.support.portioned_export import (
    ENVIRONMENT,
    REGION,
    SHAPE,
    WORKERS,
    PortionedExport,
    large_tiff,
    waited,
    with_a_region,
)
from tests.support.postgres import PostgresServer, postgres_server
from transferapp.model.transfers import ItemState
from transferapp.sandbox.installation_repositories import (
    InstallationRepository,
    SandboxRepository,
    running_sandbox,
)
from transferapp.sandbox.local_installation import LocalInstallation

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

#: Shards of the image, each a portion.
COUNT = 36


def _installed(
    folder: Path, url: str, repository: InstallationRepository | None = None
) -> Iterator[PortionedExport]:
    more = {"TRANSFERAPP_DATABASE_URL": url} if url else {}
    with LocalInstallation(folder / "i", {**ENVIRONMENT, **more}, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        yield PortionedExport(installation, folder / "i" / "data" / "server", url)


#: Each repository and each database once; the other pairs are for the long runs.
PAIRS = (
    "embedded-postgres",
    "omero-sqlite",
    pytest.param("embedded-sqlite", marks=pytest.mark.chaos),
    pytest.param("omero-postgres", marks=pytest.mark.chaos),
)


@pytest.fixture(params=PAIRS)
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PortionedExport]:
    repository, _, database = request.param.partition("-")
    url = ""
    if database == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    if repository == "embedded":
        yield from _installed(tmp_path, url)
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(tmp_path / "omero", PASSWORD) as sandbox:
        yield from _installed(tmp_path, url, sandbox)


async def test_what_is_made_is_not_made_again(export: PortionedExport, tmp_path: Path) -> None:
    """Killed in the middle of a portion, the other worker makes that one and the rest; the
    bytes are those of a conversion in one go.
    """
    (tmp_path / "run").mkdir()
    installation = export.installation
    installation.start("server")
    image_id = await export.imported(large_tiff(tmp_path / "run" / "large.tif"))
    for name in WORKERS:
        installation.start(name, wait=False)
    asked = await export.asked(image_id)
    durable = await export.kill_in_the_middle(WORKERS[1], after=4)
    before = export.made()
    assert 4 <= len(before) < COUNT, "nothing was in the middle of anything"
    ended = await export.reached(asked, ItemState.READY, ItemState.FAILED)
    [item] = ended.items
    assert item.state is ItemState.READY, item
    made = export.made()
    assert set(made.values()) == {1}, "a portion was made twice"
    assert len(made) >= COUNT - 1, "the one that was killed may have told nobody"
    after = export.marks(item.id)
    assert durable
    assert {name: after[name] for name in durable} == durable, "a file was made again"
    assert {file.client_path for file in ended.files} == after.keys()

    installation.stop(WORKERS[0])
    installation.environment["TRANSFERAPP_PORTION_PIXELS"] = str(1 << 30)
    installation.start(WORKERS[0], wait=False)
    again = await export.reached(await export.asked(image_id), ItemState.READY)
    whole = export.published(again.items[0].id)
    assert export.published(item.id) == whole
    assert sum(export.made().values()) == sum(made.values()), "it was divided after all"
    hashes = [{file.client_path: file.sha1 for file in one.files} for one in (ended, again)]
    assert hashes[0] == hashes[1]


async def test_a_cancelled_export_leaves_nothing(
    export: PortionedExport, tmp_path: Path
) -> None:
    """While both workers are in the middle of a portion."""
    (tmp_path / "run").mkdir()
    installation = export.installation
    installation.start("server")
    image_id = await export.imported(large_tiff(tmp_path / "run" / "large.tif"))
    for name in WORKERS:
        installation.start(name, wait=False)
    asked = await export.asked(image_id)
    until = asyncio.get_running_loop().time() + 60
    while len(export.made()) < 3:
        assert asyncio.get_running_loop().time() < until, installation.tail("worker")
        await asyncio.sleep(0.02)
    async with await installation.sign_in(USERNAME, PASSWORD) as server:
        await server.cancel(asked)
    await export.reached(asked, ItemState.CANCELLED)
    await asyncio.to_thread(
        waited,
        lambda: not list((export.data / "prepared").iterdir()),
        "what was made is still there",
    )
    for name in WORKERS:
        installation.stop(name)
    assert not list((export.data / "prepared").iterdir())
    assert len(export.made()) < COUNT


def drawn_in_omero(repository: SandboxRepository, image_id: int) -> None:
    """Draw a rectangle of REGION as alice."""
    from tests.support.omero_rois import save_roi, shape  # noqa: PLC0415 - needs omero-py
    from tests.support.omero_sandbox_env import gateway  # noqa: PLC0415

    sides = dict(zip(("x", "y", "width", "height"), map(float, REGION), strict=True))
    with gateway(repository.sandbox, USERNAME, "ssl", PASSWORD) as conn:
        save_roi(conn.getUpdateService(), image_id, "a nucleus", [shape("Rectangle", **sides)])


@pytest.mark.parametrize(
    "export",
    ["embedded-postgres", pytest.param("omero-sqlite", marks=pytest.mark.chaos)],
    indirect=True,
)
async def test_labels_are_made_with_the_last_portion(
    export: PortionedExport, tmp_path: Path
) -> None:
    """The label image of a large one, made by the task that ends it, is that of a conversion
    in one go.
    """
    (tmp_path / "run").mkdir()
    installation = export.installation
    installation.start("server")
    source = large_tiff(tmp_path / "run" / "large.tif")
    repository = installation.repository
    if isinstance(repository, SandboxRepository):
        image_id = await export.imported(source)
        await asyncio.to_thread(drawn_in_omero, repository, image_id)
    else:
        image_id = await export.imported(with_a_region(source))
    for name in WORKERS:
        installation.start(name, wait=False)
    asked = await export.asked(image_id, with_annotations=True)
    ready = await export.reached(asked, ItemState.READY, ItemState.FAILED)
    assert len(export.made()) == COUNT, "it was not divided"
    for name in WORKERS:
        installation.stop(name)
    installation.environment["TRANSFERAPP_PORTION_PIXELS"] = str(1 << 30)
    installation.start(WORKERS[0], wait=False)
    again = await export.reached(
        await export.asked(image_id, with_annotations=True), ItemState.READY
    )
    made, whole = (export.published(one.items[0].id) for one in (ready, again))
    assert sum(export.made().values()) == COUNT, "it was divided again"
    assert made.keys() == whole.keys()
    labels = {name for name in made if "/labels/" in name}
    assert {name: made[name] for name in labels} == {name: whole[name] for name in labels}
    [store] = (export.data / "prepared" / ready.items[0].id).rglob("*.ome.zarr")
    x, y, width, height = REGION
    pixels: Any = zarr.open_array(store / "labels" / "rois" / "0", mode="r")[...]
    found = pixels.reshape(-1, *SHAPE[1:])
    assert (found[:, y : y + height, x : x + width] == 1).all()
    assert int((found != 0).sum()) == found.shape[0] * width * height
