"""Downloads from a real server: ranges, broken connections, damage, names and full disks."""

from __future__ import annotations

import errno
import hashlib
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from tests.support.flaky_wire import FlakyWire
from tests.support.small_disks import small_disk
from transferapp import errors
from transferapp.client.downloads import DownloadedFile, DownloadOrder, download_file
from transferapp.client.names import local_path, part_path
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadOrder, upload_file
from transferapp.protocol import routes
from transferapp.testing.data_server import DataServer, data_server
from transferapp.testing.staging_suite import new_id, sample

CONTENT = sample(3_000_001)
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Served:
    """A server that has a file of CONTENT."""

    server: DataServer
    file_id: str

    def order(self, destination: Path) -> DownloadOrder:
        return DownloadOrder(
            transfer_id="t",
            file_id=self.file_id,
            destination=destination,
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


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_download(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    seen: list[int] = []
    order = served.order(tmp_path / "deep" / "folder" / "a.tif")
    result = download_file(client, order, seen.append)
    assert result == DownloadedFile(order.destination, SHA1, len(CONTENT))
    assert order.destination.read_bytes() == CONTENT
    assert names_in(order.destination.parent) == ["a.tif"]
    assert seen == sorted(seen)
    assert seen[-1] == len(CONTENT)


def test_an_empty_file(served: Served, client: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    file_id = put(client, served.server, tmp_path / "empty")
    order = replace(
        served.order(tmp_path / "out"),
        file_id=file_id,
        size_bytes=0,
        sha1=hashlib.sha1(b"", usedforsecurity=False).hexdigest(),
    )
    assert fetch(client, order).path.read_bytes() == b""


def test_what_is_there_is_not_fetched_again(served: Served, tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"something else")
    (tmp_path / "a (2).tif").write_bytes(CONTENT)
    wire = FlakyWire("", times=0, after=0)
    with httpx.Client(base_url=served.server.url, transport=wire) as client:
        result = fetch(client, served.order(tmp_path / "a.tif"))
    assert result.path.name == "a (2).tif"
    assert wire.requests == []


def test_another_file_is_never_replaced(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    (tmp_path / "a.ome.tif").write_bytes(b"mine")
    assert fetch(client, served.order(tmp_path / "a.ome.tif")).path.name == "a (2).ome.tif"
    assert (tmp_path / "a.ome.tif").read_bytes() == b"mine"
    assert names_in(tmp_path) == ["a (2).ome.tif", "a.ome.tif"]


def test_a_disk_without_hard_links(
    client: httpx.Client, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: Path, _target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    (tmp_path / "a.tif").write_bytes(b"mine")
    assert fetch(client, served.order(tmp_path / "a.tif")).path.name == "a (2).tif"
    assert names_in(tmp_path) == ["a (2).tif", "a.tif"]


def test_broken_connections_go_on_where_they_ended(served: Served, tmp_path: Path) -> None:
    wire = FlakyWire("GET", times=3, after=900_000)
    with httpx.Client(base_url=served.server.url, transport=wire) as client:
        result = fetch(client, served.order(tmp_path / "a.tif"))
    assert result.path.read_bytes() == CONTENT
    ranges = [request.headers.get("range") for request in wire.requests]
    assert ranges == [None, "bytes=900000-", "bytes=1800000-", "bytes=2700000-"]


def test_a_later_attempt_fetches_only_the_rest(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    cancelled = threading.Event()
    order = replace(served.order(tmp_path / "a.tif"), cancelled=cancelled)

    def cancel_late(arrived: int) -> None:
        if arrived > 1_000_000:
            cancelled.set()

    with pytest.raises(errors.Cancelled):
        download_file(client, order, cancel_late)
    part = part_path(order.destination, order.file_id)
    kept = part.stat().st_size
    assert 1_000_000 < kept < len(CONTENT)
    wire = FlakyWire("", times=0, after=0)
    with httpx.Client(base_url=served.server.url, transport=wire) as second:
        fetch(second, served.order(order.destination))
    assert [request.headers["range"] for request in wire.requests] == [f"bytes={kept}-"]
    assert order.destination.read_bytes() == CONTENT


def test_a_connection_that_never_holds_is_given_back(served: Served, tmp_path: Path) -> None:
    wire = FlakyWire("GET", times=99, after=0)
    with (
        httpx.Client(base_url=served.server.url, transport=wire) as client,
        pytest.raises(errors.ServerUnreachable),
    ):
        fetch(client, served.order(tmp_path / "a.tif"))
    assert len(wire.requests) == 4


@pytest.mark.parametrize("damage", ["flipped", "too long"])
def test_a_damaged_part_is_found_and_deleted(
    client: httpx.Client, served: Served, tmp_path: Path, damage: str
) -> None:
    order = served.order(tmp_path / "a.tif")
    part = part_path(order.destination, order.file_id)
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
    wrong = replace(served.order(tmp_path / "a.tif"), sha1="0" * 40)
    part_path(wrong.destination, wrong.file_id).write_bytes(CONTENT[:100])
    with pytest.raises(errors.ChecksumMismatch):
        fetch(client, wrong)
    short = replace(served.order(tmp_path / "a.tif"), size_bytes=len(CONTENT) - 1)
    with pytest.raises(errors.ChecksumMismatch):
        fetch(client, short)
    assert names_in(tmp_path) == []


def test_a_full_disk_keeps_the_part(
    client: httpx.Client, served: Served, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        filler = disk / "filler"
        filler.write_bytes(bytes(2 << 20))
        order = served.order(disk / "a.tif")
        with pytest.raises(errors.StorageFull, match="full"):
            fetch(client, order)
        assert part_path(order.destination, order.file_id).stat().st_size > 1 << 20
        filler.unlink()
        assert fetch(client, order).path.read_bytes() == CONTENT


def test_long_paths_and_emoji(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    name = "🔬" * 60 + ".tif"
    place = local_path(tmp_path, f"{'d' * 200}/{'e' * 100}/{name}")
    assert fetch(client, served.order(place)).path == place
    too_deep = tmp_path.joinpath(*["d" * 200] * 25, "a.tif")
    with pytest.raises(errors.NameNotAllowed, match="shorter path"):
        fetch(client, served.order(too_deep))


def test_an_unknown_file(client: httpx.Client, served: Served, tmp_path: Path) -> None:
    order = replace(served.order(tmp_path / "a.tif"), file_id=new_id())
    with pytest.raises(errors.FileNotFound):
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
        fetch(client, served.order(tmp_path / "file" / "a.tif"))
