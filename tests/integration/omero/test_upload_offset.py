"""An upload that broke off goes on at the byte where it stopped; no byte travels twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import (
    adapter,
    populate,
    settings_for,
    start_sandbox,
)
from tests.support.omero_fixtures import omero
from transferapp.errors import StorageFull
from transferapp.host.resources import resource
from transferapp.repositories.omero.imports import uploads
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, Sample, new_dataset, plan_for

__all__ = ["omero"]

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d1.tif",), 1)
BLOCKS = 8
DONE = 5


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path / "sandbox") as started:
        populate(started)
        yield started


def writes(sandbox: RunningSandbox) -> int:
    """Calls since the last time, also from a session that has joined the import."""
    reported: dict[str, int] = sandbox.control("calls")["calls"]
    return sum(count for name, count in reported.items() if name.endswith(".write"))


@pytest.mark.parametrize("another_worker", [False, True])
async def test_only_missing_blocks_are_sent(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    another_worker: bool,
) -> None:
    size = CELLS.paths[0].stat().st_size
    monkeypatch.setattr(uploads, "_BLOCK", -(-size // BLOCKS))
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(CELLS, dataset.ref, dataset.group_id)
        fileset = await session.imports.reserve(plan)
        # The first write is empty: it makes the file.
        sandbox.control("hold", place="RawFileStore.write", done=True, number=1 + DONE)
        stored: list[int] = []
        storing = session.imports.store(fileset, plan, CELLS.paths, stored.append)
        sending = asyncio.create_task(storing)
        assert (await asyncio.to_thread(sandbox.control, "held", seconds=20))["held"]
        sandbox.control("disk_full", on=True)
        sandbox.control("let_go")
        with pytest.raises(StorageFull):
            await sending
    blocks = [min(size, number * -(-size // BLOCKS)) for number in range(BLOCKS + 1)]
    assert stored == blocks[: DONE + 1]
    stored.clear()
    sandbox.control("disk_full", on=False)
    sandbox.control("calls")
    other = adapter(settings_for(sandbox, tmp_path)) if another_worker else omero
    async with other.session(ALICE) as session:
        await session.imports.store(fileset, plan, CELLS.paths, stored.append)
        assert writes(sandbox) == BLOCKS - DONE
        assert stored == blocks[DONE:], "also what was there is told"
        await session.imports.verify(fileset, plan)
        assert (await session.imports.register(fileset, plan, lambda *_: None)).image_ids
    if another_worker:
        await other.close()
