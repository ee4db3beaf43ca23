"""What the tus server answers on a real socket, to good and bad requests and accidents."""

from __future__ import annotations

import base64
import hashlib
import signal
import socket
from pathlib import Path

import httpx

from tests.support.tus_requests import (
    PART,
    client,
    create,
    half_patch,
    headers_of,
    offset_of,
    patch,
    read_to_end,
    server,
)
from transferapp.client.problems import raise_for_problem
from transferapp.protocol import routes
from transferapp.sandbox.data_server import DataServer, data_server
from transferapp.testing.staging_suite import new_id, sample

__all__ = ["client", "server"]


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


def test_nobody_reads_a_body_without_permission(server: DataServer) -> None:
    url = f"{routes.UPLOADS}/{new_id()}"
    stranger = DataServer(server.process, server.url, "wrong")
    with half_patch(stranger, url, b"", 100 << 20) as wire:
        answer = read_to_end(wire)
    assert b"401" in answer.split(b"\r\n")[0]
    assert b"grant-refused" in answer


def test_a_large_refused_body_is_not_read(client: httpx.Client, server: DataServer) -> None:
    url = create(client, server, 10)
    with half_patch(server, url, b"x" * 100, 100 << 20) as wire:
        answer = read_to_end(wire)
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


def test_abilities_are_reported_to_anyone(client: httpx.Client) -> None:
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
