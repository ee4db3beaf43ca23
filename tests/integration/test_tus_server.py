"""The tus server on a real socket: own client, an independent one, and accidents."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from tests.support.flaky_wire import FlakyWire
from tests.support.small_disks import small_disk
from transferapp import errors
from transferapp.client.pace import RateLimit
from transferapp.client.problems import raise_for_problem
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadedFile, UploadOrder, upload_file
from transferapp.protocol import routes
from transferapp.testing.data_server import DataServer, data_server
from transferapp.testing.staging_suite import new_id, sample

PART = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataServer]:
    with data_server(tmp_path_factory.mktemp("data") / "staging") as server:
        yield server


@pytest.fixture
def client(server: DataServer) -> Iterator[httpx.Client]:
    with bulk_client(server.url) as client:
        yield client


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    path.write_bytes(sample(5 * PART + 12_345))
    return path


def order_of(source: Path, server: DataServer, **changes: object) -> UploadOrder:
    found = source.stat()
    fields: dict[str, object] = {
        "transfer_id": uuid.uuid4().hex,
        "file_id": new_id(),
        "path": source,
        "size_bytes": found.st_size,
        "modified_ns": found.st_mtime_ns,
        "grant": server.token,
        "part_size": PART,
    }
    return UploadOrder(**(fields | changes))  # type: ignore[arg-type]  # a test's shortcut


def upload(client: httpx.Client, order: UploadOrder) -> UploadedFile:
    return upload_file(client, order, lambda _sent: None)


def sealed_sha1(client: httpx.Client, order: UploadOrder) -> str:
    """Seal and return the SHA-1 of what the server has on disk."""
    url = routes.file_seal(order.transfer_id, order.file_id)
    return raise_for_problem(client.post(url)).text


def sha1_of(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()


def headers_of(server: DataServer, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"tus-resumable": "1.0.0", "authorization": f"Bearer {server.token}"} | named


def create(client: httpx.Client, server: DataServer, size: int, **more: str) -> str:
    """Create an upload by hand and return its path."""
    pairs = ("transfer", "t" * 8), ("file", new_id())
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs)
    headers = headers_of(server, upload_length=str(size), upload_metadata=metadata)
    response = raise_for_problem(client.post(routes.UPLOADS, headers=headers | more))
    assert response.status_code == 201
    return response.headers["location"]


def patch(
    client: httpx.Client, server: DataServer, url: str, offset: int, body: bytes, **more: str
) -> httpx.Response:
    headers = headers_of(
        server,
        upload_offset=str(offset),
        content_type="application/offset+octet-stream",
        **more,
    )
    return client.patch(url, headers=headers, content=body)


def offset_of(client: httpx.Client, server: DataServer, url: str) -> int:
    response = raise_for_problem(client.head(url, headers=headers_of(server)))
    return int(response.headers["upload-offset"])


@contextlib.contextmanager
def half_patch(
    server: DataServer, url: str, body: bytes, length: int
) -> Iterator[socket.socket]:
    """Begin a PATCH of ``length`` bytes, send ``body``, and leave the rest open."""
    headers = headers_of(
        server,
        host="x",
        upload_offset="0",
        content_type="application/offset+octet-stream",
        content_length=str(length),
    )
    lines = [f"PATCH {url} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items()), "", ""]
    port = int(server.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall("\r\n".join(lines).encode() + body)
        yield wire


def _read_to_end(wire: socket.socket) -> bytes:
    """Read an answer and the end of its connection."""
    return b"".join(iter(lambda: wire.recv(65536), b""))


@pytest.mark.parametrize("size", [0, 1, PART, 3 * PART + 7])
def test_own_client(
    client: httpx.Client, server: DataServer, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(sample(size))
    seen: list[int] = []
    order = order_of(path, server)
    result = upload_file(client, order, seen.append)
    assert result == UploadedFile(sha1_of(path), size)
    assert sealed_sha1(client, order) == result.sha1
    assert seen == sorted(seen)
    assert seen[-1] == size


def test_uploading_again_sends_nothing(
    client: httpx.Client, server: DataServer, source: Path
) -> None:
    order = order_of(source, server)
    first = upload(client, order)
    wire = FlakyWire("", times=0, after=0)
    with httpx.Client(base_url=server.url, transport=wire) as watched:
        assert upload(watched, order) == first
    assert [request.method for request in wire.requests] == ["POST"]


def test_an_independent_client(client: httpx.Client, server: DataServer, source: Path) -> None:
    tus = TusClient(
        server.url + routes.UPLOADS, headers={"Authorization": f"Bearer {server.token}"}
    )
    order = order_of(source, server)
    metadata = {"transfer": order.transfer_id, "file": order.file_id}
    with source.open("rb") as stream:
        tus.uploader(
            file_stream=stream, chunk_size=700_001, metadata=metadata, upload_checksum=True
        ).upload()
    assert sealed_sha1(client, order) == sha1_of(source)


def test_an_independent_client_goes_on_where_ours_stopped(
    client: httpx.Client, server: DataServer, source: Path
) -> None:
    cancelled = threading.Event()
    order = order_of(source, server, cancelled=cancelled)
    with pytest.raises(errors.Cancelled):
        upload_file(client, order, lambda sent: cancelled.set() if sent > 2 * PART else None)
    url = f"{server.url}{routes.UPLOADS}/{order.file_id}"
    tus = TusClient(url, headers={"Authorization": f"Bearer {server.token}"})
    with source.open("rb") as stream:
        uploader = tus.uploader(file_stream=stream, url=url, chunk_size=PART)
        assert 0 < uploader.offset < order.size_bytes
        uploader.upload()
    assert sealed_sha1(client, order) == sha1_of(source)


def test_kill_9_in_the_middle_of_a_part(tmp_path: Path, source: Path) -> None:
    """The client is told that the server is gone, and later continues to the same bytes."""
    folder = tmp_path / "staging"
    with data_server(folder) as first, bulk_client(first.url) as client:
        order = order_of(source, first, limit=RateLimit(16e6))

        def kill_late(sent: int) -> None:
            if sent > 3 * PART:
                first.process.send_signal(signal.SIGKILL)

        with pytest.raises(errors.ServerUnreachable):
            upload_file(client, order, kill_late)
        first.process.wait()
    with data_server(folder, token=first.token) as second, bulk_client(second.url) as client:
        url = f"{routes.UPLOADS}/{order.file_id}"
        assert 2 * PART <= offset_of(client, second, url) < order.size_bytes
        assert upload(client, order).sha1 == sha1_of(source)
        assert sealed_sha1(client, order) == sha1_of(source)


def test_kill_9_in_the_middle_of_one_long_patch(tmp_path: Path) -> None:
    """A client without checksums loses at most what was not committed, and never bytes."""
    folder, content = tmp_path / "staging", sample(3 * PART)
    with data_server(folder) as first, httpx.Client(base_url=first.url) as client:
        url = create(client, first, len(content))
        with half_patch(first, url, content[:PART], len(content)):
            first.process.send_signal(signal.SIGKILL)
            first.process.wait()
    with (
        data_server(folder, token=first.token) as second,
        httpx.Client(base_url=second.url) as client,
    ):
        offset = offset_of(client, second, url)
        assert offset <= PART
        raise_for_problem(patch(client, second, url, offset, content[offset:]))
        file_id = url.rpartition("/")[2]
        sealed = client.post(routes.file_seal("t", file_id)).text
        assert sealed == hashlib.sha1(content, usedforsecurity=False).hexdigest()


def test_a_lost_answer_is_no_lost_part(server: DataServer, source: Path) -> None:
    wire = FlakyWire("PATCH", times=1, after=None)
    with httpx.Client(base_url=server.url, transport=wire) as client:
        order = order_of(source, server)
        upload(client, order)
        methods = [request.method for request in wire.requests]
        # The server had the part: the client asked and did not send it again.
        assert methods == ["POST", "PATCH", "HEAD", *["PATCH"] * 5]
        assert sealed_sha1(client, order) == sha1_of(source)


def test_a_wrong_checksum_is_refused(client: httpx.Client, server: DataServer) -> None:
    url = create(client, server, 10)
    digest = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()
    response = patch(client, server, url, 0, b"0123456789", upload_checksum=f"sha256 {digest}")
    assert response.status_code == 460
    assert response.json()["code"] == "checksum-mismatch"
    assert response.json()["status"] == 460
    assert offset_of(client, server, url) == 0


def test_a_second_patch_ends_the_first(client: httpx.Client, server: DataServer) -> None:
    content = sample(2 * PART)
    url = create(client, server, len(content))
    with half_patch(server, url, content[:PART], len(content)) as wire:
        # What the first one brings until it is ended may move the offset once.
        while True:
            offset = offset_of(client, server, url)
            if patch(client, server, url, offset, content[offset:]).status_code == 204:
                break
        assert b"409" in wire.recv(65536).split(b"\r\n")[0]
    file_id = url.rpartition("/")[2]
    sealed = client.post(routes.file_seal("t", file_id)).text
    assert sealed == hashlib.sha1(content, usedforsecurity=False).hexdigest()


def test_a_broken_connection_keeps_what_came(client: httpx.Client, server: DataServer) -> None:
    content = sample(2 * PART)
    url = create(client, server, len(content))
    with half_patch(server, url, content[:PART], len(content)) as wire:
        wire.shutdown(socket.SHUT_WR)
        wire.recv(1)
    assert offset_of(client, server, url) == PART


def test_a_full_disk_pauses_the_upload(tmp_path: Path, source: Path) -> None:
    with (
        small_disk(tmp_path / "disk", megabytes=8) as disk,
        data_server(disk / "staging") as server,
        bulk_client(server.url) as client,
    ):
        filler = disk / "filler"
        filler.write_bytes(bytes(5 * PART))
        order = order_of(source, server)
        with pytest.raises(errors.StorageFull):
            upload(client, order)
        url = f"{routes.UPLOADS}/{order.file_id}"
        offset = offset_of(client, server, url)
        assert offset >= PART
        response = patch(client, server, url, offset, source.read_bytes()[offset:])
        assert response.status_code == 507
        filler.unlink()
        upload(client, order)
        assert sealed_sha1(client, order) == sha1_of(source)


def test_nobody_reads_a_body_without_permission(server: DataServer) -> None:
    url = f"{routes.UPLOADS}/{new_id()}"
    stranger = DataServer(server.process, server.url, "wrong")
    with half_patch(stranger, url, b"", 100 << 20) as wire:
        answer = _read_to_end(wire)
    assert b"401" in answer.split(b"\r\n")[0]
    assert b"grant-refused" in answer


def test_a_large_refused_body_is_not_read(client: httpx.Client, server: DataServer) -> None:
    url = create(client, server, 10)
    with half_patch(server, url, b"x" * 100, 100 << 20) as wire:
        answer = _read_to_end(wire)
    assert b"413" in answer.split(b"\r\n")[0]


def test_what_tus_asks_of_answers(client: httpx.Client, server: DataServer) -> None:
    url = create(client, server, 10)
    octets = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
    good = headers_of(server)
    cases = [
        (412, "PATCH", url, {"authorization": good["authorization"]}),
        (415, "PATCH", url, good | {"upload-offset": "0"}),
        (400, "PATCH", url, good | {"content-type": octets["content-type"]}),
        (400, "PATCH", url, good | octets | {"upload-offset": "-1"}),
        (400, "PATCH", url, good | octets | {"upload-checksum": "md5 AAAA"}),
        (400, "PATCH", url, good | octets | {"upload-checksum": "sha1 ***"}),
        (409, "PATCH", url, good | octets | {"upload-offset": "5"}),
        (404, "PATCH", f"{routes.UPLOADS}/{new_id()}", good | octets),
        (404, "HEAD", f"{routes.UPLOADS}/{new_id()}", good),
        (404, "DELETE", f"{routes.UPLOADS}/{new_id()}", good),
        (405, "PUT", url, good),
        (400, "POST", routes.UPLOADS, good),
        (400, "POST", routes.UPLOADS, good | {"upload-length": "5"}),
    ]
    for status, method, target, headers in cases:
        response = client.request(method, target, headers=headers)
        assert response.status_code == status, (method, target, headers)
        assert response.headers["tus-resumable"] == "1.0.0"
        if method != "HEAD":
            assert response.json()["status"] == status
    assert offset_of(client, server, url) == 0


def test_abilities_are_told_to_anyone(client: httpx.Client) -> None:
    response = client.options(routes.UPLOADS)
    assert response.status_code == 204
    assert response.headers["tus-version"] == "1.0.0"
    assert "creation-with-upload" in response.headers["tus-extension"]
    assert response.headers["tus-checksum-algorithm"] == "blake3,sha1,sha256"


def test_creation_with_the_whole_file(client: httpx.Client, server: DataServer) -> None:
    metadata = f"transfer dA==,file {base64.b64encode((file := new_id()).encode()).decode()}"
    headers = headers_of(
        server,
        upload_length="10",
        upload_metadata=metadata,
        content_type="application/offset+octet-stream",
    )
    for _ in range(2):
        response = client.post(routes.UPLOADS, headers=headers, content=b"0123456789")
        assert response.status_code == 201
        assert response.headers["upload-offset"] == "10"
        assert response.headers["location"] == f"{routes.UPLOADS}/{file}"


def test_termination(client: httpx.Client, server: DataServer) -> None:
    url = create(client, server, 10)
    assert client.delete(url, headers=headers_of(server)).status_code == 204
    assert client.head(url, headers=headers_of(server)).status_code == 404


def test_the_offset_cannot_be_moved_by_overlap(
    client: httpx.Client, server: DataServer
) -> None:
    url = create(client, server, 10)
    assert patch(client, server, url, 0, b"01234").status_code == 204
    assert patch(client, server, url, 3, b"xx").status_code == 409
    assert patch(client, server, url, 5, b"567890").status_code == 413
    response = patch(client, server, url, 5, b"56789")
    assert response.headers["upload-offset"] == "10"


def test_a_changing_source_is_never_sealed(
    client: httpx.Client, server: DataServer, source: Path
) -> None:
    def touch(sent: int) -> None:
        if sent > PART:
            with source.open("ab") as file:
                file.write(b"more")

    with pytest.raises(errors.ChangedFile):
        upload_file(client, order_of(source, server), touch)


def test_a_source_that_was_replaced_meanwhile(
    client: httpx.Client, server: DataServer, source: Path
) -> None:
    order = order_of(source, server)

    def replace(_sent: int) -> None:
        other = source.with_name("other")
        other.write_bytes(source.read_bytes())
        os.utime(other, ns=(order.modified_ns, order.modified_ns))
        other.replace(source)

    with pytest.raises(errors.ChangedFile):
        upload_file(client, order, replace)


def test_a_source_that_vanishes(client: httpx.Client, server: DataServer, source: Path) -> None:
    order = order_of(source, server)
    with pytest.raises(errors.VanishedFile, match="no longer in"):
        upload_file(client, order, lambda _sent: source.unlink(missing_ok=True))
    with pytest.raises(errors.VanishedFile):
        upload(client, order)


def test_a_server_that_is_down(server: DataServer, source: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with (
        bulk_client(f"http://127.0.0.1:{port}") as client,
        pytest.raises(errors.ServerUnreachable),
    ):
        upload(client, order_of(source, server))
