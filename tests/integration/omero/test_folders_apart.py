"""Each fileset lies in a folder of its own in OMERO, where no neighbour can lead astray.

Bio-Formats 7.3.1 shows the pixels of ``cells.czi`` for ``cells (treated).czi`` beside it, and
reads every TIFF beside a Micro-Manager ``metadata.txt`` as a part of that run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")
pytest.importorskip("pylibCZIrw.czi", reason="needs the extra 'readers'")

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.file_sets import touched_tiff
from tests.support.omero_fixtures import omero, sandbox
from tests.support.vendor_sets import MM_IMAGES, write_micromanager
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]


async def stored_beside_each(
    dropped: Path, omero: OmeroRepository, sandbox: RunningSandbox
) -> dict[str, list[str]]:
    """Import all of a folder at once; return what lies around each first file in OMERO."""
    beside = {}
    async with omero.session(ALICE) as session:
        dataset = await new_dataset(session)
        for candidate in group(scan([dropped])):
            paths = tuple(file.client_path for file in candidate.files)
            sample = Sample(dropped.parent, paths, 1)
            plan = plan_for(sample, dataset.ref, dataset.group_id)
            await import_all(session, plan, sample.paths)
            (stored,) = sandbox.repository_folder.rglob(candidate.files[0].path.name)
            around = [path for path in stored.parent.rglob("*") if path.is_file()]
            beside[stored.name] = sorted(path.name for path in around)
    return beside


async def test_a_czi_with_a_bracket_does_not_show_its_neighbour(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    dropped = tmp_path / "cells"
    dropped.mkdir()
    for value, name in enumerate(("cells.czi", "cells (treated).czi"), 1):
        write_czi(dropped / name, [Tile(plane(value))])
    assert await stored_beside_each(dropped, omero, sandbox) == {
        "cells.czi": ["cells.czi"],
        "cells (treated).czi": ["cells (treated).czi"],
    }


async def test_a_mask_beside_a_micro_manager_run_is_not_read_as_the_run(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    dropped = write_micromanager(tmp_path / "run")
    touched_tiff(dropped / "mask.tif", 255)
    assert await stored_beside_each(dropped, omero, sandbox) == {
        MM_IMAGES[0]: [*MM_IMAGES, "metadata.txt"],
        "mask.tif": ["mask.tif"],
    }
