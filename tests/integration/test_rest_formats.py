"""What the server says that it reads, and what it refuses where the facility wishes that."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.rest_server import (
    RestServer,
    http,
    new_dataset,
    rest_server,
    server,
)
from transferapp.client.server import ServerClient
from transferapp.errors import UnsupportedFile
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem
from transferapp.repositories.local.readers.vendor_readers import VENDOR_READERS

__all__ = ["http", "server"]


async def test_anyone_may_ask(http: httpx.AsyncClient) -> None:
    answer = (await http.get("/v1/formats")).json()
    assert (answer["repository"], answer["read_by"]) == ("embedded repository", "")
    assert answer["unknown_allowed"] is True
    dicom = next(one for one in answer["formats"] if one["name"] == "DICOM")
    assert dicom["first_bytes"] == [{"hex": b"DICM".hex(), "offset": 128}]
    assert (dicom["several_files"], dicom["reader"]) == (True, "pydicom")
    czi = next(one for one in answer["formats"] if one["name"] == "Zeiss CZI")
    assert czi == {
        "name": "Zeiss CZI",
        "suffixes": [".czi"],
        "first_bytes": [{"hex": b"ZISRAWFILE".hex(), "offset": 0}],
        "several_files": False,
        "suffix_needed": False,
        "reader": "pylibCZIrw",
        "needs": "readers",
    }


async def test_the_same_answer_is_not_sent_again(http: httpx.AsyncClient) -> None:
    first = await http.get("/v1/formats")
    assert first.headers["cache-control"] == "no-cache"
    for asked in (first.headers["etag"], f'"other", W/{first.headers["etag"]}'):
        again = await http.get("/v1/formats", headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
        assert again.headers["etag"] == first.headers["etag"]
    other = await http.get("/v1/formats", headers={"if-none-match": '"other"'})
    assert other.json() == first.json()


async def test_formats_without_their_reader_are_not_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    needed = {module.partition(".")[0] for one in VENDOR_READERS for module in one.modules}
    for module in needed - {"imagecodecs"}:
        monkeypatch.setitem(sys.modules, module, None)
    async with rest_server(tmp_path) as server:
        reported = await server.client().formats()
    assert reported is not None
    suffixes = {suffix for one in reported.formats.formats for suffix in one.suffixes}
    assert not {".czi", ".nd2", ".lif", ".oib", ".ims", ".mrc", ".dcm"} & suffixes
    assert ".tif" in suffixes


async def test_the_client_gets_it_once(server: RestServer) -> None:
    client = server.client()
    reported = await client.formats()
    assert reported is not None
    assert reported.formats.whose == "embedded repository"
    assert await client.formats(etag=reported.etag) is None


@pytest.fixture
async def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RestServer]:
    """A server whose facility imports only what it reads."""
    monkeypatch.setenv("TRANSFERAPP_IMPORT_UNKNOWN", "false")
    async with rest_server(tmp_path) as running:
        yield running


async def submit(ada: ServerClient, *paths: str) -> None:
    files = [NewFile(client_path=path, size_bytes=1) for path in paths]
    target = str((await new_dataset(ada)).ref)
    items = [NewItem(name="n", files=files)]
    await ada.submit_import(ImportRequest(name="n", target=target, items=items))


async def test_a_facility_may_refuse_what_nobody_knows(strict: RestServer) -> None:
    ada = await strict.signed_in()
    reported = await ada.formats()
    assert reported is not None
    assert not reported.formats.unknown_allowed
    for path in ("day/a.xyz", "day/scan.zvi"):
        with pytest.raises(UnsupportedFile, match="The embedded repository does not read"):
            await submit(ada, path)
    assert (await ada.transfers()).items == []
    await submit(ada, "day/A.TIF", "day/notes.xyz")
    if any(not one.suffix_needed for one in reported.formats.formats):
        await submit(ada, "day/IM000001")  # DICOM, where it is read
    await submit(ada, "day/x/zarr.json", "day/x/c/0")


async def test_else_it_is_the_persons_choice(server: RestServer) -> None:
    await submit(await server.signed_in(), "day/a.xyz")


async def test_the_route_is_described(http: httpx.AsyncClient) -> None:
    described = json.loads((await http.get("/openapi.json")).content)
    assert "/v1/formats" in described["paths"]
