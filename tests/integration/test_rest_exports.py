"""Exports, images and previews on a real server, with an image that was really imported."""

from __future__ import annotations

import httpx
import pytest

from tests.support.rest_server import (
    RestServer,
    http,
    server,
    submitted,
)
from tests.support.rest_uploads import (
    bearer,
    run_export,
    run_import,
    sha1_of,
    upload,
)
from transferapp.errors import (
    ChecksumMismatch,
    NotFound,
    PermissionDenied,
)
from transferapp.host.resources import resource
from transferapp.model.transfers import ItemState
from transferapp.protocol.export_requests import ExportRequest

__all__ = ["http", "server"]


class TestExports:
    """From images back to files."""

    async def test_the_way_round(self, server: RestServer, http: httpx.AsyncClient) -> None:
        ada = await server.signed_in()
        image_ids, body = await _imported(server, http)
        accepted = await ada.submit_export(ExportRequest(name="out", image_ids=image_ids))
        transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
        assert item.image_ids == tuple(image_ids)
        assert (await server.parts.queue.get(item.id)).kind == "prepare-export"
        agent = server.client(accepted.grant)
        await run_export(server, transfer_id, item.id)
        details = await agent.transfer(transfer_id, files=True)
        assert details.items[0].state is ItemState.READY
        (file,) = details.files
        path = f"/v1/transfers/{transfer_id}/files/{file.id}/content"
        whole = await http.get(path, headers=bearer(accepted.grant))
        assert (whole.status_code, whole.content) == (httpx.codes.OK, body)
        assert whole.headers["etag"] == f'"{sha1_of(body)}"'
        part = await http.get(path, headers=bearer(accepted.grant) | {"Range": "bytes=4-9"})
        assert (part.status_code, part.content) == (httpx.codes.PARTIAL_CONTENT, body[4:10])
        details = await agent.transfer(transfer_id)
        assert details.items[0].state is ItemState.DOWNLOADING
        with pytest.raises(ChecksumMismatch):
            await agent.delivered(transfer_id, item.id, {file.id: "0" * 40})
        for _ in range(2):
            done = await agent.delivered(transfer_id, item.id, {file.id: sha1_of(body)})
            assert done.state is ItemState.DELIVERED
            late = await agent.report(transfer_id, item.id, "storage-full", "late")
            assert late.state is ItemState.DELIVERED
        gone = await agent.report(transfer_id, item.id, "vanished-file", "It is gone.")
        assert gone.state is ItemState.NEEDS_ATTENTION
        details = await ada.transfer(transfer_id)
        assert (details.transfer.items_done, details.transfer.bytes_done) == (0, 0)
        await ada.retry(transfer_id)
        again = await http.get(path, headers=bearer(accepted.grant))
        assert again.content == body
        done = await agent.delivered(transfer_id, item.id, {file.id: sha1_of(body)})
        assert done.state is ItemState.DELIVERED

    async def test_other_peoples_images_cannot_be_exported(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        image_ids, _ = await _imported(server, http)
        bob = await server.signed_in("bob")
        with pytest.raises((NotFound, PermissionDenied)):
            await bob.submit_export(ExportRequest(name="out", image_ids=image_ids))

    async def test_images_are_listed_shown_and_previewed(
        self, server: RestServer, http: httpx.AsyncClient
    ) -> None:
        ada = await server.signed_in()
        (image_id, *_), _ = await _imported(server, http)
        page = await ada.images(limit=1)
        assert [image.id for image in page.items] == [image_id]
        assert page.next == str(image_id)
        assert (await ada.image(image_id)).summary == page.items[0]
        assert (await ada.thumbnail(image_id)).startswith(b"\xff\xd8")
        headers = bearer(str(ada.token))
        path = f"/v1/images/{image_id}/thumbnail"
        etag = (await http.get(path, headers=headers)).headers["etag"]
        again = await http.get(path, headers=headers | {"If-None-Match": etag})
        assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
        document = await http.get(f"/v1/images/{image_id}/zarr/zarr.json", headers=headers)
        assert document.json()["zarr_format"] == 3


async def _imported(server: RestServer, http: httpx.AsyncClient) -> tuple[list[int], bytes]:
    """Import a real image for ada and return its ids and its file's bytes."""
    body = next(resource("sample-data", "png-cells").glob("*.png")).read_bytes()
    accepted = await submitted(await server.signed_in(), len(body))
    transfer_id, item = accepted.details.transfer.id, accepted.details.items[0]
    file = accepted.details.files[0]
    sha1 = await upload(http, accepted.grant, transfer_id, file, body)
    agent = server.client(accepted.grant)
    await agent.seal(transfer_id, file.id, sha1)
    await run_import(server, transfer_id, item.id)
    details = await agent.transfer(transfer_id)
    assert details.transfer.files_verified == 1
    return list(details.items[0].image_ids), body
