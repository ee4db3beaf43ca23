"""convert-image and convert-portion together: what fails, waits, is retried, is cancelled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from typing_extensions import override

from tests.integration.test_convert_image import PIXELS, Env, PlainForm
from tests.support.import_env import OWNER
from transferapp.conversion.cut_image import Block, CutImage
from transferapp.conversion.port import MadeFile, Portions, ShareListener
from transferapp.errors import (
    ChecksumMismatch,
    ImageNotFound,
    Internal,
    PermissionDenied,
    RepositoryUnavailable,
    TransferAppError,
)
from transferapp.host.clock import SystemClock
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import ItemState
from transferapp.operations.convert_image import convert_image_kind
from transferapp.operations.convert_portion import convert_portion_kind
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.transfers import TransferControl
from transferapp.taskqueue.port import RetryPolicy, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker

CHANNELS = len(PIXELS)


class ByChannel:
    """A plane is a portion."""

    count = CHANNELS

    def __init__(self, form: PortionedForm, image: CutImage) -> None:
        self._form, self._image = form, image

    async def begin(self, files: Path) -> None:
        (files / "planes").mkdir()

    async def write(
        self, number: int, files: Path, notes: Path, listener: ShareListener
    ) -> Mapping[str, MadeFile]:
        self._form.tries[number] += 1
        if failures := self._form.failures.get(number):
            raise failures.pop(0)
        size = self._image.size_y, self._image.size_x
        plane = await self._image.read(Block(0, number, 0, 0, 0, *size))
        np.save(files / "planes" / f"{number}.npy", plane)
        (notes / f"mean{number}").write_text(str(float(plane.mean())))
        self._form.made[number] += 1
        listener(1.0)
        written = (files / "planes" / f"{number}.npy").stat().st_size
        return {f"planes/{number}.npy": MadeFile(written, f"told {number}")}

    async def finish(self, files: Path, notes: Path, listener: ShareListener) -> None:
        if self._form.at_the_end:
            raise self._form.at_the_end.pop(0)
        means = [float((notes / f"mean{n}").read_text()) for n in range(CHANNELS)]
        (files / "means.json").write_text(json.dumps(means))
        listener(1.0)


class PortionedForm(PlainForm):
    """Writes a large image plane by plane; counts, and fails on demand."""

    def __init__(self) -> None:
        self.tries: Counter[int] = Counter()
        self.made: Counter[int] = Counter()
        self.failures: dict[int, list[TransferAppError]] = {}
        self.at_the_end: list[TransferAppError] = []

    @override
    def portions(self, image: CutImage, _: int) -> Portions:  # type: ignore[override]
        return ByChannel(self, image)


class PortionEnv(Env):
    form: PortionedForm

    async def retried(self, transfer_id: str) -> None:
        control = TransferControl(self.ledger, self.queue, self.staging, self.prepared)
        await control.retry(OWNER, transfer_id)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[PortionEnv]:
    for name in ("house", "in"):
        (tmp_path / name).mkdir()
    env = PortionEnv(tmp_path / "house")
    await env.open()
    env.queue, env.form = MemoryTaskQueue(), PortionedForm()
    quick = RetryPolicy(max_attempts=3, first_delay_s=0.02, factor=1.0)
    forms: dict[ExportForm, Callable[[], PortionedForm]] = {ExportForm.PNG: lambda: env.form}
    parts = (env.ledger, env.prepared, env.repository, forms)
    kinds = [
        import_fileset_kind(env.ledger, env.staging, env.repository, SystemClock()),
        convert_image_kind(*parts, portion_pixels=100, retry=quick),
        convert_portion_kind(*parts, retry=quick),
    ]
    worker = MemoryTaskWorker(env.queue, kinds)
    await worker.start()
    await env.fill(tmp_path / "in")
    yield env
    await worker.stop()
    await env.close()


async def test_portions_and_the_rest_are_published_together(env: PortionEnv) -> None:
    """What a portion hashed is not read again."""
    details = await env.ended(await env.export(), TaskState.DONE)
    [item] = details.items
    assert item.state is ItemState.READY
    hashes = {file.client_path: file.sha1 for file in details.files}
    assert hashes.keys() == {"means.json", *(f"planes/{n}.npy" for n in range(CHANNELS))}
    assert all(hashes[f"planes/{n}.npy"] == f"told {n}" for n in range(CHANNELS))
    for number in range(CHANNELS):
        path = await env.prepared.path(item.id, f"planes/{number}.npy")
        np.testing.assert_array_equal(np.load(path), PIXELS[number])
    assert set(env.form.made.values()) == {1}


async def test_an_outage_of_one_portion_costs_the_others_nothing(env: PortionEnv) -> None:
    env.form.failures[1] = [RepositoryUnavailable("gone")]
    details = await env.ended(await env.export(), TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    assert env.form.made == dict.fromkeys(range(CHANNELS), 1)
    assert env.form.tries[1] == 2


async def test_a_portion_that_fails_tells_the_item_and_a_retry_makes_only_that_one(
    env: PortionEnv,
) -> None:
    env.form.failures[2] = [PermissionDenied("Not any more.")]
    added = await env.export()
    details = await env.ended(added, TaskState.DEAD)
    [item] = details.items
    assert item.state is ItemState.NEEDS_ATTENTION
    assert item.trouble is not None
    assert "Not any more." in item.trouble.message
    await env.retried(details.transfer.id)
    details = await env.ended(added, TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    assert env.form.made == dict.fromkeys(range(CHANNELS), 1)


async def test_where_the_image_is_gone_nothing_stays(env: PortionEnv) -> None:
    """A retry makes all of it, should it be there again."""
    env.form.at_the_end = [ImageNotFound("It is gone.")]
    added = await env.export()
    details = await env.ended(added, TaskState.DEAD)
    assert details.items[0].state is ItemState.FAILED
    assert await env.prepared.ids() == []
    await env.retried(details.transfer.id)
    details = await env.ended(added, TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    assert env.form.made == dict.fromkeys(range(CHANNELS), 2)


async def test_what_is_damaged_at_the_end_is_made_anew(env: PortionEnv) -> None:
    """By itself, and all of it: any portion may be the reason."""
    env.form.at_the_end = [ChecksumMismatch("It is damaged.")]
    details = await env.ended(await env.export(), TaskState.DONE)
    assert details.items[0].state is ItemState.READY
    assert env.form.made == dict.fromkeys(range(CHANNELS), 2)


async def test_an_error_at_the_end_keeps_the_portions(env: PortionEnv) -> None:
    env.form.at_the_end = [Internal("a defect")]
    added = await env.export()
    details = await env.ended(added, TaskState.DEAD)
    assert details.items[0].state is ItemState.NEEDS_ATTENTION
    await env.retried(details.transfer.id)
    details = await env.ended(added, TaskState.DONE)
    assert env.form.made == dict.fromkeys(range(CHANNELS), 1)


async def test_a_cancelled_export_leaves_nothing(env: PortionEnv) -> None:
    """While a portion waits for the repository."""
    env.form.failures[0] = [PermissionDenied("Not any more.")]
    added = await env.export()
    details = await env.ended(added, TaskState.DEAD)
    control = TransferControl(env.ledger, env.queue, env.staging, env.prepared)
    await control.cancel(OWNER, details.transfer.id)
    assert await env.prepared.ids() == []
    [item] = (await env.ledger.details(details.transfer.id)).items
    assert item.state is ItemState.CANCELLED
