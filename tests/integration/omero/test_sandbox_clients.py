"""Other people's OMERO clients, unmodified, work with the sandbox: CLI, napari."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from transferapp.host.resources import resource
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("omero")

from tests.support.omero_cli import OmeroCli
from tests.support.omero_sandbox_env import (
    gateway,
    import_fake,
    import_files,
    make_dataset,
    unloaded,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@dataclass(frozen=True)
class LocalRepositoryStore:
    """A sandbox with one image in one dataset."""

    sandbox: RunningSandbox
    file: Path
    dataset: int
    image: int


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRepositoryStore]:
    file = min(resource("sample-data", "tiff-channels-cells").glob("*.tif"))
    with RunningSandbox(tmp_path_factory.mktemp("omero")) as sandbox:
        with gateway(sandbox) as conn:
            dataset = unloaded(make_dataset(conn, "shared"))
            image = import_files(conn, [file], dataset).objects[0].id.val
        yield LocalRepositoryStore(sandbox, file, dataset.id.val, image)


@pytest.fixture
def conn(held: LocalRepositoryStore) -> Iterator[Any]:
    with gateway(held.sandbox) as made:
        yield made


@pytest.fixture(scope="module")
def cli(held: LocalRepositoryStore, tmp_path_factory: pytest.TempPathFactory) -> OmeroCli:
    made = OmeroCli(held.sandbox, tmp_path_factory.mktemp("home"))
    made.login()
    return made


def test_cli_obj_and_hql(cli: OmeroCli) -> None:
    made = cli.run("obj", "new", "Dataset", "name=by-cli")
    assert re.fullmatch(r"Dataset:\d+", made)
    cli.run("obj", "update", made, "description=words")
    assert "words" in cli.run("obj", "get", made, "description")
    query = "select d.name from Dataset d where d.name = 'by-cli'"
    assert "by-cli" in cli.run("hql", "--style", "csv", "-q", query)


def test_cli_download(cli: OmeroCli, held: LocalRepositoryStore, tmp_path: Path) -> None:
    cli.run("download", f"Image:{held.image}", str(tmp_path / "out"))
    (found,) = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert found.read_bytes() == held.file.read_bytes()


def test_cli_fs(cli: OmeroCli, held: LocalRepositoryStore) -> None:
    assert "ManagedRepository" in cli.run("fs", "repos", "--style", "csv")
    assert str(held.dataset) != ""
    assert "alice" in cli.run("fs", "sets", "--style", "csv")


def test_cli_tells_how_long_an_import_took(
    cli: OmeroCli, held: LocalRepositoryStore, conn: Any
) -> None:
    held.sandbox.control("slow_step", seconds=0.2, log_every=0)
    try:
        made = import_fake(conn, "slow&sizeC=2&sizeT=3.fake").objects[0]
    finally:
        held.sandbox.control("slow_step", seconds=0, log_every=0)
    fileset = made.fileset.id.val
    assert cli.run("fs", "importtime", "--summary") == "no import times to report"
    shown = cli.run("fs", "importtime", f"Fileset:{fileset}", "--cache")
    took = dict(re.findall(r"(\w+) time of +([\d.]+)s", shown))
    assert list(took) == ["upload", "setId", "metadata", "pixels"]
    # The log is written when a step ends; images are made at the end of the first.
    assert float(took["setId"]) >= 0.2
    assert 0.2 <= float(took["pixels"]) < 10
    assert "for 1 file (" in shown
    assert "for 6 planes (" in shown
    assert re.search(
        rf"^{fileset},\d+,1,", cli.run("fs", "importtime", "--summary"), re.MULTILINE
    )


def test_cli_tells_who_is_signed_in(held: LocalRepositoryStore, cli: OmeroCli) -> None:
    with gateway(held.sandbox, "bob"):
        shown = cli.run("sessions", "who")
    (mine,) = [line for line in shown.splitlines() if "(*)" in line]
    assert "alice" in mine
    (other,) = [line for line in shown.splitlines() if "bob" in line]
    assert "---" in other


def test_cli_tags(cli: OmeroCli, held: LocalRepositoryStore, conn: Any) -> None:
    tag = cli.run("tag", "create", "--name", "good", "--desc", "words").removeprefix(
        "TagAnnotation:"
    )
    cli.run("tag", "link", f"Image:{held.image}", tag)
    cli.run("tag", "createset", "--tag", tag, "--name", "marks", "--desc", "of people")
    assert "'marks'" in cli.run("tag", "list")
    (linked,) = conn.getObject("Image", held.image).listAnnotations()
    assert linked.getTextValue() == "good"


def test_cli_moves_to_another_group_and_counts(
    cli: OmeroCli, held: LocalRepositoryStore, conn: Any
) -> None:
    dataset = unloaded(make_dataset(conn, "to be moved"))
    import_files(conn, [held.file], dataset)
    assert str(held.file.stat().st_size) in cli.run(
        "fs", "usage", f"Dataset:{dataset.id.val}", "--style", "csv"
    )
    cli.run("chgrp", "private", f"Dataset:{dataset.id.val}", "--dry-run")
    assert conn.getObject("Dataset", dataset.id.val) is not None
    cli.run("chgrp", "private", f"Dataset:{dataset.id.val}")
    assert conn.getObject("Dataset", dataset.id.val) is None
    conn.SERVICE_OPTS.setOmeroGroup("-1")
    private = conn.getAdminService().lookupGroup("private").id.val
    moved = conn.getObject("Dataset", dataset.id.val)
    assert moved.getDetails().group.id.val == private
    (image,) = moved.listChildren()
    assert image.getDetails().group.id.val == private


def test_napari_omero_reads_a_pyramid(conn: Any) -> None:
    loader = pytest.importorskip("napari_omero.plugins.loaders")
    file = resource("sample-data", "ome-tiff-pyramid") / "slide.ome.tiff"
    image = import_files(conn, [file]).objects[0].id.val
    data, _metadata, kind = loader.load_image_wrapper(conn.getObject("Image", image))[0]
    assert kind == "image"
    assert len(data) > 2
    sizes = [level.shape[-1] for level in data]
    assert sizes == sorted(sizes, reverse=True)
    smallest = np.squeeze(np.asarray(data[-1]))
    assert smallest.any()


def test_napari_omero_reads_an_image(held: LocalRepositoryStore, conn: Any) -> None:
    loader = pytest.importorskip("napari_omero.plugins.loaders")
    data, _metadata, kind = loader.load_image_wrapper(conn.getObject("Image", held.image))[0]
    assert kind == "image"
    shown = data[0] if isinstance(data, list) else data
    assert np.array_equal(np.squeeze(np.asarray(shown)), tifffile.imread(held.file))
