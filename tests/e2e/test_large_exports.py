"""Images that are larger than a worker's memory, converted by a real worker process."""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr

from tests.support.installation import PASSWORD
from tests.support.portioned_export import PortionedExport
from transferapp.model.export_specs import ExportForm
from transferapp.model.transfers import ItemState
from transferapp.sandbox.local_installation import LocalInstallation

#: Of the most that the worker ever had in memory; that of an idle one is 150.
SHORT, SHORT_MB = 12_000, 600
LARGE, LARGE_MB = 60_000, 1000
TILE = np.add.outer(np.arange(512), 3 * np.arange(512)).astype("<u2")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def tiled_tiff(path: Path, edge: int) -> Path:
    """Write three channels of edge x edge uint16; all tiles are alike, so the file is small."""
    encoded = zlib.compress(TILE.tobytes(), 6)
    count = 3 * (-(-edge // 512)) ** 2
    tifffile.imwrite(
        path,
        repeat(encoded, count),
        shape=(3, edge, edge),
        dtype=TILE.dtype,
        tile=TILE.shape,
        compression="zlib",
        bigtiff=True,
        photometric="minisblack",
        metadata={"axes": "CYX"},
        ome=True,
    )
    return path


@pytest.fixture
def export(tmp_path: Path) -> Iterator[PortionedExport]:
    with LocalInstallation(tmp_path / "i") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        yield PortionedExport(installation, tmp_path / "i" / "data" / "server", "")


def most_memory_mb(pid: int) -> float:
    """Return the most that a process ever had in memory."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1000


def corner(folder: Path, form: ExportForm) -> np.ndarray:
    """Read the last tile and a bit of the last channel, with others' libraries."""
    [place] = folder.iterdir()
    if form is ExportForm.OME_ZARR:
        array = zarr.open_array(place / "0", mode="r")
        return np.asarray(array[0, 2, 0, -600:, -600:])
    with tifffile.TiffFile(place) as file:
        lazy: Any = zarr.open_group(file.aszarr(), mode="r")["0"]
        return np.asarray(lazy[2, -600:, -600:])


@pytest.mark.parametrize("form", [ExportForm.OME_ZARR, ExportForm.OME_TIFF])
@pytest.mark.parametrize(
    ("edge", "most_mb"),
    [(SHORT, SHORT_MB), pytest.param(LARGE, LARGE_MB, marks=pytest.mark.large)],
)
async def test_memory_is_bounded(
    export: PortionedExport,
    tmp_path: Path,
    edge: int,
    most_mb: int,
    form: ExportForm,
) -> None:
    (tmp_path / "run").mkdir()
    installation = export.installation
    path = tiled_tiff(tmp_path / "run" / "large.ome.tif", edge)
    image_id = await export.imported(path)
    installation.start("server")
    installation.start("worker", wait=False)
    asked = await export.asked(image_id, form)
    ended = await export.reached(
        asked, ItemState.READY, ItemState.FAILED, ItemState.NEEDS_ATTENTION, within_s=3000
    )
    assert ended.items[0].state is ItemState.READY, ended.items
    most = most_memory_mb(installation.pid("worker"))
    sys.stdout.write(f"{form} of {edge} x {edge} x 3: at most {most:.0f} MB\n")
    assert most < most_mb
    found = corner(export.data / "prepared" / ended.items[0].id, form)
    wanted = np.tile(TILE, (3, 3))
    rest = edge % 512
    shown = wanted[: 1024 + rest, : 1024 + rest][-600:, -600:]
    np.testing.assert_array_equal(found, shown)
