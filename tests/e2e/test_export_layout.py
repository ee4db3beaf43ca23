"""Exports arrive in folders as in the repository, through agent, server and worker, in both
repositories.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.both_repositories import REPOSITORIES, installed
from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
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


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


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
    assert top == "Screen 1"
    assert contents(tmp_path / "originals" / place) == contents(source)
    pictures = exported(terminal, tmp_path / "pictures", str(screen), "--form", "png")
    assert {str(Path(one).parent) for one in pictures} == {
        f"Screen 1/{plate}/A01", f"Screen 1/{plate}/A02",
    }  # fmt: skip
    assert len(pictures) == 4
