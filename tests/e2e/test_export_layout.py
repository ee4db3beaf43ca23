"""Exports arrive in folders as in the repository, through agent, server and worker, in both
repositories.
"""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from ome_zarr_models.v04.hcs import HCS as HCS04
from ome_zarr_models.v05.hcs import HCS as HCS05

from tests.support.agent_process import until
from tests.support.both_repositories import REPOSITORIES, installed
from tests.support.export_env import arrived, manifests
from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
from transferapp.client.agent import AgentClient
from transferapp.host.resources import resource
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.sandbox.installation_repositories import SandboxRepository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=REPOSITORIES)
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    with installed(request.param, tmp_path_factory.mktemp("layout")) as signed_in:
        yield signed_in


def made(
    terminal: Terminal, kind: ContainerKind, name: str, parent: ContainerRef | None = None
) -> ContainerRef:
    async def make() -> ContainerRef:
        async with await terminal.installation.sign_in(USERNAME, PASSWORD) as server:
            return (await server.create_container(kind, name, parent=parent)).ref

    return asyncio.run(make())


def imported(terminal: Terminal, path: Path, target: ContainerRef, *more: str) -> list[str]:
    done = terminal.run("import", str(path), "--to", str(target), *more, "--wait", "--json")
    assert done.code == 0, done.err
    return [f"Image:{one}" for item in done.json["items"] for one in item["image_ids"]]


def exported(terminal: Terminal, out: Path, *arguments: str) -> set[str]:
    """Export, and return the places that the items have below the destination."""
    done = terminal.run("export", *arguments, "--to", str(out), "--wait", "--json")
    assert done.code == 0, done.err + done.out
    assert all(one["placed"] for one in done.json["placements"])
    return {str(Path(one["path"]).relative_to(out)) for one in done.json["placements"]}


@contextmanager
def plates_given_out(terminal: Terminal) -> Iterator[None]:
    """OMERO keeps the files of plates back unless its administrator says otherwise."""
    repository, key = terminal.installation.repository, "omero.policy.binary_access"
    if not isinstance(repository, SandboxRepository):
        yield
        return
    repository.sandbox.control("set", key=key, value="+read,+write,+image,+plate")
    try:
        yield
    finally:
        repository.sandbox.control("set", key=key, value="+read,+write,+image")


