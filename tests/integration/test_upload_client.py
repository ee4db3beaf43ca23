"""Our upload client and an independent one against the tus server, through accidents."""

from __future__ import annotations

import os
import signal
import socket
import threading
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient

from tests.support.flaky_wire import FlakyWire
from tests.support.small_disks import small_disk
from tests.support.tus_requests import (
    PART,
    client,
    offset_of,
    order_of,
    patch,
    sealed_sha1,
    server,
    sha1_of,
    upload,
)
from transferapp import errors
from transferapp.client.pace import RateLimit
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadedFile, upload_file
from transferapp.protocol import routes
from transferapp.sandbox.data_server import DataServer, data_server
from transferapp.testing.staging_suite import sample

__all__ = ["client", "server"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "scan.tif"
    path.write_bytes(sample(5 * PART + 12_345))
    return path


@pytest.mark.parametrize("size", [0, 1, PART, 3 * PART + 7])
def test_own_client(
    client: httpx.Client, server: DataServer, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(sample(size))
    seen: list[int] = []
    order = order_of(path, server)
    result = upload_file(client, order, seen.append)
    assert result == UploadedFile(sha1_of(path), size, path.stat().st_ino)
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


def test_a_lost_answer_is_no_lost_part(server: DataServer, source: Path) -> None:
    wire = FlakyWire("PATCH", times=1, after=None)
    with httpx.Client(base_url=server.url, transport=wire) as client:
        order = order_of(source, server)
        upload(client, order)
        methods = [request.method for request in wire.requests]
        # The server had the part: the client asked and did not send it again.
        assert methods == ["POST", "PATCH", "HEAD", *["PATCH"] * 5]
        assert sealed_sha1(client, order) == sha1_of(source)


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
    with socket.socket() as unheard:  # bound, so that nobody else comes to listen there
        unheard.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        with bulk_client(url) as client, pytest.raises(errors.ServerUnreachable):
            upload(client, order_of(source, server))
