"""Pixel stores of OMERO are kept open between tiles, never for long, never after a failure."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_fixtures import omero, sandbox
from transferapp.errors import Busy, ImageNotFound, Internal, Invalid
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.sessions import pixel_stores
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]

EDGE = 64
TILES = 8


def plane() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    size = EDGE * TILES
    return np.arange(size * size, dtype=np.uint32).astype(np.uint16).reshape(size, size)


async def imported(session: RepositorySession, folder: Path, *, levels: int = 1) -> int:
    """Import a plane of 64 tiles, with smaller levels beside it."""
    full = plane()
    with tifffile.TiffWriter(folder / "plane.ome.tif") as file:
        file.write(full, subifds=levels - 1, tile=(EDGE, EDGE), metadata={"axes": "YX"})
        for level in range(1, levels):
            step = 2**level
            file.write(full[::step, ::step], subfiletype=1, tile=(EDGE, EDGE))
    sample = Sample(folder, ("plane.ome.tif",), 1)
    dataset = await new_dataset(session)
    plan = plan_for(sample, dataset.ref, dataset.group_id)
    [image_id] = (await import_all(session, plan, sample.paths)).image_ids
    return image_id


def tile(number: int, level: int = 0) -> TileRegion:
    return TileRegion(level, 0, 0, 0, number // TILES * EDGE, number % TILES * EDGE, EDGE, EDGE)


def calls(sandbox: RunningSandbox) -> dict[str, int]:
    """Calls to pixel stores since the last time."""
    reported: dict[str, int] = sandbox.control("calls")["calls"]
    kind = "RawPixelsStore."
    return {name.removeprefix(kind): n for name, n in reported.items() if name.startswith(kind)}


def held(repository: OmeroRepository) -> Any:
    return repository._pool._held[ALICE].gateway.pixel_stores


async def test_one_store_for_64_tiles(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    full = plane()
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        calls(sandbox)
        for number in range(TILES * TILES):
            region = tile(number)
            found = await session.images.tile(image_id, region)
            rows = slice(region.y, region.y + EDGE)
            assert (found == full[rows, region.x : region.x + EDGE]).all()
    stated = calls(sandbox)
    assert stated["getTile"] == TILES * TILES
    assert stated["setPixelsId"] == 1
    assert stated["getResolutionDescriptions"] == 1
    assert "setResolutionLevel" not in stated


async def test_one_store_for_each_thread_at_most(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    full = plane()
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        calls(sandbox)
        regions = [tile(number) for number in range(TILES * TILES)]
        found = await asyncio.gather(*(session.images.tile(image_id, r) for r in regions))
    for region, pixels in zip(regions, found, strict=True):
        rows = slice(region.y, region.y + EDGE)
        assert (pixels == full[rows, region.x : region.x + EDGE]).all()
    stated = calls(sandbox)
    assert stated["getTile"] == TILES * TILES
    assert stated["setPixelsId"] <= 8  # The adapter's threads.


async def test_levels_do_not_stick(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    full = plane()
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path, levels=3)
        assert len((await session.images.get(image_id)).pixels.levels) == 3
        calls(sandbox)
        for level in (0, 2, 0, 1, 1, 0):
            found = await session.images.tile(image_id, tile(0, level))
            assert (found == full[:: 2**level, :: 2**level][:EDGE, :EDGE]).all()
        with pytest.raises(Invalid):
            await session.images.tile(image_id, tile(0, 3))
    stated = calls(sandbox)
    assert stated["setResolutionLevel"] == 4
    assert "setPixelsId" not in stated  # The details have opened it.


async def test_stores_end_with_the_session(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        await session.images.tile(image_id, tile(0))
    calls(sandbox)
    stores = held(omero)
    await omero.close()
    assert calls(sandbox)["close"] == 1
    assert stores._timer is None


async def test_idle_stores_are_closed(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        stores = held(omero)
        stores._idle_s = 0.1
        calls(sandbox)
        await session.images.tile(image_id, tile(0))
        timer = stores._timer
        await asyncio.to_thread(timer.join, 10)
        assert calls(sandbox)["close"] == 1
        assert stores._idle == []
        await session.images.tile(image_id, tile(0))
        assert calls(sandbox)["setPixelsId"] == 1


async def test_few_stores_are_kept(
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pixel_stores, "MOST_IDLE", 1)
    async with omero.session(ALICE) as session:
        images = [await imported(session, tmp_path) for _ in range(2)]
        calls(sandbox)
        for image_id in images:
            await session.images.tile(image_id, tile(0))
        assert [one.pixels_id for one in held(omero)._idle] != []
        assert len(held(omero)._idle) == 1
    assert calls(sandbox)["close"] == 1


async def test_store_that_omero_closed_is_replaced(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        before = await session.images.tile(image_id, tile(0))
        [store] = held(omero)._idle
        await asyncio.to_thread(store.proxy.close)
        calls(sandbox)
        assert (await session.images.tile(image_id, tile(0)) == before).all()
    assert calls(sandbox)["setPixelsId"] == 1
    assert not omero._pool._held[ALICE].gateway.lost


async def test_store_that_failed_is_thrown_away(omero: OmeroRepository, tmp_path: Path) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        await session.images.tile(image_id, tile(0))
        [store] = held(omero)._idle
        # OMERO refuses a tile that lies outside.
        store._levels = (Level(EDGE * TILES * 2, EDGE * TILES * 2),)
        with pytest.raises(Internal, match="Out of bounds"):
            await session.images.tile(image_id, tile(TILES * TILES))
        assert held(omero)._idle == []
        assert (await session.images.tile(image_id, tile(0))).shape == (EDGE, EDGE)


async def test_deleted_image_is_not_served_from_an_open_store(
    omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        await session.images.tile(image_id, tile(0))
        await session.images.delete([image_id])
        with pytest.raises(ImageNotFound):
            await session.images.tile(image_id, tile(0))


async def test_pyramid_in_the_making_is_reported_with_its_time(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        image_id = await imported(session, tmp_path)
        sandbox.control("missing_pyramid", seconds=12.5)
        with pytest.raises(Busy) as caught:
            await session.images.tile(image_id, tile(0))
        assert caught.value.retry_after_s == 12.5
        assert caught.value.retryable
        # The details are worth showing without it.
        [level] = (await session.images.get(image_id)).pixels.levels
        assert (level.size_y, level.size_x) == (EDGE * TILES, EDGE * TILES)
        sandbox.control("missing_pyramid", seconds=0)
        assert (await session.images.tile(image_id, tile(0))).shape == (EDGE, EDGE)


async def test_import_waits_for_its_pyramid(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        sandbox.control("missing_pyramid", seconds=3)
        with pytest.raises(Busy) as caught:
            await imported(session, tmp_path)
        assert caught.value.retry_after_s == 3
        sandbox.control("missing_pyramid", seconds=0)
