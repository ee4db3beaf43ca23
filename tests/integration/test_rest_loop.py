"""Nothing holds the server's event loop, however many upload at the same time."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.lag_server import Holds, LagMeter
from tests.support.rest_server import PASSWORD, manifest, new_dataset
from tests.support.rest_uploads import create_upload, send_part, sha1_of
from transferapp.client.server import ServerClient
from transferapp.model.transfers import ItemState, TransferFile
from transferapp.protocol.messages import Accepted

#: Seconds that one turn of the loop may take.
LONGEST_HOLD_S = 0.05
UPLOADS = 20
SIZE = 8 << 20
PART = 2 << 20


@dataclass
class LagServer:
    """A server process that measures its loop."""

    process: subprocess.Popen[str]
    url: str

    def stop(self) -> Holds:
        """Stop it and return what held its loop."""
        out, _ = self.process.communicate(timeout=60)
        return Holds(**json.loads(out.splitlines()[-1]))


@pytest.fixture
def lag_server(tmp_path: Path) -> Iterator[LagServer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.lag_server", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield LagServer(process, process.stdout.readline().strip())
    process.kill()
    process.communicate()


@pytest.mark.slow
async def test_twenty_uploads_do_not_hold_the_loop(lag_server: LagServer) -> None:
    body = os.urandom(SIZE)
    async with ServerClient(lag_server.url) as ada:
        await ada.sign_in("ada", PASSWORD)
        accepted = await ada.submit_import(manifest(await new_dataset(ada), *[SIZE] * UPLOADS))
        transfer_id = accepted.details.transfer.id
        async with httpx.AsyncClient(base_url=lag_server.url, timeout=60) as http:
            uploads = (_upload(http, accepted, one, body) for one in accepted.details.files)
            async with asyncio.TaskGroup() as group:
                group.create_task(_browse(ada, uploading := asyncio.Event()))
                await asyncio.gather(*uploads)
                uploading.set()
        async with ServerClient(lag_server.url, accepted.grant) as agent:
            for file in accepted.details.files:
                await agent.seal(transfer_id, file.id, sha1_of(body))
            details = await agent.transfer(transfer_id)
        assert details.items[0].state is ItemState.RECEIVED
    held = await asyncio.to_thread(lag_server.stop)
    assert len(held.late_s) > 50
    assert held.computed_s[-1] < LONGEST_HOLD_S, held.computed_s[-5:]
    assert max(held.collected_s, default=0.0) < LONGEST_HOLD_S, held.collected_s[-5:]
    # Whatever waits in each upload, waits at least once in each.
    long = [late for late in held.late_s if late > LONGEST_HOLD_S]
    assert len(long) < UPLOADS / 2, long


async def test_what_holds_a_loop_is_seen() -> None:
    """Computing, waiting and collecting: each in the list that is asked for it."""
    meter = LagMeter()
    metering = asyncio.create_task(meter.run())
    await asyncio.sleep(0.02)
    until = time.thread_time() + 2 * LONGEST_HOLD_S
    while time.thread_time() < until:
        pass
    for _ in range(UPLOADS):
        await asyncio.sleep(0.01)
        time.sleep(1.5 * LONGEST_HOLD_S)  # noqa: ASYNC251 - on purpose
    rubbish = [[number] for number in range(3_000_000)]
    await asyncio.to_thread(gc.collect)
    await asyncio.sleep(0.02)
    del rubbish
    metering.cancel()
    held = meter.holds()
    assert held.computed_s[-1] > LONGEST_HOLD_S
    assert held.collected_s[-1] > LONGEST_HOLD_S
    assert len([late for late in held.late_s if late > LONGEST_HOLD_S]) >= UPLOADS


async def _upload(
    http: httpx.AsyncClient, accepted: Accepted, file: TransferFile, body: bytes
) -> None:
    await create_upload(http, accepted.grant, accepted.details.transfer.id, file)
    for offset in range(0, SIZE, PART):
        part = body[offset : offset + PART]
        sent = await send_part(http, accepted.grant, file.id, offset, part)
        assert sent.status_code == httpx.codes.NO_CONTENT


async def _browse(ada: ServerClient, finished: asyncio.Event) -> None:
    """Look around meanwhile, as a person does."""
    while not finished.is_set():
        await ada.transfers()
        await ada.containers()
        await asyncio.sleep(0.05)
