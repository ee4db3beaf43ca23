"""Leave behind an installation as the release of commit 206cd02 made it, for upgrade tests.

    git archive 206cd02 | tar -x -C OLD
    cd OLD && python .../tests/support/old_installation.py URL FOLDER

runs with the code of OLD (that is why it is a script, and reads nothing of this tree) and
ends as by kill -9, in the middle of an import. ``tests/data/upgrade`` keeps what it left.
"""

# mypy: ignore-errors
# It calls what the old release has.

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import tifffile
from pydantic import SecretStr

sys.path.insert(0, str(Path.cwd()))

from tests.support import import_env
from tests.support.import_env import OWNER, ImportEnv
from transferapp.agent.outbox import open_outbox
from transferapp.errors import Unavailable
from transferapp.grants.port import Scope
from transferapp.grants.stores.sql import SqlGrants
from transferapp.host.clock import SystemClock
from transferapp.ledger.port import NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.model.transfers import ItemState, TransferDetails, TransferKind
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.operations.import_fileset import import_fileset_kind
from transferapp.operations.imports import import_task
from transferapp.operations.notifications import NotificationRounds
from transferapp.protocol.messages import FileOnDisk, Submission, SubmittedItem
from transferapp.taskqueue.dbos.queue import DbosTaskQueue
from transferapp.taskqueue.dbos.settings import QueueSettings
from transferapp.taskqueue.dbos.worker import DbosTaskWorker
from transferapp.taskqueue.port import TaskState

SETTINGS = QueueSettings(limits={"repository": 1})


class Installation:
    """The parts of the old release, and what they do."""

    def __init__(self, url: str, folder: Path) -> None:
        self.clock = SystemClock()
        import_env.sqlite_url = lambda _path: url
        self.env = ImportEnv(folder)
        engine = self.env.engine
        self.grants = SqlGrants(engine, self.clock)
        self.preferences = SqlPreferenceStore(engine, self.clock)
        self.deliveries = SqlDeliveries(engine, self.clock)
        self.queue = DbosTaskQueue(engine, SETTINGS, self.clock)

    async def leave(self) -> None:
        """Do everything, and die."""
        await self.env.open()
        rounds = NotificationRounds(self.env.ledger, self.deliveries, self.queue, 60.0)
        await rounds.begin()
        await self.people_choose()
        await asyncio.to_thread(self.hand_over)
        details = await self.submit("Monday", ("done", "waits", "broken", "half", "queued"))
        await self.upload_half()
        ids = {item.name: item.id for item in details.items}
        worker = self.worker()
        await worker.start()
        for name, state in (
            ("done", TaskState.DONE),
            ("waits", TaskState.WAITING),
            ("broken", TaskState.DEAD),
        ):
            if name == "waits":
                self.env.faults["session"] = [Unavailable("The repository is away.")] * 99
            await self.enqueue(details, ids[name])
            await self.reach(ids[name], state)
            self.env.faults.clear()
        await rounds.round()
        half_done = asyncio.Event()
        self.env.after["store"] = lambda: self.stop_here(half_done)
        await self.enqueue(details, ids["half"])
        await half_done.wait()
        await self.enqueue(details, ids["queued"])
        await asyncio.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    async def people_choose(self) -> None:
        """Grants and preferences."""
        await self.grants.mint(Scope.SESSION, OWNER, timedelta(days=3650))
        preferences = Preferences(
            username=OWNER,
            channels=frozenset({NotificationChannel.INBOX, NotificationChannel.MAIL}),
            address="ada@example.org",
            address_verified=True,
        )
        await self.preferences.put(preferences)

    def hand_over(self) -> None:
        """Let a workstation have something to do."""
        file = FileOnDisk(
            file_id="f1", client_path="a.tif", path="/data/a.tif", size_bytes=9, modified_ns=5
        )
        submission = Submission(
            kind=TransferKind.IMPORT,
            transfer_id="t1",
            name="Wednesday",
            owner="ada@http://server",
            server_url="http://server",
            grant=SecretStr("ta1_given"),
            items=[SubmittedItem(item_id="i1", name="a.tif", files=[file])],
        )
        outbox = open_outbox(self.env.folder / "outbox.db", self.clock)
        outbox.add(submission)
        outbox.set_offsets({"f1": 4})
        outbox.close()

    async def submit(self, name: str, items: tuple[str, ...]) -> TransferDetails:
        """Add a transfer whose files have all arrived."""
        noise = np.random.default_rng(7)
        contents: dict[str, bytes] = {}
        for item in items:
            path = self.env.folder / f"{item}.tif"
            tifffile.imwrite(path, noise.integers(0, 4096, (16, 16), dtype=np.uint16))
            contents[item] = b"no image" if item == "broken" else path.read_bytes()
            path.unlink()
        details = await self.add(name, {item: len(c) for item, c in contents.items()})
        for item, file in zip(details.items, details.files, strict=True):
            await self.env._stage(file.id, contents[item.name])
        return details

    async def add(self, name: str, sizes: dict[str, int]) -> TransferDetails:
        """Add a transfer and its grant."""
        target = self.env.target
        assert target is not None
        new = NewTransfer(
            kind=TransferKind.IMPORT,
            name=name,
            owner=OWNER,
            request_key=name,
            items=tuple(
                PlannedItem(item, (PlannedTransferFile(f"{item}.tif", size),))
                for item, size in sizes.items()
            ),
            target=target.ref,
            target_name=target.name,
            group_id=target.group_id,
        )
        details = await self.env.ledger.add(new)
        await self.grants.mint(
            Scope.TRANSFER, OWNER, timedelta(days=3650), transfer_id=details.transfer.id
        )
        return details

    async def upload_half(self) -> None:
        """Let a second transfer be on its way."""
        details = await self.add("Tuesday", {"half-uploaded": 100})
        await self.env.staging.create(details.files[0].id, 100)
        part = await self.env.staging.open_part(details.files[0].id, 0)
        await part.write([b"x" * 40])
        await part.commit()
        await part.abandon(keep=True)
        await self.env.ledger.file_progress(details.files[0].id, 40)

    def worker(self) -> DbosTaskWorker:
        """Return the old worker."""
        env = self.env
        kind = import_fileset_kind(env.ledger, env.staging, env.repository, self.clock)
        return DbosTaskWorker(env.engine, [kind], self.clock, SETTINGS)

    async def enqueue(self, details: TransferDetails, item_id: str) -> None:
        """Queue an item as the server does."""
        await self.queue.enqueue(import_task(details.transfer.id, item_id, OWNER))

    async def reach(self, task_id: str, state: TaskState) -> None:
        """Wait until a task, and the ledger with it, has got there."""
        ends = {
            TaskState.DONE: ItemState.IMPORTED,
            TaskState.WAITING: ItemState.WAITING,
            TaskState.DEAD: ItemState.FAILED,
        }
        async with asyncio.timeout(60):
            # The old port has nothing to wait on.
            while (await self.queue.get(task_id)).state is not state:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            while (await self.env.ledger.item(task_id)).state is not ends[state]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def stop_here(self, reached: asyncio.Event) -> None:
        """Hold an import for ever."""
        reached.set()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(Installation(sys.argv[1], Path(sys.argv[2])).leave())
