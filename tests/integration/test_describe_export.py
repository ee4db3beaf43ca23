"""describe-export with the real ledger, store and repository: killed, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typing_extensions import override

from tests.support.import_env import OWNER, ImportEnv
from tests.support.rest_uploads import PlainContext
from transferapp.archive.lines import ArchiveLine, ContainerLine, EndLine, ImageLine, Line
from transferapp.archive.nouns import annotations_of, rois_of
from transferapp.archive.reading import archive_lines
from transferapp.errors import ImageNotFound, PermissionDenied, RepositoryUnavailable
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import NewTransfer, PlannedItem
from transferapp.model.containers import ContainerKind
from transferapp.model.export_places import PlacedImage
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.operations import archive_lines as lines_made, describe_export, read_rois
from transferapp.operations.archives import archive_item
from transferapp.operations.describe_export import DescribeExport, describe_export_kind
from transferapp.operations.exports import export_item_task
from transferapp.operations.import_fileset import ImportFileset, import_fileset_kind
from transferapp.operations.transfers import TransferControl
from transferapp.repositories.local.reading.descriptions import LocalDescriptions
from transferapp.repositories.local.reading.images import LocalImages
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.queue_journal import reach

TAG = Annotation(AnnotationKind.TAG, value="red")


class Killed(BaseException):
    """The worker is gone, as by kill -9."""


class Doomed(PlainContext):
    """A worker that is killed before, or in the middle of, its n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    @override
    async def step(
        self, name: str, function: Callable[..., Awaitable[Any]], *arguments: Any
    ) -> Any:
        if not self.left:
            raise Killed
        self.left -= 1
        return await function(*arguments)


class Env(ImportEnv):
    """Five images of ada, two of them in a page."""

    image_ids: tuple[int, ...] = ()

    async def fill(self, folder: Path) -> None:
        kind = import_fileset_kind(self.ledger, self.staging, self.repository, SystemClock())
        for number in range(5):
            path = folder / f"cells {number}.tif"
            tifffile.imwrite(path, np.full((8, 9), number, np.uint8))
            made = await self.add_import([path])
            wanted = ImportFileset(transfer_id=made.transfer.id, item_id=made.items[0].id)
            await kind.handler(PlainContext(), wanted)
            self.image_ids += (await self.ledger.item(made.items[0].id)).image_ids
        async with self.repository.session(OWNER) as session:
            await session.images.annotate({self.image_ids[0]: [TAG]})
            await session.containers.create(ContainerKind.PROJECT, "Empty")

    async def archive(self, lone: Sequence[int] = (), asked_by: str = "") -> TransferDetails:
        with_files = [one for one in self.image_ids if one not in lone]
        items = [PlannedItem(f"image {one}", (), (one,)) for one in with_files]
        async with self.repository.session(OWNER) as session:
            found = await session.images.summaries(lone)
        known = {one.id: PlacedImage(one.id, one.name) for one in found}
        return await self.ledger.add(
            NewTransfer(
                kind=TransferKind.EXPORT,
                name="All of ada",
                owner=OWNER,
                request_key=f"archive {lone}",
                items=(*items, archive_item(lone, known)),
                asked_by=asked_by,
            )
        )

    def kind(self) -> Any:
        quick = RetryPolicy(max_attempts=3, first_delay_s=0.02, factor=1.0)
        return describe_export_kind(
            self.ledger, self.prepared, self.repository, SystemClock(), retry=quick
        )

    async def describe(self, details: TransferDetails, context: Any = None) -> None:
        """Run the task as a worker that has just started."""
        wanted = DescribeExport(transfer_id=details.transfer.id, item_id=details.items[-1].id)
        await self.kind().handler(context or PlainContext(), wanted)

    async def lines(self, details: TransferDetails) -> list[Line]:
        path = await self.prepared.path(details.items[-1].id, "archive.jsonl")
        return list(archive_lines(path))


