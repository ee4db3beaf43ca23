"""Exported images, as other people's programs read them: pixels, sizes, names and colours."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from tests.support.bio_formats_here import bio_formats, places
from tests.support.installation import PASSWORD, Terminal
from tests.support.javascript_client import javascript_folder, tile_reader
from tests.support.ome_zarrs import write_plate
from tests.support.other_environments import apart, environment_of
from transferapp.bioformats.port import BioFormats
from transferapp.model.images import TileRegion
from transferapp.sandbox.local_installation import LocalInstallation

__all__ = ["bio_formats", "places"]
pytestmark = [pytest.mark.export_clients, pytest.mark.timeout(900)]

READER = Path(__file__).parents[1] / "support" / "foreign" / "read_image.py"
#: t, c, z, y, x: more than a level, more than a tile.
PIXELS = np.random.default_rng(3).integers(0, 4000, (2, 3, 2, 600, 700), np.uint16)
NAMES = ["DAPI", "GFP \N{GREEK SMALL LETTER ALPHA}", "Cy5"]
COLORS = ["0000FF", "00FF00", "FF0000"]
#: One field each.
WELLS = {
    well: np.random.default_rng(number).integers(0, 4000, (1, 1, 1, 90, 120), np.uint16)
    for number, well in enumerate(("A/1", "A/2", "B/1", "B/2"))
}
SIZE_UM = [2.0, 0.5, 0.25]
ZARRS = ["ome-zarr", "ome-zarr-0.4"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Return one image in each form, through agent, server and worker."""
    folder = tmp_path_factory.mktemp("clients")
    source = folder / "cells.ome.tif"
    notes = {
        "axes": "TCZYX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0,
        "Channel": {"Name": NAMES, "Color": [_signed(color) for color in COLORS]},
    }  # fmt: skip
    tifffile.imwrite(source, PIXELS, ome=True, metadata=notes)
    with LocalInstallation(folder / "i", {}) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        asked = ("import", str(source), "--to", "Dataset:Stacks", "--create", "--wait")
        done = terminal.run(*asked, "--json")
        assert done.code == 0, done.err
        [image_id] = done.json["items"][0]["image_ids"]
        yield {
            **{
                form: _exported(terminal, [f"Image:{image_id}"], form, folder / form)
                for form in (*ZARRS, "ome-tiff")
            },
            **_plates(terminal, folder),
        }


def _plates(terminal: Terminal, folder: Path) -> dict[str, Path]:
    """Return a plate in both versions, by "plate " and the form."""
    plate = write_plate(folder / "wells.ome.zarr", {well: [WELLS[well]] for well in WELLS})
    asked = ("import", str(plate), "--to", "Screen:Screened", "--create", "--wait", "--json")
    done = terminal.run(*asked)
    assert done.code == 0, done.err
    images = [f"Image:{one}" for item in done.json["items"] for one in item["image_ids"]]
    found = {}
    for form in ZARRS:
        field = _exported(terminal, images, form, folder / f"plate {form}")
        [found[f"plate {form}"]] = [one for one in field.parents if one.suffix == ".zarr"]
    return found


def _signed(rgb: str) -> int:
    """Return a colour as OME-XML has it: RGBA, signed."""
    rgba = (int(rgb, 16) << 8) | 255
    return rgba - (1 << 32) if rgba >= 1 << 31 else rgba


def _exported(terminal: Terminal, images: list[str], form: str, out: Path) -> Path:
    """Return where the first item came to."""
    asked = ("export", *images, "--form", form, "--to", str(out), "--wait", "--json")
    done = terminal.run(*asked)
    assert done.code == 0, done.err + done.out
    return Path(done.json["placements"][0]["path"])


@pytest.fixture(scope="module")
def python() -> Path:
    return environment_of("export-clients")


@pytest.mark.parametrize(
    ("form", "reader"),
    [
        *((form, reader) for form in ZARRS
          for reader in ("models", "zarr", "ome_zarr", "napari", "bioio")),
        *(("ome-tiff", reader) for reader in ("ome_types", "tifffile", "bioio")),
    ],
)  # fmt: skip
def test_python_reads_it(
    exported: dict[str, Path], python: Path, form: str, reader: str
) -> None:
    command = [str(python), str(READER), reader, str(exported[form])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=apart())
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    wanted = {
        "sha256": hashlib.sha256(PIXELS.tobytes()).hexdigest(), "shape": list(PIXELS.shape),
        "levels": 2, "size_um": SIZE_UM, "names": NAMES, "colors": COLORS,
    }  # fmt: skip
    assert read.items() <= wanted.items()
    assert read.keys() & {"sha256", "names"}


@pytest.mark.parametrize("form", ZARRS)
def test_ome_zarr_py_reads_a_plate(exported: dict[str, Path], python: Path, form: str) -> None:
    command = [str(python), str(READER), "plate", str(exported[f"plate {form}"])]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=apart())
    assert done.returncode == 0, done.stderr
    rows = [np.concatenate([WELLS[f"{row}/{column}"] for column in "12"], -1) for row in "AB"]
    stitched = np.concatenate(rows, -2)
    read = json.loads(done.stdout.splitlines()[-1])
    assert read["shape"] == list(stitched.shape)
    assert read["sha256"] == hashlib.sha256(stitched.tobytes()).hexdigest()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """Serve a folder over HTTP, with ranges: findings/zarrita-sharded-without-ranges.sh."""
    with socket.socket() as wire:
        wire.bind(("127.0.0.1", 0))
        app = Starlette(routes=[Mount("/", StaticFiles(directory=folder))])
        config = uvicorn.Config(app, log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([wire]))
        try:
            yield f"http://127.0.0.1:{wire.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize("form", ZARRS)
async def test_javascript_reads_it(exported: dict[str, Path], form: str) -> None:
    path = exported[form]
    rows, columns = (100, 600), (190, 700)
    async with (
        served(path.parent) as url,
        tile_reader(javascript_folder(), f"{url}/{path.name}") as client,
    ):
        for channel in range(len(NAMES)):
            read = await client.read("0", channel, rows, columns)
            assert read.get("channels") == NAMES, read
            values = np.array(read["values"]).reshape(read["shape"])
            wanted = PIXELS[0, channel, 0, slice(*rows), slice(*columns)]
            assert np.array_equal(values, wanted)


def test_bio_formats_reads_it(exported: dict[str, Path], bio_formats: BioFormats) -> None:
    path = exported["ome-tiff"]
    (series,) = bio_formats.describe(path).series
    assert [list(channel) for channel in series.channels] == [
        list(pair) for pair in zip(NAMES, COLORS, strict=True)
    ]
    assert list(series.size_um) == SIZE_UM
    for t, c, z in np.ndindex(2, 3, 2):
        region = TileRegion(0, t, c, z, 0, 0, 600, 700)
        assert bio_formats.pixels(path, 0, region) == PIXELS[t, c, z].tobytes()
