"""``--skip checksum``: OMERO compares sizes, as its own clients ask for it, and may refuse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_fixtures import omero, sandbox
from transferapp.errors import ChecksumMismatch, Corrupt, Invalid
from transferapp.host.resources import resource
from transferapp.model.filesets import FilesetPlan
from transferapp.model.skips import Skip
from transferapp.operations.reconcile import check_reconciled
from transferapp.repositories.omero.repository import OmeroRepository
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

_FOLDER = resource("sample-data", "png-cells")
CELLS = Sample(_FOLDER, (min(_FOLDER.glob("*.png")).name,), 1)
SUPPORTED = "omero.checksum.supported"


async def skipping(session: RepositorySession) -> FilesetPlan:
    dataset = await new_dataset(session)
    plan = plan_for(CELLS, dataset.ref, dataset.group_id)
    return replace(plan, skip=frozenset({Skip.CHECKSUM}))


async def test_omero_is_asked_for_sizes_only(omero: OmeroRepository) -> None:
    async with omero.session(ALICE) as session:
        plan = await skipping(session)
        made = await import_all(session, plan, CELLS.paths, times=2)
        [held] = await session.imports.files(made)
        size = CELLS.paths[0].stat().st_size
        assert (held.hasher, held.size_bytes) == ("File-Size-64", size)
        assert held.hash == size.to_bytes(8, "little").hex()
        check_reconciled(made, plan, [held])
        # With checksums this is no proof of anything.
        with pytest.raises(Corrupt):
            check_reconciled(made, replace(plan, skip=frozenset()), [held])
        assert b"".join([p async for p in session.images.read(held.id)]) == (
            CELLS.paths[0].read_bytes()
        )


async def test_another_size_is_noticed_all_the_same(
    omero: OmeroRepository, tmp_path: Path
) -> None:
    short = tmp_path / "short.png"
    short.write_bytes(CELLS.paths[0].read_bytes()[:-1])
    async with omero.session(ALICE) as session:
        plan = await skipping(session)
        fileset = await session.imports.reserve(plan)
        await session.imports.store(fileset, plan, [short])
        with pytest.raises(ChecksumMismatch):
            await session.imports.verify(fileset, plan)
        await session.imports.discard(fileset)


async def test_an_omero_that_does_not_take_it_is_told_before_anything_is_made(
    omero: OmeroRepository, sandbox: RunningSandbox
) -> None:
    sandbox.control("set", key=SUPPORTED, value="SHA1-160,MD5-128")
    try:
        async with omero.session(ALICE) as session:
            plan = await skipping(session)
            with pytest.raises(Invalid, match="does not let imports skip checksums"):
                await session.imports.reserve(plan)
            assert await session.imports.find(plan.key) is None
            whole = replace(plan, skip=frozenset())
            assert (await import_all(session, whole, CELLS.paths)).image_ids
    finally:
        value = "SHA1-160,MD5-128,Murmur3-128,Murmur3-32,CRC-32,Adler-32,File-Size-64"
        sandbox.control("set", key=SUPPORTED, value=value)
