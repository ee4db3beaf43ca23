"""Images in other forms than they were imported in, through agent, server and worker, in both
repositories.
"""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import ome_types
import pytest
import tifffile
import zarr
from PIL import Image

from tests.support.installation import PASSWORD, Terminal, make_tiffs
from transferapp.sandbox.installation_repositories import SandboxRepository, running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

#: t, c, z, y, x: more than a level, more than a tile.
PIXELS = np.random.default_rng(3).integers(0, 4000, (2, 2, 3, 600, 700), np.uint16)
REPOSITORIES = ("embedded", "omero")


def _installed(folder: Path, repository: Any = None) -> Iterator[Terminal]:
    with LocalInstallation(folder, {}, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield terminal


@pytest.fixture(scope="module", params=REPOSITORIES)
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("forms")
    if request.param == "embedded":
        yield from _installed(folder)
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(folder / "omero", PASSWORD) as repository:
        yield from _installed(folder / "i", repository)


@pytest.fixture(scope="module")
def stack(terminal: Terminal, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Import the pixels; return ``Image:...``."""
    path = tmp_path_factory.mktemp("stack") / "stack.ome.tif"
    notes = {
        "axes": "TCZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0,
        "Channel": {"Name": ["DAPI", "GFP"]},
    }  # fmt: skip
    tifffile.imwrite(path, PIXELS, ome=True, metadata=notes)
    asked = ("import", str(path), "--to", "Dataset:Stacks", "--create", "--tag", "fixed")
    done = terminal.run(*asked, "--wait", "--json")
    assert done.code == 0, done.err
    [item] = done.json["items"]
    [image_id] = item["image_ids"]
    return f"Image:{image_id}"


def exported(terminal: Terminal, out: Path, *arguments: str) -> list[Path]:
    """Export, and return the folders or files that arrived."""
    done = terminal.run("export", *arguments, "--to", str(out), "--wait", "--json")
    assert done.code == 0, done.err + done.out
    assert all(one["placed"] for one in done.json["placements"])
    return [Path(one["path"]) for one in done.json["placements"]]


def test_ome_tiff_of_a_part(terminal: Terminal, stack: str, tmp_path: Path) -> None:
    part = ("--region", "100,50,520,513", "--z", "1-2", "--t", "1", "--channel", "1")
    [path] = exported(terminal, tmp_path, stack, "--form", "ome-tiff", *part)
    with tifffile.TiffFile(path) as file:
        [series] = file.series
        assert np.array_equal(series.asarray(), PIXELS[1, 1, 1:3, 50:563, 100:620])
        assert len(series.levels) == 2
        assert all(
            part in (file.ome_metadata or "") for part in ("GFP", "fixed", 'SizeX="0.5"')
        )


@pytest.mark.parametrize("form", ["ome-zarr", "ome-zarr-0.4"])
def test_ome_zarr(terminal: Terminal, stack: str, tmp_path: Path, form: str) -> None:
    [path] = exported(terminal, tmp_path, stack, "--form", form)
    group = zarr.open_group(path, mode="r")
    assert path.name.endswith(".ome.zarr")
    assert np.array_equal(np.asarray(group["0"]), PIXELS)


@pytest.mark.parametrize(("form", "suffix"), [("png", ".png"), ("jpeg", ".jpg")])
def test_a_picture(
    terminal: Terminal, stack: str, tmp_path: Path, form: str, suffix: str
) -> None:
    [path] = exported(terminal, tmp_path, stack, "--form", form, "--z", "0", "--t", "0")
    with Image.open(path) as picture:
        assert picture.size == (700, 600)
    assert path.suffix == suffix


def drawn_by_alice(terminal: Terminal, image_id: int) -> bool:
    """Draw ROIs on an image; False where nobody can draw any."""
    repository = terminal.installation.repository
    if not isinstance(repository, SandboxRepository):
        return False
    from tests.support.omero_rois import save_roi, shape  # noqa: PLC0415 - needs omero-py
    from tests.support.omero_sandbox_env import gateway  # noqa: PLC0415

    nucleus = shape("Rectangle", x=110.0, y=60.0, width=30.0, height=20.0, theZ=1)
    outside = shape("Ellipse", x=650.0, y=500.0, radiusX=20.0, radiusY=10.0)
    far = shape("Point", x=1.0, y=2.0)
    with gateway(repository.sandbox, "alice", "ssl", PASSWORD) as conn:
        update = conn.getUpdateService()
        save_roi(update, image_id, "a nucleus", [nucleus, outside])
        save_roi(update, image_id, "far", [far])
    return True


def test_annotations_come_with_it(terminal: Terminal, stack: str, tmp_path: Path) -> None:
    drawn = drawn_by_alice(terminal, int(stack.partition(":")[2]))
    part = ("--region", "100,50,520,400", "--z", "1-2")
    asked = (stack, "--form", "ome-tiff", *part, "--with-annotations")
    [folder] = exported(terminal, tmp_path, *asked)
    names = sorted(path.name for path in folder.iterdir())
    assert names == [f"{folder.name}{end}" for end in (".json", ".ome.tiff", ".rois.csv")]
    document = json.loads((folder / names[0]).read_bytes())
    assert [one["value"] for one in document["annotations"]["tags"]] == ["fixed"]
    assert document["repository"]["containers"] == ["Stacks"]
    assert document["image"]["sizes"] == {"t": 2, "c": 2, "z": 2, "y": 400, "x": 520}
    rois, left_out = document["rois"], document["rois_left_out"]
    with (folder / names[2]).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with tifffile.TiffFile(folder / names[1]) as tiff:
        written = ome_types.from_xml(tiff.ome_metadata or "").rois
    if not drawn:
        assert (rois, rows, written) == ([], [], [])
        return
    assert (left_out["rois_outside"], left_out["shapes_outside"]) == (1, 2)
    [roi] = rois
    [shape] = roi["shapes"]
    assert roi["name"] == "a nucleus"
    wanted = {"kind": "rectangle", "x": 10, "y": 10, "width": 30, "height": 20, "z": 0}
    assert {name: shape[name] for name in wanted} == wanted
    [row] = rows
    assert (row["shape_id"], row["x"], row["z"]) == (str(shape["id"]), "10", "0")
    [rectangle] = written[0].union.rectangles
    assert (rectangle.x, rectangle.y, rectangle.the_z) == (10, 10, 0)


@pytest.mark.parametrize(("form", "made"), [("ome-zarr", ".ome.zarr"), ("png", ".png")])
def test_annotations_lie_beside_any_form(
    terminal: Terminal, stack: str, tmp_path: Path, form: str, made: str
) -> None:
    asked = ("--form", form, "--z", "0", "--t", "0", "--with-annotations")
    [folder] = exported(terminal, tmp_path, stack, *asked)
    name = folder.name
    names = {path.name for path in folder.iterdir()}
    assert names == {f"{name}.json", f"{name}.rois.csv", f"{name}{made}"}


def test_a_dataset(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 5, edge=32)
    asked = ("import", str(tmp_path / "run"), "--to", "Dataset:Five", "--create")
    assert terminal.run(*asked, "--wait").code == 0
    found = exported(terminal, tmp_path / "out", "Dataset:Five", "--form", "ome-tiff")
    made = {tifffile.imread(path).tobytes() for path in found}
    assert made == {tifffile.imread(one).tobytes() for one in (tmp_path / "run").iterdir()}


def test_what_is_not_there_is_told(terminal: Terminal, stack: str, tmp_path: Path) -> None:
    """The region is looked at by a worker, which knows the image."""
    asked = ("export", stack, "--form", "png", "--region", "600,0,500,10")
    done = terminal.run(*asked, "--to", str(tmp_path / "out"), "--wait")
    assert done.code != 0
    assert "700 columns" in done.err + done.out
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_before_it_is_asked_for(terminal: Terminal, stack: str, tmp_path: Path) -> None:
    """How much it would be, in any form, without a folder and without a transfer."""
    before = len(terminal.run("transfers", "list", "--json").json)
    done = terminal.run("export", stack, "--dry-run", "--json")
    assert done.code == 0, done.err
    assert (done.json["images"], done.json["files"], done.json["complete"]) == (1, 1, True)
    whole = exported(terminal, tmp_path / "out", stack)
    assert done.json["size_bytes"] == sum(path.stat().st_size for path in whole)
    part = ("--form", "ome-zarr", "--region", "0,0,100,50", "--z", "0-1")
    zarr = terminal.run("export", stack, "--dry-run", "--json", *part).json
    assert (zarr["size_bytes"], zarr["files"]) == (2 * 2 * 2 * 50 * 100 * 2, None)
    gone = terminal.run("export", stack, "Image:987654", "--dry-run")
    assert gone.code == 1
    assert "Image:987654" in gone.err + gone.out
    lost = terminal.run("export", stack, "--dry-run", "--form", "png", "--z", "7")
    assert lost.code == 5
    assert "It has 3 planes." in lost.err + lost.out
    assert terminal.run("export", stack).code == 2
    assert len(terminal.run("transfers", "list", "--json").json) == before + 1


def test_tags_a_search_and_a_list(terminal: Terminal, tmp_path: Path) -> None:
    """In both repositories; what is gone is left out where that is asked for."""
    make_tiffs(tmp_path / "day2", 3, edge=32)
    asked = ("import", str(tmp_path / "day2"), "--to", "Dataset:Chosen", "--create")
    done = terminal.run(*asked, "--tag", "control group", "--wait", "--json")
    assert done.code == 0, done.err
    names = {one["name"]: one["image_ids"][0] for one in done.json["items"]}
    contents = {path.name: path.read_bytes() for path in (tmp_path / "day2").iterdir()}

    def arrived(out: str, *arguments: str) -> dict[str, bytes]:
        paths = exported(terminal, tmp_path / out, *arguments)
        return {path.name: path.read_bytes() for path in paths}

    assert arrived("tag", "Tag:control group") == contents
    one = next(iter(sorted(contents)))
    assert arrived("query", "--query", one[:-4], "Dataset:Chosen") == {one: contents[one]}
    saved = tmp_path / "saved.csv"
    lines = [f"{image_id},{name}" for name, image_id in names.items()]
    saved.write_text("\n".join(["Image,name", *lines, "987654,gone"]), encoding="utf-8")
    out = str(tmp_path / "refused")
    refused = terminal.run("export", "--list", str(saved), "--to", out)
    assert refused.code == 1
    assert "987654" in refused.err
    assert arrived("list", "--list", str(saved), "--skip-missing") == contents
    wrong = terminal.run("export", "--tag", "control", "--dry-run")
    assert wrong.code == 1
    assert "'control'" in wrong.err + wrong.out
