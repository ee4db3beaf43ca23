"""Images that our own adapter imported into a sandbox, for others' clients to see."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.omero_env import adapter, settings_for, start_sandbox
from transferapp.host.resources import resource
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, Sample, import_all, new_dataset, plan_for

CELLS = Sample(resource("sample-data", "tiff-channels-cells"), ("cells_D03f00d0.tif",), 1)
#: Larger than a plane of OMERO's: read by tiles, with a pyramid.
SLIDE = Sample(resource("sample-data", "ome-tiff-pyramid"), ("slide.ome.tiff",), 1)
STACK = Sample(resource("sample-data", "ome-tiff-timelapse"), ("timelapse.ome.tif",), 1)
PLATE = Sample(
    resource("sample-data", "ome-tiff-plate-cells"),
    (
        "plate.companion.ome",
        "A01_f0.ome.tif",
        "A01_f1.ome.tif",
        "A02_f0.ome.tif",
        "A02_f1.ome.tif",
    ),
    4,
)


@dataclass(frozen=True)
class ImportedByUs:
    """A sandbox with a dataset of three images, and a plate."""

    sandbox: RunningSandbox
    dataset: int
    cells: int
    slide: int
    stack: int
    wells: tuple[int, ...]


@contextmanager
def imported_by_us(folder: Path) -> Iterator[ImportedByUs]:
    """Start a sandbox and import as alice, over ssl."""
    with start_sandbox(folder / "sandbox", ("tcp", "ssl")) as sandbox:
        yield asyncio.run(_import(sandbox, folder))


async def _import(sandbox: RunningSandbox, folder: Path) -> ImportedByUs:
    repository = adapter(settings_for(sandbox, folder, "ssl"))
    try:
        async with repository.session(ALICE) as session:
            dataset = await new_dataset(session, "By TransferApp")
            ids = []
            for sample in (CELLS, SLIDE, STACK, PLATE):
                target = None if sample is PLATE else dataset.ref
                # OMERO calls images and plates as the import is called.
                name = "test plate" if sample is PLATE else sample.client_paths[0]
                plan = replace(plan_for(sample, target, dataset.group_id), name=name)
                ids.append((await import_all(session, plan, sample.paths)).image_ids)
    finally:
        await repository.close()
    (cells,), (slide,), (stack,), wells = ids
    return ImportedByUs(sandbox, dataset.ref.id, cells, slide, stack, tuple(wells))
