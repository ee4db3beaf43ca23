"""Staged files of items that are over, left by a server or worker that was killed: they go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.import_env import ImportEnv
from tests.support.import_task_env import cells
from transferapp.errors import StorageFull
from transferapp.ledger.port import ItemChange
from transferapp.model.transfers import ItemState, TransferDetails
from transferapp.testing.moves import PUT
from transferapp.worker.leftovers import discard_leftovers, sweeping


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[ImportEnv]:
    env = ImportEnv(tmp_path)
    await env.open()
    yield env
    await env.close()


async def moved(env: ImportEnv, state: ItemState, *, seal: bool = True) -> TransferDetails:
    """Add an import whose item is in this state, as a crash leaves it."""
    (env.folder / state).write_bytes(cells().read_bytes())
    details = await env.add_import([env.folder / state], seal=seal)
    if not seal:
        file = details.files[0]
        await env.staging.create(file.id, file.size_bytes)
    assert await env.ledger.move(details.items[0].id, PUT, ItemChange(state))
    return details


@pytest.mark.parametrize(
    ("state", "seal", "stays"),
    [
        (ItemState.IMPORTED, True, False),
        # The server died after it wrote "cancelled"; nothing was queued.
        (ItemState.CANCELLED, False, False),
        (ItemState.CANCELLED, True, False),
        (ItemState.FAILED, True, True),
        (ItemState.NEEDS_ATTENTION, True, True),
        (ItemState.RECEIVED, True, True),
        (ItemState.UPLOADING, False, True),
    ],
)
async def test_only_what_nobody_reads_any_more_goes(
    env: ImportEnv, state: ItemState, *, seal: bool, stays: bool
) -> None:
    details = await moved(env, state, seal=seal)
    assert await discard_leftovers(env.ledger, env.staging) == (0 if stays else 1)
    assert await env.staging.ids() == ([details.files[0].id] if stays else [])


async def test_what_the_ledger_does_not_know_stays(env: ImportEnv) -> None:
    """A database of another day must not cost anybody's files."""
    unknown = uuid4().hex
    await env.staging.create(unknown, 10)
    assert await discard_leftovers(env.ledger, env.staging) == 0
    assert await env.staging.ids() == [unknown]


async def test_swept_at_the_start_and_again(
    env: ImportEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    await moved(env, ItemState.IMPORTED)
    listed, real = 0, env.staging.ids

    async def ids() -> list[str]:
        nonlocal listed
        listed += 1
        if listed == 1:
            raise StorageFull
        return await real()

    monkeypatch.setattr(env.staging, "ids", ids)
    async with (
        sweeping([partial(discard_leftovers, env.ledger, env.staging)], every_s=0.01),
        asyncio.timeout(60),
    ):
        while await real():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert listed >= 2
