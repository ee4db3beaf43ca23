"""convert-image with the real ledger, store and repository; the form is a plain one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import tifffile

from tests.support.import_env import OWNER, ImportEnv
from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.port import ShareListener
from transferapp.errors import ChecksumMismatch, NoSuchFile, RepositoryUnavailable
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import NewTransfer, PlannedItem
from transferapp.model.export_places import ImageLocation, ItemPlace, PlacedImage, WellField
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.operations.convert_image import ConvertImage, convert_image_kind
from transferapp.operations.exports import export_task
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.operations.transfers import TransferControl
from transferapp.repositories.local.reading.images import LocalImages
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach
from transferapp.worker.leftovers import discard_prepared

PIXELS = np.arange(3 * 40 * 50, dtype=np.uint16).reshape(3, 40, 50)


class PlainForm:
    """Writes each plane as it is."""

    damages = False
    positions_um: ClassVar[list[tuple[float | None, float | None]]] = []

    async def write(self, image: CutImage, folder: Path, listener: ShareListener) -> None:
        self.positions_um.append(image.position_um)
        for c in range(image.size_c):
            plane = await image.read(Block(0, c, 0, 0, 0, image.size_y, image.size_x))
            np.save(folder / f"{image.name} {c}.npy", plane)
            listener((c + 1) / image.size_c)

    def portions(self, _: CutImage, __: int) -> None:
        return None

    async def verify(self, _: CutImage, __: Path, listener: ShareListener) -> None:
        listener(1.0)
        if self.damages:
            raise ChecksumMismatch


class Env(ImportEnv):
    """An import house with a queue, and one image in it."""

    queue: MemoryTaskQueue
    image_id: int

    async def fill(self, folder: Path) -> None:
        """Import one image."""
        path = folder / "cells.tif"
        tifffile.imwrite(path, PIXELS, photometric="minisblack", metadata={"axes": "CYX"})
        made = await self.add_import([path])
        task = import_task(made.transfer.id, made.items[0].id, OWNER)
        await self.queue.enqueue(task)
        await reach(self.queue, task.id, TaskState.DONE)
        [self.image_id] = (await self.ledger.work(made.items[0].id)).item.image_ids

    async def export(
        self,
        cut: Cut | None = None,
        image_id: int = 0,
        *,
        annotated: bool = False,
        place: ItemPlace | None = None,
    ) -> TransferDetails:
        """Ask for the image in the plain form."""
        added = await self.ledger.add(
            NewTransfer(
                kind=TransferKind.EXPORT,
                name="export",
                owner=OWNER,
                request_key=f"export {cut} {image_id} {annotated}",
                items=(PlannedItem("cells", (), (image_id or self.image_id,), place=place),),
                export=ExportSpec(ExportForm.PNG, cut, annotated),
            )
        )
        await self.queue.enqueue(export_task(added.transfer, added.items[0].id))
        return added

    async def ended(self, added: TransferDetails, *states: TaskState) -> TransferDetails:
        """Wait until its task has ended and its owner was told."""
        item_id = added.items[0].id
        await reach(self.queue, item_id, *states)
        if (run := self.queue.entry(item_id).run) is not None:
            await run
        return await self.ledger.details(added.transfer.id)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    for name in ("house", "in"):
        (tmp_path / name).mkdir()
    env = Env(tmp_path / "house")
    await env.open()
    env.queue = MemoryTaskQueue()
    quick = RetryPolicy(max_attempts=3, first_delay_s=0.02, factor=1.0)
    kinds = [
        import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock()),
        convert_image_kind(
            env.ledger, env.prepared, env.repository, {ExportForm.PNG: PlainForm}, retry=quick
        ),
    ]
    worker = MemoryTaskWorker(env.queue, kinds)
    await worker.start()
    await env.fill(tmp_path / "in")
    yield env
    await worker.stop()
    await env.close()


async def test_a_form_is_told_where_the_stage_was(env: Env) -> None:
    well = WellField(0, 0, 0, x_um=1500.0, y_um=None)
    lies = ImageLocation(env.image_id, (), well)
    place = ItemPlace(images=(PlacedImage(env.image_id, "cells", (lies,)),))
    PlainForm.positions_um.clear()
    await env.ended(await env.export(place=place), TaskState.DONE)
    assert PlainForm.positions_um == [(1500.0, None)]


async def test_the_files_of_a_cut_are_ready(env: Env) -> None:
    cut = Cut(y=Span(10, 20), x=Span(5, 30), channels=(2, 0))
    details = await env.ended(await env.export(cut), TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    assert details.transfer.form == "png"
    assert [file.client_path for file in details.files] == [
        "cells.tif 0.npy",
        "cells.tif 1.npy",
    ]
    for file, c in zip(details.files, cut.channels, strict=True):
        made = np.load(await env.prepared.path(file.item_id, file.client_path))
        np.testing.assert_array_equal(made, PIXELS[c, 10:30, 5:35])
    assert all(file.sha1 for file in details.files)


async def test_what_is_known_of_it_lies_beside_it(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rois(_: Any, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        assert (image_id, limit > 0) == (env.image_id, True)
        shape = Shape(4, ShapeKind.POINT, ((12.0, 15.0),), c=2)
        return [] if after else [Roi(3, (shape,), "a cell")]

    monkeypatch.setattr(LocalImages, "rois", rois)
    cut = Cut(y=Span(10, 20), x=Span(5, 30), channels=(2, 0))
    details = await env.ended(await env.export(cut, annotated=True), TaskState.DONE)
    files = {file.client_path: file for file in details.files}
    assert list(files) == [
        "cells.json",
        "cells.rois.csv",
        "cells.tif 0.npy",
        "cells.tif 1.npy",
    ]
    item_id = details.items[0].id
    made = await env.prepared.path(item_id, "cells.json")
    document = json.loads(made.read_bytes())
    assert document["repository"]["image_id"] == env.image_id
    [shape] = document["rois"][0]["shapes"]
    assert (shape["x"], shape["y"], shape["c"]) == (7, 5, 0)
    table = (await env.prepared.path(item_id, "cells.rois.csv")).read_text("utf-8-sig")
    assert table.splitlines()[1].startswith("3,4,point,a cell,")


@pytest.mark.export_bad_input
async def test_a_cut_outside_says_what_is_there(env: Env) -> None:
    details = await env.ended(await env.export(Cut(y=Span(30, 20))), TaskState.DEAD)
    [item] = details.items
    assert item.state is ItemState.FAILED
    assert item.trouble is not None
    assert "has 40 rows" in item.trouble.message
    assert await env.prepared.ids() == []


@pytest.mark.export_bad_input
async def test_an_image_that_is_gone_fails(env: Env) -> None:
    details = await env.ended(await env.export(image_id=999), TaskState.DEAD)
    assert details.items[0].state is ItemState.FAILED


async def test_an_outage_waits_and_goes_on(env: Env) -> None:
    env.faults["session"] = [RepositoryUnavailable("gone")]
    details = await env.ended(await env.export(), TaskState.DONE)
    assert details.items[0].state is ItemState.READY


@pytest.mark.export_bad_input
async def test_what_is_read_back_otherwise_asks_a_person(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainForm, "damages", True)
    details = await env.ended(await env.export(), TaskState.DEAD)
    assert details.items[0].state is ItemState.NEEDS_ATTENTION
    assert await env.prepared.ids() == []


async def test_a_cancelled_export_leaves_nothing(env: Env) -> None:
    details = await env.ended(await env.export(), TaskState.DONE)
    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.cancel(OWNER, details.transfer.id)
    assert await env.prepared.ids() == []
    with pytest.raises(NoSuchFile):
        await env.prepared.path(details.items[0].id, details.files[0].client_path)


async def test_a_task_that_runs_again_leaves_what_is_ready(env: Env) -> None:
    """As after kill -9 between the last move of the item and the end of the task."""
    details = await env.ended(await env.export(), TaskState.DONE)
    [item], file = details.items, details.files[0]
    kind = convert_image_kind(env.ledger, env.prepared, env.repository, {})
    again: Any = None  # nothing is asked of the context
    await kind.handler(again, ConvertImage(transfer_id=details.transfer.id, item_id=item.id))
    assert (await env.prepared.path(item.id, file.client_path)).is_file()


async def test_the_sweep_takes_only_what_is_over(env: Env) -> None:
    kept = await env.ended(await env.export(), TaskState.DONE)
    over = await env.ended(await env.export(Cut(channels=(1,))), TaskState.DONE)
    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.cancel(OWNER, over.transfer.id)
    (await env.prepared.begin(over.items[0].id)).joinpath("late").touch()
    assert await discard_prepared(env.ledger, env.prepared) == 1
    assert await env.prepared.ids() == [kept.items[0].id]
