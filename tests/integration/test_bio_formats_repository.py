"""The embedded repository imports, previews and exports what only Bio-Formats reads."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.bio_formats_here import Maker, own, places
from tests.support.vendor_files import (
    numbers,
    write_ics,
    write_metamorph,
    write_mrc,
    write_operetta,
)
from transferapp.bioformats.port import BioFormats
from transferapp.errors import DamagedFile, UnreadableFile, UnsupportedFile
from transferapp.host.clock import SystemClock
from transferapp.model.containers import ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.model.images import ImageDetails, TileRegion
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.testing.repository_env import (
    ALICE,
    LAB,
    PASSWORD,
    Sample,
    import_all,
    plan_for,
)

__all__ = ["own", "places"]


@asynccontextmanager
async def opened(
    folder: Path, bio_formats: BioFormats | None
) -> AsyncIterator[LocalRepository]:
    administration = Administration(folder)
    await administration.add_experimenter(ALICE, "Alice Adams", PASSWORD)
    await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
    await administration.add_member(ALICE, LAB)
    made = LocalRepository(folder, SystemClock(), bio_formats=bio_formats)
    yield made
    await made.close()


async def imported(
    repository: LocalRepository, files: list[Path], kind: ContainerKind = ContainerKind.DATASET
) -> list[ImageDetails]:
    sample = Sample(files[0].parent, tuple(path.name for path in files), 1)
    async with repository.session(ALICE) as session:
        target = await session.containers.create(kind, "Target")
        plan = plan_for(sample, target.ref, session.identity.default_group_id)
        made = await import_all(session, plan, sample.paths)
        return [await session.images.get(image_id) for image_id in made.image_ids]


async def test_imported_previewed_and_exported(own: Maker, tmp_path: Path) -> None:
    written = numbers((2, 3, 40, 50), "<u2")
    old = write_mrc(tmp_path / "old.mrc", written[0, :, ::-1], mark=bytes(4))
    sources = {
        "pair": write_ics(tmp_path / "x.ics", written),
        "one file": write_ics(tmp_path / "y.ics", written, is_pair=False),
        "what ours refuses": old,
    }
    async with opened(tmp_path / "repository", own()) as repository:
        for name, files in sources.items():
            [image] = await imported(repository, files)
            number = image.summary.id
            async with repository.session(ALICE) as session:
                region = TileRegion(0, 0, 0, 0, 8, 16, 20, 30)
                tile = await session.images.tile(number, region)
                assert np.array_equal(tile, written[0, 0, 8:28, 16:46]), name
                thumbnail = await session.images.thumbnail(number, 96)
                assert thumbnail.startswith(b"\xff\xd8"), name
                exported = {
                    file.name: b"".join([part async for part in session.images.read(file.id)])
                    for file in image.files
                }
            assert exported == {path.name: path.read_bytes() for path in files}, name


async def test_a_plate_goes_into_a_screen(own: Maker, tmp_path: Path) -> None:
    folder = tmp_path / "plate"
    folder.mkdir()
    planes = {(1, 2, field, 1): numbers((8, 9), "u2") for field in (1, 2)}
    files = write_operetta(folder, planes)
    async with opened(tmp_path / "repository", own()) as repository:
        images = await imported(repository, files, ContainerKind.SCREEN)
        assert [image.container_names for image in images] == [("P7",), ("P7",)]


async def test_hung_under_an_import_costs_that_item(own: Maker, tmp_path: Path) -> None:
    process = own(patience_s=5.0)
    process.reads()
    files = write_ics(tmp_path / "x.ics", numbers((1, 1, 40, 50), "<u2"))
    async with opened(tmp_path / "repository", process) as repository:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(UnreadableFile, match="did not answer in 5 s while it read"):
            await imported(repository, files)
        [again] = await imported(repository, files)
        assert again.pixels.size_c == 1


async def test_killed_under_a_preview_costs_that_tile(own: Maker, tmp_path: Path) -> None:
    process = own(patience_s=30.0)
    written = numbers((1, 1, 4, 5), "<i2")
    region = TileRegion(0, 0, 0, 0, 0, 0, 4, 5)
    folder = tmp_path / "repository"
    async with opened(folder, process) as repository, repository.session(ALICE) as session:
        files = write_ics(tmp_path / "x.ics", written, is_pair=False)
        [image] = await imported(repository, files)
        # Opened again, it is a pipe that nobody writes to: that never ends.
        stored = next((folder / "filesets").rglob("x.ics"))
        kept = stored.rename(folder / "kept")
        os.mkfifo(stored)
        assert process.pid is not None
        killing = threading.Timer(2.0, os.kill, (process.pid, signal.SIGKILL))
        killing.start()
        with pytest.raises(UnreadableFile, match=r"broke down while it read 'x\.ics'"):
            await session.images.tile(image.summary.id, region)
        killing.join()
        stored.unlink()
        kept.rename(stored)
        tile = await session.images.tile(image.summary.id, region)
        assert np.array_equal(tile, written[0, 0])


async def test_what_it_read_is_read_by_no_other(own: Maker, tmp_path: Path) -> None:
    files = write_ics(tmp_path / "x.ics", numbers((1, 1, 40, 50), "<u2"))
    folder = tmp_path / "repository"
    async with opened(folder, own()) as repository:
        [image] = await imported(repository, files)
    without = LocalRepository(folder, SystemClock())
    async with without.session(ALICE) as session:
        with pytest.raises(UnsupportedFile, match="was read through Bio-Formats"):
            await session.images.tile(image.summary.id, TileRegion(0, 0, 0, 0, 0, 0, 4, 4))
    await without.close()


async def test_without_it_a_set_is_not_imported_as_its_first_file(tmp_path: Path) -> None:
    files = write_metamorph(tmp_path, [numbers((8, 9), "u2")] * 2)
    async with opened(tmp_path / "repository", None) as repository:
        with pytest.raises(
            UnsupportedFile, match="a set of 3 files that only Bio-Formats reads"
        ):
            await imported(repository, files)


async def test_a_set_with_a_damaged_index_is_reported_as_that(
    own: Maker, tmp_path: Path
) -> None:
    files = write_metamorph(tmp_path, [numbers((8, 9), "u2")] * 2)
    (index,) = [path for path in files if path.suffix == ".nd"]
    index.write_bytes(index.read_bytes()[:10])
    async with opened(tmp_path / "repository", own()) as repository:
        with pytest.raises(DamagedFile, match="may be damaged"):
            await imported(repository, files)


async def test_it_states_that_it_reads_them(own: Maker, tmp_path: Path) -> None:
    async with opened(tmp_path / "with", own()) as repository:
        reported = await repository.formats()
    assert reported.whose == "embedded repository, Bio-Formats 7.3.1"
    assert [one.name for one in reported.of_name("a.zvi")] == ["Zeiss Vision Image (ZVI)"]
    async with opened(tmp_path / "without", None) as repository:
        assert not list((await repository.formats()).of_name("a.zvi"))
