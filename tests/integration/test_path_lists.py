"""Where original files lie for a site that mounts the storage: a real server, as a person."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.many_images import FILES, add_many
from tests.support.rest_server import RestServer, http, rest_server
from tests.support.rest_uploads import bearer, problem_of
from transferapp.cli.path_lists import summary
from transferapp.client.path_lists import write_paths
from transferapp.errors import ImageNotFound, Invalid, NameTaken, TargetNotFound
from transferapp.operations.path_lists import NOT_MOUNTED, NOT_SEEN
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest
from transferapp.protocol.path_lists import PathRow
from transferapp.repositories.local.storage.store import Originals

__all__ = ["http"]


def asked(*containers: str, **more: object) -> ExportRequest:
    return ExportRequest.model_validate({"name": "x", "containers": list(containers), **more})


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RestServer]:
    monkeypatch.setenv("TRANSFERAPP_PLACES_FILE", str(tmp_path / "places.toml"))
    mount(tmp_path, tmp_path / "server" / "repository", "/mnt/images")
    async with rest_server(tmp_path / "server") as running:
        yield running


def mount(home: Path, folder: Path, shown: str) -> None:
    (home / "places.toml").write_text(f"[mounted]\n\"{folder}\" = '{shown}'\n")
    (home / "places.toml").chmod(0o600)


def fill(server: RestServer, count: int, **more: int) -> str:
    """Make images of which only the repository's records are there."""
    repository = server.parts.settings.repository_folder
    return str(add_many(repository, "ada", count, **more))


async def rows_of(
    server: RestServer, request: ExportRequest, who: str = "ada"
) -> list[PathRow]:
    client = await server.signed_in(who)
    return [row async for row in client.paths(request)]


async def lay_down(server: RestServer) -> None:
    """Put the files there that ``add_many`` only notes."""
    originals = Originals(server.parts.settings.repository_folder)
    async with server.parts.repository.session("ada") as session:
        found = await session.images.find(limit=1000)
        files = await session.images.files([image.id for image in found])
    for file in files:
        path = originals.named(file.fileset_id, file.client_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * file.size_bytes)


async def test_each_file_once_with_all_its_images(server: RestServer) -> None:
    dataset = fill(server, 7, per_fileset=3)
    await lay_down(server)
    rows = await rows_of(server, asked(dataset))
    assert len(rows) == len({row.path for row in rows}) == 3 * FILES
    assert all(row.path.startswith("/mnt/images/filesets/") for row in rows)
    assert all(row.size_bytes == 1000 and len(row.sha1) == 40 for row in rows)
    assert sorted({tuple(row.image_ids) for row in rows}) == [(1, 2, 3), (4, 5, 6), (7,)]
    some = await rows_of(server, ExportRequest(name="x", image_ids=[5, 2]))
    assert sorted({tuple(row.image_ids) for row in some}) == [(2,), (5,)]


async def test_many_pages(server: RestServer) -> None:
    dataset = fill(server, 1200)
    rows = await rows_of(server, asked(dataset))
    assert len(rows) == 1200 * FILES
    assert {row.reason for row in rows} == {NOT_SEEN}
    assert sorted(one for row in rows[::FILES] for one in row.image_ids) == [*range(1, 1201)]


async def test_only_who_may_see_them_is_told(server: RestServer) -> None:
    dataset = fill(server, 2)
    with pytest.raises(TargetNotFound):
        await rows_of(server, asked(dataset), who="bob")
    with pytest.raises(ImageNotFound):
        await rows_of(server, ExportRequest(name="x", image_ids=[1]), who="bob")


async def test_what_is_not_mounted_or_not_there_says_so(
    server: RestServer, tmp_path: Path
) -> None:
    dataset = fill(server, 1)
    [row, *_] = await rows_of(server, asked(dataset))
    assert (row.path, row.reason) == ("", NOT_SEEN)
    await lay_down(server)
    mount(tmp_path, tmp_path / "elsewhere", "/mnt/images")
    [row, *_] = await rows_of(server, asked(dataset))
    assert (row.path, row.reason) == ("", NOT_MOUNTED)


async def test_a_link_counts_by_where_it_leads(server: RestServer, tmp_path: Path) -> None:
    """As in-place imports leave them: the link itself is of no use to a site."""
    dataset = fill(server, 1)
    await lay_down(server)
    repository = server.parts.settings.repository_folder
    vault = tmp_path / "vault"
    vault.mkdir()
    for path in sorted(repository.joinpath("filesets").rglob("*")):
        if path.is_file():
            target = vault / path.name
            path.rename(target)
            path.symlink_to(target)
    [row, *_] = await rows_of(server, asked(dataset))
    assert row.reason == NOT_MOUNTED
    mount(tmp_path, vault, r"\\nas\vault")
    [row, *_] = await rows_of(server, asked(dataset))
    assert row.path.startswith("\\\\nas\\vault\\")


async def test_refused_in_a_sentence(
    server: RestServer, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    dataset = fill(server, 1)
    with pytest.raises(Invalid, match="Only original files have paths"):
        await rows_of(server, asked(dataset, form="ome-tiff"))
    with pytest.raises(Invalid, match="Only original files have paths"):
        await rows_of(server, asked(dataset, to="cluster:"))
    (tmp_path / "places.toml").write_text("")
    with pytest.raises(TargetNotFound, match="does not offer 'paths:'"):
        await rows_of(server, asked(dataset))
    ada = await server.signed_in()
    with pytest.raises(TargetNotFound, match="does not offer 'paths:'"):
        await summary(ada, asked(dataset), tmp_path / "list")
    assert (await summary(ada, asked(dataset), None)).images == 1
    answer = await http.post(
        routes.EXPORT_PATHS,
        json={"name": "x", "containers": [dataset]},
        headers=bearer(ada.token or ""),
    )
    assert problem_of(answer)["code"] == "target-not-found"


async def test_both_files_are_written_or_none(server: RestServer, tmp_path: Path) -> None:
    dataset = fill(server, 3)
    await lay_down(server)
    ada, to = await server.signed_in(), tmp_path / "list"
    made = await write_paths(to, "https://s", 'Cells "1"', ada.paths(asked(dataset)))
    assert (made.files, made.without_path) == (3 * FILES, 0)
    text = await asyncio.to_thread(made.json_file.read_text, "utf-8")
    found = json.loads(text)
    assert (found["format"], found["name"]) == ("transferapp-paths-1", 'Cells "1"')
    assert (found["file_count"], found["without_path"]) == (len(found["files"]), 0)
    table = await asyncio.to_thread(made.csv_file.read_text, "utf-8-sig")
    rows = list(csv.DictReader(table.splitlines()))
    assert [row["path"] for row in rows] == [one["path"] for one in found["files"]]
    with pytest.raises(NameTaken):
        await write_paths(to, "https://s", "Cells", ada.paths(asked(dataset)))
    with pytest.raises(TargetNotFound):
        await write_paths(tmp_path / "no", "s", "x", ada.paths(asked("Dataset:99")))
    there = await asyncio.to_thread(lambda: {path.name for path in tmp_path.iterdir()})
    assert there == {"list.csv", "list.json", "places.toml", "server"}
