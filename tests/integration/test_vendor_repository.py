"""The embedded repository imports, previews and exports vendors' formats without Java."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.support.dicom_files import write_slice
from tests.support.fluoview_files import write_oib, write_oif
from tests.support.imaris_files import write_imaris
from tests.support.lif_files import LifPicture, write_lif_of
from tests.support.vendor_files import Numbers, numbers, write_dicom, write_mrc
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.host.clock import SystemClock
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan
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

_SHAPE = 2, 3, 60, 90


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[LocalRepository]:
    administration = Administration(folder)
    await administration.add_experimenter(ALICE, "Alice Adams", PASSWORD)
    await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
    await administration.add_member(ALICE, LAB)
    made = LocalRepository(folder, SystemClock())
    yield made
    await made.close()


async def imported(repository: LocalRepository, root: Path, files: list[Path]) -> ImageDetails:
    names = tuple(path.relative_to(root).as_posix() for path in files)
    sample = Sample(root, names, 1)
    async with repository.session(ALICE) as session:
        target = await session.containers.create(ContainerKind.DATASET, "Target")
        plan = plan_for(sample, target.ref, session.identity.default_group_id)
        made = await import_all(session, plan, sample.paths)
        [image] = [await session.images.get(image_id) for image_id in made.image_ids]
        return image


def _series(path: Path, planes: Numbers) -> list[Path]:
    for number, plane in enumerate(planes[0], start=1):
        pixels, one = ((0x7FE00010, "OW", plane.tobytes()),), path.with_name(f"s{number}.dcm")
        write_slice(one, size=plane.shape, number=number, more=pixels)
    return sorted(path.parent.glob("s*.dcm"))


#: Ending -> what writes (c, z, y, x) to a file of that ending.
_WRITERS: dict[str, Callable[[Path, Numbers], list[Path]]] = {
    "lif": lambda path, planes: write_lif_of(path, LifPicture("cells", planes)),
    "oib": lambda path, planes: write_oib(path, planes, "CZ"),
    "oif": lambda path, planes: write_oif(path, planes, "CZ"),
    "ims": lambda path, planes: write_imaris(path, [planes[None]]),
    "mrc": lambda path, planes: write_mrc(path, planes[0]),
    "dcm": lambda path, planes: write_dicom(path, planes[0, 0]),
    "series": _series,
}


@pytest.mark.parametrize("ending", _WRITERS)
async def test_imported_previewed_and_exported(tmp_path: Path, ending: str) -> None:
    written = numbers(_SHAPE, "<u2")
    root = tmp_path / "source"
    root.mkdir()
    files = _WRITERS[ending](root / f"x.{ending}", written)
    async with opened(tmp_path / "repository") as repository:
        image = await imported(repository, root, files)
        async with repository.session(ALICE) as session:
            last = image.pixels.size_c - 1, image.pixels.size_z - 1
            region = TileRegion(0, 0, *last, 8, 16, 20, 30)
            tile = await session.images.tile(image.summary.id, region)
            assert np.array_equal(tile, written[last][8:28, 16:46])
            thumbnail = await session.images.thumbnail(image.summary.id, 96)
            assert thumbnail.startswith(b"\xff\xd8")
            exported = {
                file.name: b"".join([part async for part in session.images.read(file.id)])
                for file in image.files
            }
        assert exported == {path.name: path.read_bytes() for path in files}


@pytest.mark.parametrize("ending", _WRITERS)
async def test_the_drop_and_the_server_show_the_same(tmp_path: Path, ending: str) -> None:
    """What grouping makes of the dropped folder is imported with no word against it."""
    root = tmp_path / "source"
    root.mkdir()
    written = numbers(_SHAPE, "<u2")
    files = set(_WRITERS[ending](root / f"x.{ending}", written))
    async with opened(tmp_path / "repository") as repository:
        settings = PreflightSettings(still_writing_s=0, target=await repository.formats())
        found = [one for one in group(scan([root])) if not preflight(one, settings).blocked]
        for one in found:
            paths = [file.path for file in one.files]
            assert files >= set(paths)
            await imported(repository, root, paths)
    assert found


async def test_a_damaged_one_is_reported_as_that(tmp_path: Path) -> None:
    root = tmp_path / "source"
    root.mkdir()
    [path] = write_oib(root / "x.oib", numbers((2, 60, 90), "<u2"))
    path.write_bytes(path.read_bytes()[:9000])
    async with opened(tmp_path / "repository") as repository:
        with pytest.raises(DamagedFile, match=r"x\.oib"):
            await imported(repository, root, [path])


async def test_it_states_what_it_reads(tmp_path: Path) -> None:
    async with opened(tmp_path / "repository") as repository:
        reported = await repository.formats()
        readers = {ending: [one.reader for one in reported.of_name(f"a.{ending}")] for ending in
                   ("lif", "oib", "oif", "ims", "map", "dcm")}  # fmt: skip
    assert readers == {
        "lif": ["liffile"],
        "oib": ["olefile"],
        "oif": ["tifffile"],
        "ims": ["h5py"],
        "map": ["mrcfile"],
        "dcm": ["pydicom"],
    }


async def test_where_a_library_is_missing_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "liffile", None)
    written = numbers(_SHAPE, "<u2")
    root = tmp_path / "source"
    root.mkdir()
    async with opened(tmp_path / "repository") as repository:
        reported = await repository.formats()
        assert not list(reported.of_name("a.lif"))
        assert list(reported.of_name("a.mrc"))
        with pytest.raises(UnsupportedFile, match="pip install 'transferapp"):
            await imported(repository, root, _WRITERS["lif"](root / "x.lif", written))
        image = await imported(repository, root, _WRITERS["mrc"](root / "x.mrc", written))
        assert image.pixels.size_z == 3
