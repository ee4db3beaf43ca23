"""Plugins of the ``omero`` command, unmodified, on images that our adapter imported."""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zarr

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_imported import CELLS, ImportedByUs, imported_by_us
from tests.support.omero_programs import OmeroPrograms, omero_programs
from tests.support.omero_sandbox_env import gateway

# The first run fetches the packages.
pytestmark = [pytest.mark.omero_clients, pytest.mark.timeout(1800)]


#: What the dialog and the viewer of omero-browser-qt do, without a window.
_BROWSED = """
import json, sys
from PyQt6.QtWidgets import QApplication
app = QApplication([])
from omero_browser_qt import OmeroGateway, OmeroTreeModel
from omero_browser_qt.image_loader import PyramidTileProvider, load_image_data
port, password, cells, slide = sys.argv[1:]
gateway = OmeroGateway()
assert gateway.connect("127.0.0.1", int(port), "alice", password)
conn = gateway.get_connection()
tree = OmeroTreeModel()
tree.load_root(conn)
pyramid = PyramidTileProvider(conn.getObject("Image", int(slide)))
plane = load_image_data(conn.getObject("Image", int(cells)))["images"][0]
print(json.dumps({
    "tree": [tree.item(row).text() for row in range(tree.rowCount())],
    "sum": int(plane.sum()),
    "levels": pyramid.n_levels,
    "overview": [list(channel.shape) for channel in pyramid.load_overview()],
    "tile": list(pyramid.get_tile(pyramid.n_levels - 1, 0, 0, 0, 19, 0).shape),
}))
gateway.disconnect()
"""


@dataclass
class Terminal:
    """A person at a terminal."""

    omero: OmeroPrograms
    held: ImportedByUs


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    python = omero_programs()
    with (
        imported_by_us(tmp_path_factory.mktemp("omero")) as held,
        tempfile.TemporaryDirectory(prefix="ta-") as home,
    ):
        yield Terminal(OmeroPrograms(python, held.sandbox, Path(home)), held)


def test_render_tells_sets_and_copies(terminal: Terminal, tmp_path: Path) -> None:
    slide, run = f"Image:{terminal.held.slide}", terminal.omero.run
    assert "label=Ki-67" in run("render", "info", slide)
    wanted = tmp_path / "settings.json"
    channels = {"1": {"color": "00FFFF", "start": 1, "end": 30, "label": "Nuclei"}}
    wanted.write_text(json.dumps({"version": 2, "channels": channels}))
    run("render", "set", slide, str(wanted))
    shown = run("render", "info", slide)
    assert "color=00FFFF" in shown
    assert "end=30.0" in shown
    well, other = (f"Image:{image}" for image in terminal.held.wells[:2])
    assert "copied" in run("render", "copy", well, other)
    run("render", "test", slide)


def test_metadata_tells_of_an_image(terminal: Terminal) -> None:
    cells, run = f"Image:{terminal.held.cells}", terminal.omero.run
    shown = run("metadata", "summary", cells)
    assert "cells_D03f00d0.tif" in shown
    assert f"Dataset:{terminal.held.dataset}" in shown
    assert "[GlobalMetadata]" in run("metadata", "original", cells)
    run("metadata", "allanns", cells)


_ROWS = """Image Name,Treatment,Cells,Confluence
cells_D03f00d0.tif,DMSO,412,0.8
slide.ome.tiff,tamoxifen µM,77,0.25
"""
_MAPPED = """name: words of the table
version: 1
defaults:
columns:
  - group:
      namespace: words
      columns:
        - name: Treatment
        - name: Cells
"""


def test_metadata_makes_a_table_and_pairs_of_it(terminal: Terminal, tmp_path: Path) -> None:
    pytest.importorskip("tables", reason="needs PyTables")
    held, run = terminal.held, terminal.omero.run
    dataset = f"Dataset:{held.dataset}"
    rows, mapped = tmp_path / "rows.csv", tmp_path / "mapped.yml"
    rows.write_text(_ROWS, encoding="utf-8")
    mapped.write_text(_MAPPED, encoding="utf-8")
    run("metadata", "populate", "--file", str(rows), dataset)
    with gateway(held.sandbox, password=held.sandbox.password) as conn:
        (table,) = conn.getObject("Dataset", held.dataset).listAnnotations()
        assert table.getNs() == "openmicroscopy.org/omero/bulk_annotations"
        opened = conn.c.sf.sharedResources().openTable(table.getFile()._obj)
        columns = opened.read(list(range(len(opened.getHeaders()))), 0, 0).columns
        found = {column.name: list(column.values) for column in columns}
        opened.close()
    assert found["Image"] == [held.cells, held.slide]
    assert found["Treatment"] == ["DMSO", "tamoxifen µM"]
    assert found["Cells"] == [412, 77]
    assert found["Confluence"] == [0.8, 0.25]
    pairs = ("--cfg", str(mapped), dataset, "--context")
    run("metadata", "populate", *pairs, "bulkmap")
    assert _pairs(held) == [[("Treatment", "tamoxifen µM"), ("Cells", "77")]]
    run("metadata", "populate", *pairs, "deletemap")
    assert _pairs(held) == []


def _pairs(held: ImportedByUs) -> list[list[tuple[str, str]]]:
    with gateway(held.sandbox, password=held.sandbox.password) as conn:
        notes = conn.getObject("Image", held.slide).listAnnotations(ns="words")
        return [note.getValue() for note in notes]


def test_zarr_exports_the_pixels(terminal: Terminal, tmp_path: Path) -> None:
    cells = terminal.held.cells
    terminal.omero.run("zarr", "--output", str(tmp_path), "export", f"Image:{cells}")
    exported = zarr.open_array(next(tmp_path.glob("*.zarr")) / "0", mode="r")
    assert np.array_equal(np.squeeze(np.asarray(exported)), tifffile.imread(CELLS.paths[0]))


def test_transfer_packs_a_dataset(terminal: Terminal, tmp_path: Path) -> None:
    packed = tmp_path / "packed.tar"
    terminal.omero.run("transfer", "pack", f"Dataset:{terminal.held.dataset}", str(packed))
    with tarfile.open(packed) as archive:
        names = {Path(name).name: name for name in archive.getnames()}
        found = archive.extractfile(names["cells_D03f00d0.tif"])
        assert found is not None
        assert found.read() == CELLS.paths[0].read_bytes()
    assert "transfer.xml" in names


def test_the_qt_browser_reads_the_tree_and_tiles(terminal: Terminal) -> None:
    held = terminal.held
    found = json.loads(
        terminal.omero.python(
            _BROWSED, held.sandbox.port("ssl"), held.sandbox.password, held.cells, held.slide
        )
    )
    assert "By TransferApp (3)" in found["tree"]
    assert found["sum"] == int(tifffile.imread(CELLS.paths[0]).sum())
    assert found["levels"] == 5
    assert found["overview"] == [[1, 250, 312]] * 3
    # Its tiles are of 256 pixels: 5000 are nineteen, and a rest.
    assert found["tile"] == [256, 136]
