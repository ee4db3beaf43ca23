"""The embedded repository with several real processes, some of them killed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.small_disks import small_disk
from transferapp.errors import Invalid, PermissionDenied, SignInFailed, StorageFull
from transferapp.host.clock import SystemClock
from transferapp.host.resources import resource
from transferapp.model.containers import ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.testing.repository_env import (
    ALICE,
    LAB,
    PASSWORD,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

ROOT = Path(__file__).resolve().parents[2]
ECOLI = resource("sample-data", "ome-tiff-companion-ecoli")


async def populate(folder: Path) -> None:
    administration = Administration(folder)
    await administration.add_experimenter(ALICE, "Alice Adams", PASSWORD)
    await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
    await administration.add_member(ALICE, LAB)


@pytest.fixture
async def repository(tmp_path: Path) -> AsyncIterator[LocalRepository]:
    await populate(tmp_path)
    made = LocalRepository(tmp_path, SystemClock())
    yield made
    await made.close()


def fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with ballast.open("wb") as file:
        while True:
            file.write(bytes(64 * 1024))
            file.flush()


async def crashing(folder: Path, what: str, count: int) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.support.crashing_import"]
    done = await asyncio.to_thread(
        subprocess.run,
        [*command, str(folder), str(ECOLI), what, str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, int] = json.loads(done.stdout)
    return result


@pytest.mark.slow
async def test_killed_between_any_two_lines_and_repeated(tmp_path: Path) -> None:
    await populate(tmp_path)
    result = await crashing(tmp_path, "kill", 16)
    assert result["lines"] > 1000
    assert result["killed"] == 16


async def test_processes_import_and_delete_the_same_content(tmp_path: Path) -> None:
    await populate(tmp_path)
    result = await crashing(tmp_path, "crowd", 6)
    assert result["kept"] == 3
    assert result["contents"] == len(list(ECOLI.iterdir()))


async def test_many_processes_make_the_tables_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from transferapp.repositories.local.storage.schema import open_repository_database\n"
        "open_repository_database(pathlib.Path(sys.argv[1])).dispose()\n"
    )
    folder = tmp_path / "new"
    starts = [
        asyncio.create_subprocess_exec(sys.executable, "-c", code, str(folder), cwd=ROOT)
        for _ in range(5)
    ]
    processes = await asyncio.gather(*starts)
    assert await asyncio.gather(*(p.wait() for p in processes)) == [0] * 5
    await populate(folder)


async def test_full_disk_is_reported_and_nothing_is_lost(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk:
        await populate(disk / "repository")
        repository = LocalRepository(disk / "repository", SystemClock())
        sample = Sample(ECOLI, tuple(sorted(p.name for p in ECOLI.iterdir())), 1)
        async with repository.session(ALICE) as session:
            target = (await new_dataset(session)).ref
            plan = plan_for(sample, target, session.identity.default_group_id)
            fileset = await session.imports.reserve(plan)
            ballast = disk / "ballast"
            with pytest.raises(OSError, match="No space"):
                fill(ballast)
            with pytest.raises(StorageFull):
                await session.imports.store(fileset, plan, sample.paths)
            ballast.unlink()
            assert (await import_all(session, plan, sample.paths)).image_ids
        await repository.close()


async def test_plain_image_into_a_screen_is_explained(repository: LocalRepository) -> None:
    sample = Sample(resource("sample-data", "png-cells"), ("cell.png",), 1)
    async with repository.session(ALICE) as session:
        screen = await session.containers.create(ContainerKind.SCREEN, "Screen")
        plan = plan_for(sample, screen.ref, session.identity.default_group_id)
        with pytest.raises(Invalid, match="no plate"):
            await import_all(session, plan, sample.paths)


async def test_plate_into_a_dataset_is_plain_images(repository: LocalRepository) -> None:
    folder = resource("sample-data", "ome-tiff-plate-cells")
    names = sorted((p.name for p in folder.iterdir()), key=lambda n: not n.endswith(".ome"))
    sample = Sample(folder, tuple(names), 4)
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(sample, dataset.ref, session.identity.default_group_id)
        made = await import_all(session, plan, sample.paths)
        assert len(made.image_ids) == 4
        assert (await session.containers.get(dataset.ref)).image_count == 4
        assert await session.containers.children(None, kind=ContainerKind.PLATE) == []


async def test_zarr_folder_with_many_small_files(repository: LocalRepository) -> None:
    folder = resource("sample-data", "ome-zarr-v04-confocal-5d")
    files = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    first = "cluster.ome.zarr/.zattrs"
    files.sort(key=lambda path: (path != first, path))
    sample = Sample(folder, tuple(files), 1)
    async with repository.session(ALICE) as session:
        dataset = await new_dataset(session)
        plan = plan_for(sample, dataset.ref, session.identity.default_group_id)
        made = await import_all(session, plan, sample.paths, times=2)
        details = await session.images.get(made.image_ids[0])
        assert (details.summary.size_t, details.summary.size_z) == (3, 10)
        assert len(await session.imports.files(made)) == len(files)


async def test_accounts_change(repository: LocalRepository, tmp_path: Path) -> None:
    administration = Administration(tmp_path)
    await administration.set_password(ALICE, "new one")
    with pytest.raises(SignInFailed):
        await repository.sign_in(ALICE, PASSWORD)
    assert (await repository.sign_in(ALICE, "new one")).groups
    await administration.close_account(ALICE)
    with pytest.raises(SignInFailed):
        await repository.sign_in(ALICE, "new one")
    with pytest.raises(PermissionDenied, match="closed"):
        await repository.identity(ALICE)
    await administration.close_account(ALICE, closed=False)
    await administration.remove_member(ALICE, LAB)
    with pytest.raises(PermissionDenied, match="in no group"):
        await repository.identity(ALICE)