@pytest.fixture
async def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Env]:
    for module in (lines_made, describe_export):
        monkeypatch.setattr(module, "AT_ONCE", 2)
    for name in ("house", "in"):
        (tmp_path / name).mkdir()
    env = Env(tmp_path / "house")
    await env.open()
    await env.fill(tmp_path / "in")
    yield env
    await env.close()


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The images that were described, as often as they were."""
    found: list[int] = []
    whole = LocalDescriptions.images

    async def images(self: LocalDescriptions, image_ids: Sequence[int]) -> Any:
        found.extend(image_ids)
        return await whole(self, image_ids)

    monkeypatch.setattr(LocalDescriptions, "images", images)
    return found


async def test_all_is_described(env: Env) -> None:
    details = await env.archive(lone=env.image_ids[3:4])
    await env.describe(details)
    [*items, described] = (await env.ledger.details(details.transfer.id)).items
    assert (described.state, described.file_count) == (ItemState.READY, 1)
    head, *lines, end = await env.lines(details)
    assert isinstance(head, ArchiveLine)
    assert (head.id, head.owner.full_name) == (details.transfer.id, "Ada Lovelace")
    boxes = [line for line in lines if isinstance(line, ContainerLine)]
    assert [(one.ref.partition(":")[0], one.name) for one in boxes] == [
        ("Project", "Empty"),
        ("Dataset", "Monday"),
    ]
    images = [line for line in lines if isinstance(line, ImageLine)]
    assert [one.id for one in images] == list(env.image_ids)
    with_files = [one for one in images if not one.without_originals]
    assert [one.item for one in with_files] == [item.id for item in items]
    assert (images[3].item, images[3].without_originals) == ("", True)
    assert images[0].sizes == {"t": 1, "c": 1, "z": 1, "y": 8, "x": 9}
    assert annotations_of(images[0].annotations) == (TAG,)
    assert {one.containers for one in images} == {(boxes[1].ref,)}
    assert end == EndLine(containers=2, images=5, items=4)


@pytest.mark.parametrize("steps", [0, 2, 4])
async def test_killed_between_steps_nothing_comes_twice(
    env: Env, described: list[int], steps: int
) -> None:
    """Also where the queue has lost every checkpoint."""
    details = await env.archive()
    with pytest.raises(Killed):
        await env.describe(details, Doomed(steps))
    await env.describe(details)
    images = [one for one in await env.lines(details) if isinstance(one, ImageLine)]
    assert [one.id for one in images] == list(env.image_ids)
    assert sorted(described) == list(env.image_ids), "no page is made again"


async def test_killed_within_a_page(env: Env, monkeypatch: pytest.MonkeyPatch) -> None:
    details = await env.archive()
    with monkeypatch.context() as patched:

        async def killed(_: Any, image_id: int, *, after: int = 0, limit: int = 100) -> Any:
            assert (after, limit > 0) == (0, True)
            if image_id == env.image_ids[3]:
                raise Killed
            return []

        patched.setattr(LocalImages, "rois", killed)
        with pytest.raises(Killed):
            await env.describe(details)
    await env.describe(details)
    images = [one for one in await env.lines(details) if isinstance(one, ImageLine)]
    assert [one.id for one in images] == list(env.image_ids)


async def test_pages_that_are_gone_are_made_again(env: Env) -> None:
    """The queue does not repeat the steps that it has."""
    details = await env.archive()
    with pytest.raises(Killed):
        await env.describe(details, Doomed(4))
    await env.prepared.discard(details.items[-1].id)

    class Replayed(PlainContext):
        @override
        async def step(self, *_: Any) -> Any:
            return True

    await env.describe(details, Replayed())
    assert len(await env.lines(details)) == 1 + 2 + 5 + 1


async def test_rois_come_as_far_as_there_is_room(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(roi_id: int, count: int) -> Roi:
        shapes = (Shape(n, ShapeKind.POINT, ((1.0, 2.0),)) for n in range(count))
        return Roi(roi_id, tuple(shapes), "cells", not_understood=roi_id - 1)

    async def rois(_: Any, image_id: int, *, after: int = 0, limit: int = 100) -> list[Roi]:
        assert limit > 0
        mine = [drawn(1, 2), drawn(2, 9), drawn(3, 1)] if image_id == env.image_ids[1] else []
        return [one for one in mine if one.id > after]

    monkeypatch.setattr(LocalImages, "rois", rois)
    monkeypatch.setattr(read_rois, "MOST_SHAPES", 5)
    details = await env.archive()
    await env.describe(details)
    images = {one.id: one for one in await env.lines(details) if isinstance(one, ImageLine)}
    found = images[env.image_ids[1]]
    assert [(roi.id, len(roi.shapes)) for roi in rois_of(found)] == [(1, 2), (3, 1)]
    # One ROI is too large, and three shapes are of unknown kinds.
    assert found.rois_left_out == 1 + 3
    assert images[env.image_ids[0]].rois == ()


async def test_an_image_that_is_gone_has_its_line(
    env: Env, monkeypatch: pytest.MonkeyPatch
) -> None:
    details = await env.archive()
    async with env.repository.session(OWNER) as session:
        await session.images.delete(env.image_ids[:1])

    async def rois(_: Any, image_id: int, **__: Any) -> list[Roi]:
        if image_id == env.image_ids[1]:
            raise ImageNotFound
        return []

    monkeypatch.setattr(LocalImages, "rois", rois)
    await env.describe(details)
    images = [one for one in await env.lines(details) if isinstance(one, ImageLine)]
    assert [one.id for one in images] == list(env.image_ids)
    assert ["deleted" in one.problem for one in images] == [True, True, False, False, False]
    assert all(one.item for one in images)


async def test_outage_waits_then_it_goes_on(env: Env) -> None:
    queue = MemoryTaskQueue()
    worker = MemoryTaskWorker(queue, [env.kind()])
    await worker.start()
    details = await env.archive()
    env.faults["session"] = [RepositoryUnavailable()]
    task = export_item_task(details.transfer, details.items[-1])
    assert task.kind == "describe-export"
    await queue.enqueue(task)
    await reach(queue, task.id, TaskState.DONE)
    states = [event.state for event in await env.ledger.events(OWNER, 0)]
    assert ItemState.WAITING in states
    assert len(await env.lines(details)) == 1 + 2 + 5 + 1
    control = TransferControl(env.ledger, queue, env.staging, env.prepared)
    await control.cancel(OWNER, details.transfer.id)
    assert await env.prepared.ids() == []
    await worker.stop()


async def test_who_may_not_act_for_her_any_more_gets_nothing(env: Env) -> None:
    details = await env.archive(asked_by="somebody")
    with pytest.raises(PermissionDenied):
        await env.describe(details)