def checked(folder: Path) -> list[dict[str, str]]:
    """Check the checksums beside an export as a person does; return its list."""
    found = manifests(folder)
    asked = ("sha1sum", "--check", "--strict", "--quiet", found["sha1"].name)
    done = subprocess.run(asked, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(found["manifest.json"].read_bytes())
    files = [file for item in manifest["items"] for file in item["files"]]
    stated = {file["path"] for file in [*files, *manifest["plate_files"]]}
    assert stated == arrived(folder).keys()
    with found["images.csv"].open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.export_bad_input
def test_datasets_of_one_name_and_of_names_that_windows_cannot_store(
    terminal: Terminal, tmp_path: Path
) -> None:
    project = made(terminal, ContainerKind.PROJECT, "Trailing dots...")
    kinds = ("Control", "control", "CON", "a/b: c?")
    datasets = [made(terminal, ContainerKind.DATASET, name, project) for name in kinds]
    for number, dataset in enumerate(datasets):
        make_tiffs(tmp_path / f"run{number}", 2, edge=32, seed=number)
        imported(terminal, tmp_path / f"run{number}", dataset)
    out = tmp_path / "out"
    found = exported(terminal, out, str(project))
    one, other = (
        f"{name} (Dataset {ref.id})" for name, ref in zip(kinds, datasets[:2], strict=False)
    )
    folders = [f"Trailing dots/{name}" for name in (one, other, "CON_", "a_b_ c_")]
    names = ("field_000.tif", "field_001.tif")
    assert found == {f"{folder}/{name}" for folder in folders for name in names}
    for number, folder in enumerate(folders):
        assert contents(out / folder) == contents(tmp_path / f"run{number}")
    listed = checked(out)
    assert {(row["project"], row["dataset"]) for row in listed} == {
        ("Trailing dots...", name) for name in kinds
    }
    # Once more: nothing of it goes between the files of the first.
    again = exported(terminal, out, str(project), "--form", "png")
    assert {Path(place).parts[0] for place in again} == {"Trailing dots (2)"}
    assert contents(out / folders[0]) == contents(tmp_path / "run0")
    # The choice of before.
    flat = exported(terminal, tmp_path / "flat", str(datasets[0]), "--layout", "flat")
    assert flat == set(names)


def test_no_dataset(terminal: Terminal, tmp_path: Path) -> None:
    dataset = made(terminal, ContainerKind.DATASET, "Soon gone")
    make_tiffs(tmp_path / "run", 1, edge=32, seed=77)
    images = imported(terminal, tmp_path / "run", dataset)
    assert exported(terminal, tmp_path / "in", *images) == {"Soon gone/field_000.tif"}

    async def delete() -> None:
        async with await terminal.installation.sign_in(USERNAME, PASSWORD) as server:
            await server.delete_container(dataset)

    asyncio.run(delete())
    assert exported(terminal, tmp_path / "out", *images) == {"No dataset/field_000.tif"}


def test_a_plate(terminal: Terminal, tmp_path: Path) -> None:
    screen = made(terminal, ContainerKind.SCREEN, "Screen 1")
    source = resource("sample-data", "ome-tiff-plate-cells")
    imported(terminal, source / "plate.companion.ome", screen)
    with plates_given_out(terminal):
        [place] = exported(terminal, tmp_path / "originals", str(screen))
    # One fileset of several wells: it lies in the plate's folder, and is one object.
    top, plate, _object = Path(place).parts
    wells = [(row["well"], row["field"]) for row in checked(tmp_path / "originals")]
    assert wells == [("A01", "0"), ("A01", "1"), ("A02", "0"), ("A02", "1")]
    assert top == "Screen 1"
    assert contents(tmp_path / "originals" / place) == contents(source)
    pictures = exported(terminal, tmp_path / "pictures", str(screen), "--form", "png")
    assert {str(Path(one).parent) for one in pictures} == {
        f"Screen 1/{plate}/A01", f"Screen 1/{plate}/A02",
    }  # fmt: skip
    assert len(pictures) == 4


def fields_of(folder: Path, version: str) -> dict[str, np.ndarray[Any, Any]]:
    """Open a plate as programs do, and return its fields' pixels by their paths."""
    group = zarr.open_group(folder, mode="r")
    found = (HCS04 if version == "0.4" else HCS05).from_zarr(group)
    plate = (found.attributes if version == "0.4" else found.attributes.ome).plate  # type: ignore[union-attr]
    fields = {}
    for well in plate.wells:
        attributes = dict(group[well.path].attrs)
        stated: Any = attributes["well"] if version == "0.4" else attributes["ome"]["well"]  # type: ignore[call-overload, index]
        for image in stated["images"]:
            path = f"{well.path}/{image['path']}"
            fields[path] = np.asarray(group[f"{path}/0"])
    return fields


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plate_as_one_ome_zarr(terminal: Terminal, tmp_path: Path, version: str) -> None:
    """Killed in between; each field is an item of its own, and all are one plate."""
    screen = made(terminal, ContainerKind.SCREEN, f"Screen of {version}")
    source = resource("sample-data", "ome-tiff-plate-cells")
    imported(terminal, source / "plate.companion.ome", screen)
    form = "ome-zarr" if version == "0.5" else "ome-zarr-0.4"
    out = tmp_path / "out"
    asked = ("export", str(screen), "--form", form, "--to", str(out), "--json")
    done = terminal.run(*asked)
    assert done.code == 0, done.err
    transfer_id = done.json["transfer"]["id"]
    for process in ("agent", "worker", "server"):
        terminal.installation.kill(process)
        terminal.installation.start(process)

    async def written() -> str:
        async with AgentClient(terminal.installation.agent_socket) as agent:
            return str((await until(agent, transfer_id, lambda v: bool(v.manifest))).manifest)

    assert Path(asyncio.run(written())).parent == out
    assert all(row["state"] == "delivered" for row in checked(out))
    [plate] = (out / f"Screen of {version}").iterdir()
    assert plate.name.endswith(".ome.zarr")
    fields = fields_of(plate, version)
    assert set(fields) == {"A/1/0", "A/1/1", "A/2/0", "A/2/1"}
    for path, pixels in fields.items():
        row, column, field = path.split("/")
        original = tifffile.imread(source / f"{row}0{column}_f{field}.ome.tif")
        assert np.array_equal(np.squeeze(pixels), np.squeeze(original)), path
