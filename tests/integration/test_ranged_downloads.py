"""Downloads from a real server: ranges, broken connections, damage, names and full disks."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.support.flaky_wire import FlakyWire
from tests.support.small_disks import small_disk
from transferapp import errors
from transferapp.client.downloads import DownloadedFile, DownloadOrder, download_file
from transferapp.client.names import local_path, part_name
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadOrder, upload_file
from transferapp.host import folders
from transferapp.host.folders import OpenFolder
from transferapp.protocol import routes
from transferapp.sandbox.data_server import DataServer, data_server
from transferapp.testing.staging_suite import new_id, sample

CONTENT = sample(3_000_001)
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Served:
    """A server that has a file of CONTENT."""

    server: DataServer
    file_id: str

    def order(self, folder: Path, inside: str = "a.tif") -> DownloadOrder:
        return DownloadOrder(
            address=routes.file_content("t", self.file_id),
            file_id=self.file_id,
            open_folder=partial(OpenFolder.at, folder),
            inside=local_path(inside),
            size_bytes=len(CONTENT),
            sha1=SHA1,
            grant=self.server.token,
        )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("data")
    source = folder / "source"
    source.write_bytes(CONTENT)
    with data_server(folder / "staging") as server, bulk_client(server.url) as client:
        file_id = put(client, server, source)
        yield Served(server, file_id)


def put(client: httpx.Client, server: DataServer, source: Path) -> str:
    """Upload and seal a file, and return its id."""
    found, file_id = source.stat(), new_id()
    order = UploadOrder(
        uuid.uuid4().hex, file_id, source, found.st_size, found.st_mtime_ns, server.token
    )
    upload_file(client, order, lambda _sent: None)
    client.post(routes.file_seal("t", file_id)).raise_for_status()
    return file_id


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with bulk_client(served.server.url) as client:
        yield client


def fetch(client: httpx.Client, order: DownloadOrder) -> DownloadedFile:
    return download_file(client, order, lambda _arrived: None)


def part_of(order: DownloadOrder) -> str:
    return part_name(order.inside.name, order.file_id)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    seen: list[int] = []
    place = tmp_path / "deep" / "folder" / "a.tif"
    result = download_file(client, served.order(tmp_path, "deep/folder/a.tif"), seen.append)
    assert result == DownloadedFile(place, SHA1, len(CONTENT))
    assert place.read_bytes() == CONTENT
    assert names_in(place.parent) == ["a.tif"]
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_an_empty_file(served: Served, client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    file_id = put(client, served.server, tmp_path / "empty")
    order = replace(
        served.order(tmp_path, "out"),
        file_id=file_id,
        size_bytes=0,
        sha1=hashlib.sha1(b"", usedforsecurity=False).hexdigest(),
    )
    assert fetch(client, order).path.read_bytes() == b""


def test_what_is_there_is_not_fetched_again(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(CONTENT)
    # As after a crash between the two names of a file that is in place.
    (tmp_path / part_of(served.order(tmp_path))).hardlink_to(tmp_path / "a.tif")
    wire = FlakyWire("", times=0, after=0)
    with httpx.Client(base_url=served.server.url, transport=wire) as client:
        result = fetch(client, served.order(tmp_path))
    assert result == DownloadedFile(tmp_path / "a.tif", SHA1, len(CONTENT))
    assert wire.requests == []
    assert names_in(tmp_path) == ["a.tif"]


def test_another_file_is_never_replaced_or_renamed(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"mine")
    wire = FlakyWire("", times=0, after=0)
    with (
        httpx.Client(base_url=served.server.url, transport=wire) as client,
        pytest.raises(errors.NameNotAllowed, match=r"'a\.tif' is in .* already"),
    ):
        fetch(client, served.order(tmp_path))
    assert (tmp_path / "a.tif").read_bytes() == b"mine"
    assert names_in(tmp_path) == ["a.tif"]
    assert wire.requests == []


def test_a_disk_without_hard_links(
    client: httpx.Client, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: str, **_folders: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(folders, "rename_new", lambda *_: False)
    monkeypatch.setattr(os, "link", refuse)
    assert fetch(client, served.order(tmp_path)).path.read_bytes() == CONTENT
    assert names_in(tmp_path) == ["a.tif"]


def test_a_repository_that_knows_no_sha1(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    order = replace(served.order(tmp_path), sha1="")
    assert fetch(client, order) == DownloadedFile(tmp_path / "a.tif", SHA1, len(CONTENT))
    assert fetch(client, order).sha1 == SHA1
    (tmp_path / "a.tif").unlink()
    (tmp_path / part_of(order)).write_bytes(CONTENT + b"too long")
    assert fetch(client, order).path.read_bytes() == CONTENT


def test_broken_connections_go_on_where_they_ended(served: Served, tmp_path: Path) -> None:
    wire = FlakyWire("GET", times=3, after=900_000)
    with httpx.Client(base_url=served.server.url, transport=wire) as client:
        result = fetch(client, served.order(tmp_path))
    assert result.path.read_bytes() == CONTENT
    ranges = [request.headers.get("range") for request in wire.requests]
    assert ranges == [None, "bytes=900000-", "bytes=1800000-", "bytes=2700000-"]


def test_a_later_attempt_fetches_only_the_rest(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    cancelled = threading.Event()
    order = replace(served.order(tmp_path), cancelled=cancelled)

    def cancel_late(arrived: int) -> None:
        if arrived > 1_000_000:
            cancelled.set()

    with pytest.raises(errors.Cancelled):
        download_file(client, order, cancel_late)
    part = tmp_path / part_of(order)
    kept = part.stat().st_size
    assert 1_000_000 < kept < len(CONTENT)
    wire = FlakyWire("", times=0, after=0)
    with httpx.Client(base_url=served.server.url, transport=wire) as second:
        fetch(second, served.order(tmp_path))
    assert [request.headers["range"] for request in wire.requests] == [f"bytes={kept}-"]
    assert (tmp_path / "a.tif").read_bytes() == CONTENT


def test_a_connection_that_never_holds_is_given_back(served: Served, tmp_path: Path) -> None:
    wire = FlakyWire("GET", times=99, after=0)
    with (
        httpx.Client(base_url=served.server.url, transport=wire) as client,
        pytest.raises(errors.ServerUnreachable),
    ):
        fetch(client, served.order(tmp_path))
    assert len(wire.requests) == 4


@pytest.mark.parametrize("damage", ["flipped", "too long"])
def test_a_damaged_part_is_found_and_deleted(
    client: httpx.Client, served: Served, tmp_path: Path, damage: str
) -> None:
    order = served.order(tmp_path)
    part = tmp_path / part_of(order)
    if damage == "flipped":
        part.write_bytes(b"x" + CONTENT[1:2_000_000])
        with pytest.raises(errors.ChecksumMismatch, match="deleted"):
            fetch(client, order)
        assert names_in(tmp_path) == []
    else:
        part.write_bytes(CONTENT + b"x")
    assert fetch(client, order).path.read_bytes() == CONTENT


def test_other_bytes_than_promised_never_get_a_name(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    wrong = replace(served.order(tmp_path), sha1="0" * 40)
    (tmp_path / part_of(wrong)).write_bytes(CONTENT[:100])
    with pytest.raises(errors.ChecksumMismatch):
        fetch(client, wrong)
    short = replace(served.order(tmp_path), size_bytes=len(CONTENT) - 1)
    with pytest.raises(errors.ChecksumMismatch):
        fetch(client, short)
    assert names_in(tmp_path) == []


def test_a_full_disk_keeps_the_part(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        filler = disk / "filler"
        filler.write_bytes(bytes(2 << 20))
        order = served.order(disk)
        with pytest.raises(errors.StorageFull, match="full"):
            fetch(client, order)
        assert (disk / part_of(order)).stat().st_size > 1 << 20
        filler.unlink()
        assert fetch(client, order).path.read_bytes() == CONTENT


def test_long_paths_and_emoji(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    name = "🔬" * 60 + ".tif"
    inside = f"{'d' * 200}/{'e' * 100}/{name}"
    assert fetch(client, served.order(tmp_path, inside)).path == tmp_path / inside
    too_deep = "/".join(["d" * 200] * 25)
    with pytest.raises(errors.NameNotAllowed, match="shorter path"):
        fetch(client, served.order(tmp_path, f"{too_deep}/a.tif"))


def test_an_unknown_file(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    unknown = routes.file_content("t", new_id())
    order = replace(served.order(tmp_path), address=unknown)
    with pytest.raises(errors.NoSuchFile):
        fetch(client, order)


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-199", 206, 100, 200),
        ("bytes=2999900-", 206, 2_999_900, 3_000_001),
        ("bytes=-5", 206, 2_999_996, 3_000_001),
        ("bytes=5-99999999", 206, 5, 3_000_001),
        ("bytes=0-1,5-6", 200, 0, 3_000_001),
        ("bytes=9-5", 200, 0, 3_000_001),
        ("lines=1-2", 200, 0, 3_000_001),
        ("bytes=-", 200, 0, 3_000_001),
        ("bytes=3000001-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
    ],
)
def test_ranges(
    client: httpx.Client, served: Served, asked: str, status: int, start: int, end: int
) -> None:
    response = client.get(routes.file_content("t", served.file_id), headers={"range": asked})
    assert response.status_code == status
    assert response.content == CONTENT[start:end]
    assert response.headers["content-length"] == str(end - start)
    ranges = {206: f"bytes {start}-{end - 1}/3000001", 416: "bytes */3000001"}
    assert response.headers.get("content-range") == ranges.get(status)


def test_validators(client: httpx.Client, served: Served) -> None:
    url = routes.file_content("t", served.file_id)
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(CONTENT))
    assert head.headers["etag"] == f'"{SHA1}"'
    same = {"range": "bytes=1-2", "if-range": f'"{SHA1}"'}
    assert client.get(url, headers=same).status_code == 206
    assert client.get(url, headers=same | {"if-range": '"old"'}).status_code == 200
    assert client.get(url, headers={"if-none-match": f'"{SHA1}"'}).status_code == 304


def test_a_destination_that_cannot_be_written(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.DestinationUnwritable):
        fetch(client, served.order(tmp_path, "file/a.tif"))
