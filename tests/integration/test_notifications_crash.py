"""A worker that is killed between the mail server's answer and our record of it."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from pathlib import Path

from tests.support.receivers import mail_server
from transferapp.host.clock import SystemClock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.ledger.port import ItemChange, NewTransfer, PlannedItem, PlannedTransferFile
from transferapp.ledger.stores.sql import SqlLedger
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.notify.port import NotificationChannel, Preferences
from transferapp.notify.stores.deliveries import SqlDeliveries
from transferapp.notify.stores.inbox import SqlInbox
from transferapp.notify.stores.preferences import SqlPreferenceStore
from transferapp.testing.moves import PUT

PROGRAM = """
import asyncio
from transferapp.worker.app import run
from transferapp.worker.settings import WorkerSettings
asyncio.run(run(WorkerSettings()))
"""


async def start_worker(data: Path, port: int) -> Process:
    """Start a worker that mails at once."""
    environment = os.environ | {
        "TRANSFERAPP_DATA": str(data),
        "TRANSFERAPP_SMTP_HOST": "127.0.0.1",
        "TRANSFERAPP_SMTP_PORT": str(port),
        "TRANSFERAPP_SMTP_ENCRYPTION": "none",
        "TRANSFERAPP_MAIL_DIGEST_S": "0",
        "TRANSFERAPP_NOTIFY_POLL_S": "0.1",
    }
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=quiet, stderr=quiet
    )


async def test_a_mail_that_comes_again_is_the_same_mail(tmp_path: Path) -> None:
    clock = SystemClock()
    engine = open_engine(sqlite_url(tmp_path / "transferapp.db"))
    ledger, deliveries = SqlLedger(engine, clock), SqlDeliveries(engine, clock)
    await deliveries.begin_at(0)
    preferences = Preferences(
        "ada",
        frozenset({NotificationChannel.INBOX, NotificationChannel.MAIL}),
        "ada@example.org",
        True,
    )
    await SqlPreferenceStore(engine, clock).put(preferences)
    planned = (PlannedItem("cell", (PlannedTransferFile("a.tif", 1),)),)
    new = NewTransfer(TransferKind.IMPORT, "Monday", "ada", "key", planned)
    item = (await ledger.add(new)).items[0]
    await ledger.move(item.id, PUT, ItemChange(ItemState.IMPORTED))
    async with mail_server() as mails:
        first = await start_worker(tmp_path, mails.port)
        mails.on_mail = first.kill
        assert await asyncio.wait_for(first.wait(), 30) == -9
        mails.on_mail = None
        second = await start_worker(tmp_path, mails.port)
        try:
            async with asyncio.timeout(60):
                while len(mails.mails) < 2 or await deliveries.plan(0.0):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            # Time enough for one too many.
            await asyncio.sleep(1.0)
        finally:
            second.terminate()
            assert await asyncio.wait_for(second.wait(), 20) == 0
    assert len(mails.mails) == 2
    assert len({mail["Message-ID"] for mail in mails.mails}) == 1
    batch = mails.mails[0]["Message-ID"].strip("<>").partition("@")[0]
    assert await deliveries.batch(batch) is None
    assert len(await SqlInbox(engine, clock).entries("ada")) == 1
    await ledger.close()
    engine.dispose()
