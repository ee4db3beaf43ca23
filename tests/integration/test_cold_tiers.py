"""Exports of originals that lie on a tape: the real ledger, repository and program; the queue
is in memory.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.import_env import OWNER, ImportEnv
from tests.support.tape import Tape
from transferapp.conversion.forms import FORMS
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.ledger.port import ItemChange, NewTransfer, PlannedItem
from transferapp.model.export_specs import ExportForm, ExportSpec
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.operations.convert_image import convert_image_kind
from transferapp.operations.exports import export_task
from transferapp.operations.from_archive import ArchivedFiles, once_online
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.operations.prepare_export import prepare_export_kind
from transferapp.taskqueue.port import NewTask, RetryPolicy, TaskState
from transferapp.testing.memory_queue import MemoryTaskQueue, MemoryTaskWorker
from transferapp.testing.moves import PUT
from transferapp.testing.queue_journal import reach
from transferapp.tier_errors import InArchive
from transferapp.tiers.wiring import open_tiers

CELL = resource("sample-data", "png-cells") / "cell.png"
QUICK = RetryPolicy(max_attempts=400, first_delay_s=0.05, factor=1.0)


class Env(ImportEnv):
    """Three images whose files a test puts on a tape."""

    queue: MemoryTaskQueue
    worker: MemoryTaskWorker
    tape: Tape
    image_ids: list[int]
    paths: list[str]

    async def start(self) -> None:
        """Begin to work; a second time as after a restart."""
        archived = ArchivedFiles(
            self.ledger,
            self.repository,
            lambda: asyncio.to_thread(open_tiers, self.tape.settings),
            answer_s=0.01,
        )
        kinds = [
            import_fileset_kind(self.ledger, self.staging, self.repository, SystemClock()),
            once_online(
                prepare_export_kind(self.ledger, self.repository, SystemClock()), archived
            ),
            once_online(
                convert_image_kind(self.ledger, self.prepared, self.repository, FORMS),
                archived,
            ),
        ]
        quick = [replace(kind, retry=QUICK) for kind in kinds]
        self.worker = MemoryTaskWorker(self.queue, quick)
        await self.worker.start()

    async def fill(self) -> None:
        """Import three images."""
        self.image_ids = []
        for number in range(3):
            copy = self.folder / f"cell {number}.png"
            await asyncio.to_thread(shutil.copyfile, CELL, copy)
            made = await self.add_import([copy])
            item_id = made.items[0].id
            await self.queue.enqueue(import_task(made.transfer.id, item_id, OWNER))
            await reach(self.queue, item_id, TaskState.DONE)
            self.image_ids += (await self.ledger.item(item_id)).image_ids
        async with self.repository.session(OWNER) as session:
            self.paths = [one.path for one in await session.images.paths(self.image_ids)]
        assert len(self.paths) == 3

    async def export(self, form: ExportForm = ExportForm.ORIGINALS) -> TransferDetails:
        """Ask for all images."""
        added = await self.ledger.add(
            NewTransfer(
                kind=TransferKind.EXPORT,
                name="export",
                owner=OWNER,
                request_key=form,
                items=tuple(PlannedItem("cell", (), (one,)) for one in self.image_ids),
                export=ExportSpec(form),
            )
        )
        for item in added.items:
            await self.queue.enqueue(self.task(added, item.id))
        return added

    def task(self, details: TransferDetails, item_id: str) -> NewTask:
        return export_task(details.transfer, item_id)

    async def check_again(self, details: TransferDetails) -> None:
        """Do not wait until those that wait are due; returns when they have looked."""
        for item in details.items:
            # The ledger may say that it waits before its task does.
            task = await reach(self.queue, item.id, TaskState.WAITING, TaskState.DONE)
            if task.state is TaskState.WAITING:
                await self.queue.pause(item.id)
                await self.queue.resume(item.id)
                await reach(self.queue, item.id, TaskState.WAITING, TaskState.DONE)

    async def until(self, details: TransferDetails, *states: ItemState) -> list[str]:
        """Wait until the items are in these states; returns the messages of their problems."""
        async with asyncio.timeout(60):
            while True:
                items = (await self.ledger.details(details.transfer.id)).items
                if [item.state for item in items] == list(states):
                    return [one.trouble.message if one.trouble else "" for one in items]
                await asyncio.sleep(0.02)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Env]:
    env = Env(tmp_path)
    await env.open()
    env.queue = MemoryTaskQueue()
    env.tape = Tape(tmp_path / "archive")
    await env.start()
    await env.fill()
    yield env
    await env.worker.stop()
    await env.close()


@pytest.mark.parametrize("form", [ExportForm.ORIGINALS, ExportForm.OME_TIFF])
async def test_all_files_are_asked_for_once_and_waited_for(env: Env, form: ExportForm) -> None:
    waiting, ready = ItemState.WAITING, ItemState.READY
    for path in env.paths[1:]:
        env.tape.put(path, "offline", 18_000)
    details = await env.export(form)
    sentences = await env.until(details, ready, waiting, waiting)
    expected = (
        "From the archive, about 5 hours. 1 file was asked for there; it goes on by itself."
    )
    assert sentences[1:] == [expected, expected]
    # Each looked again meanwhile, also after a restart of the worker.
    await env.worker.stop()
    await env.start()
    before = env.tape.runs("status")
    await env.check_again(details)
    assert env.tape.runs("status") > before
    assert sorted(env.tape.asked("recall")) == sorted(env.paths[1:])
    assert env.tape.runs("recall") == 1
    for path in env.paths[1:]:
        env.tape.put(path, "online", None)
    await env.check_again(details)
    await env.until(details, ready, ready, ready)
    assert env.tape.runs("recall") == 1


async def test_where_nobody_says_what_is_on_its_way_it_is_asked_for_once(env: Env) -> None:
    """The ledger knows, also after a restart: the disk shows stubs until files are back."""
    env.tape = Tape(env.folder / "stubs", stubs=True)
    await env.worker.stop()
    await env.start()
    contents = {path: await asyncio.to_thread(Path(path).read_bytes) for path in env.paths}
    for path, content in contents.items():
        await asyncio.to_thread(_make_stub, Path(path), len(content))
    details = await env.export(ExportForm.OME_TIFF)
    await env.until(details, *[ItemState.WAITING] * 3)
    await env.check_again(details)
    await env.worker.stop()
    await env.start()
    await env.check_again(details)
    assert sorted(env.tape.asked("recall")) == sorted(env.paths)
    for path, content in contents.items():
        await asyncio.to_thread(_bring_back, Path(path), content)
    await env.check_again(details)
    await env.until(details, *[ItemState.READY] * 3)


def _make_stub(path: Path, size: int) -> None:
    path.unlink()
    path.write_bytes(b"")
    os.truncate(path, size)


def _bring_back(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


async def test_what_waits_has_no_place_and_is_no_outage(env: Env) -> None:
    for path in env.paths:
        env.tape.put(path, "offline", 18_000)
    details = await env.export()
    await env.until(details, *[ItemState.WAITING] * 3)
    for item in details.items:
        task = await reach(env.queue, item.id, TaskState.WAITING)
        assert task.error_code == InArchive.code
        assert task.retry_at is not None
        assert 280 < (task.retry_at - task.updated_at).total_seconds() < 320
    # Another export, of what is here, is not held up.
    env.tape.put(env.paths[0], "online", None)
    env.image_ids = env.image_ids[:1]
    again = await env.export(ExportForm.PNG)
    await env.until(again, ItemState.READY)


async def test_all_items_say_the_time_that_the_archive_says_once_it_is_asked(
    env: Env,
) -> None:
    for path in env.paths:
        env.tape.put(path, "offline", 18_000)
    runs = "(entries / 'runs').read_text()"
    # What is on its way comes sooner.
    env.tape.behave(
        f"if what == 'status' and 'recall ' in {runs}:\n"
        "    for path in sys.stdin.buffer.read().decode().splitlines():\n"
        "        print('recalling', path, 3600, sep='\\t')\n"
        "    sys.exit()"
    )
    (env.tape.folder / "tape" / "runs").touch()
    details = await env.export()
    async with asyncio.timeout(60):
        sentences = [""]
        # What is noted when they are asked for is not yet what their tasks tell.
        while not all("about 1 hour" in one for one in sentences):
            sentences = await env.until(details, *[ItemState.WAITING] * 3)
            await asyncio.sleep(0.02)


async def test_what_does_not_come_back_asks_a_person(env: Env) -> None:
    env.tape.put(env.paths[0], "offline", 0.1)
    details = await env.export()
    await env.until(details, ItemState.WAITING, ItemState.READY, ItemState.READY)
    env.tape.put(env.paths[0], "failed", None)
    attention, ready = ItemState.NEEDS_ATTENTION, ItemState.READY
    sentences = await env.until(details, attention, ready, ready)
    assert sentences[0].startswith("The archive does not give its files back. Tell the")
    item_id = details.items[0].id
    assert (await env.ledger.item(item_id)).trouble.code == "recall-failed"  # type: ignore[union-attr]
    # Retry asks for it again.
    env.tape.put(env.paths[0], "failed", 0.1)
    await env.ledger.move(item_id, PUT, ItemChange(ItemState.QUEUED))
    await env.queue.redrive(item_id)
    await env.until(details, ItemState.WAITING, ready, ready)
    assert env.tape.runs("recall") == 2
    env.tape.put(env.paths[0], "online", None)
    await env.until(details, ready, ready, ready)


async def test_a_recall_that_is_refused_asks_a_person(env: Env) -> None:
    env.tape.put(env.paths[0], "offline")
    env.tape.behave("if what == 'recall': sys.exit(1)")
    details = await env.export()
    states = (ItemState.NEEDS_ATTENTION, ItemState.READY, ItemState.READY)
    [sentence, *_] = await env.until(details, *states)
    assert "refused (exit code 1)" in sentence


async def test_an_archive_that_is_away_is_waited_for(env: Env) -> None:
    env.tape.behave("sys.exit(2)")
    details = await env.export()
    sentences = await env.until(details, *[ItemState.WAITING] * 3)
    assert all("exit code 2" in one for one in sentences)
    assert env.tape.runs("recall") == 0
    env.tape.behave("")
    await env.until(details, *[ItemState.READY] * 3)


async def test_a_file_of_settings_that_is_mended_gives_no_export_up(env: Env) -> None:
    text = env.tape.settings.read_text()
    env.tape.settings.write_text("nonsense")
    details = await env.export()
    sentences = await env.until(details, *[ItemState.WAITING] * 3)
    assert all("TRANSFERAPP_RECALL_FILE" in one for one in sentences)
    env.tape.settings.write_text(text)
    await env.until(details, *[ItemState.READY] * 3)


async def test_an_item_that_is_cancelled_asks_nobody(env: Env) -> None:
    for path in env.paths:
        env.tape.put(path)
    await env.queue.pause_resource("repository", paused=True)
    details = await env.export()
    for item in details.items:
        await env.ledger.move(item.id, PUT, ItemChange(ItemState.CANCELLED))
    await env.queue.pause_resource("repository", paused=False)
    for item in details.items:
        await reach(env.queue, item.id, TaskState.DONE)
    assert env.tape.runs("recall") == 0
