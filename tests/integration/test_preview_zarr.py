"""Other people's zarr client reads our previews over HTTP and gets the same pixels."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
import pytest
import uvicorn
import zarr
from fastapi import FastAPI, Request, Response
from ome_zarr_models.v05.image import Image

from tests.support.preview_images import ArraySource, made_image, organoid_image, pyramid_image
from transferapp import errors
from transferapp.desktop.viewer.store import RemoteStore, RenewableToken
from transferapp.grants.port import Grant, Scope
from transferapp.model.images import TileRegion
from transferapp.protocol.problems import to_problem
from transferapp.server.routes import previews


@dataclass
class OneSession:
    """A repository session of one person over an ArraySource."""

    source: ArraySource
    opened_by: list[str] = field(default_factory=list)

    @property
    def images(self) -> OneSession:
        return self

    async def get(self, image_id: int) -> Any:
        return SimpleNamespace(pixels=await self.source.pixels(image_id))

    async def tile(self, image_id: int, region: TileRegion) -> npt.NDArray[Any]:
        return await self.source.tile(image_id, region)

    @asynccontextmanager
    async def session(self, username: str) -> AsyncIterator[OneSession]:
        self.opened_by.append(username)
        yield self


class OneToken:
    """Grants that know one session token; another one is a transfer's."""

    async def check(self, token: str) -> Grant:
        if token not in ("good", "transfer"):
            raise errors.GrantRefused
        scope = Scope.SESSION if token == "good" else Scope.TRANSFER
        now = datetime.now(UTC)
        return Grant("g", scope, "ada", None, now, now + timedelta(hours=1))


@dataclass
class Served:
    """The running server and what it serves from."""

    url: str
    repository: OneSession

    def zarr_url(self, image_id: int) -> str:
        return f"{self.url}/v1/images/{image_id}/zarr"

    @contextmanager
    def store(self, image_id: int) -> Iterator[RemoteStore]:
        store = RemoteStore(self.zarr_url(image_id), RenewableToken("good", lambda: None))
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def open(self, image_id: int) -> Iterator[zarr.Group]:
        with self.store(image_id) as store:
            yield zarr.open_group(store, mode="r", zarr_format=3)

    def get(self, path: str, **headers: str) -> httpx.Response:
        headers.setdefault("authorization", "Bearer good")
        return httpx.get(f"{self.zarr_url(1)}/{path}", headers=headers)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    source = ArraySource()
    for image in (made_image(), pyramid_image(), organoid_image()):
        source.add(*image)
    repository = OneSession(source)
    app = FastAPI()
    app.state.parts = SimpleNamespace(grants=OneToken(), repository=repository)
    app.include_router(previews.router)

    @app.exception_handler(errors.TransferAppError)
    async def problem(_request: Request, error: errors.TransferAppError) -> Response:
        body = to_problem(error)
        return Response(body.model_dump_json(), status_code=body.status)

    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    sock = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    yield Served(f"http://127.0.0.1:{sock.getsockname()[1]}", repository)
    server.should_exit = True
    thread.join(10)
    sock.close()


def test_every_pixel_of_every_level_is_the_same(served: Served) -> None:
    with served.open(1) as group:
        for level, expected in enumerate(served.repository.source.images[1][1]):
            array = group[str(level)]
            assert isinstance(array, zarr.Array)
            assert np.array_equal(np.asarray(array[:]), expected)
    assert set(served.repository.opened_by) == {"ada"}


def test_it_is_a_valid_ome_zarr_image(served: Served) -> None:
    with served.open(10) as group:
        image = Image.from_zarr(group)
    paths = [dataset.path for dataset in image.ome_attributes.multiscales[0].datasets]
    assert paths == ["0", "1", "2", "3", "4"]


def test_levels_can_be_opened_without_the_group(served: Served) -> None:
    with served.store(11) as store:
        array = zarr.open_array(store, path="0", mode="r", zarr_format=3)
        assert array.shape == (1, 3, 1, 512, 512)
        cut = np.asarray(array[0, 1, 0, 100:200, 300:400])
    expected = served.repository.source.images[11][1][0][0, 1, 0, 100:200, 300:400]
    assert np.array_equal(cut, expected)


def test_an_overview_costs_two_requests_and_one_read(served: Served) -> None:
    read = served.repository.source.read
    read.clear()
    with served.open(10) as group:
        overview = group["4"]
        assert isinstance(overview, zarr.Array)
        assert np.asarray(overview[:]).max() > 0
    assert [(region.level, region.height, region.width) for region in read] == [(4, 250, 312)]


def test_only_a_session_may_scan(served: Served) -> None:
    for header in ("", "Bearer wrong", "Bearer transfer"):
        assert served.get("zarr.json", authorization=header).status_code == 401


def test_keys_outside_the_image_are_404(served: Served) -> None:
    for key in ("9/zarr.json", "0/c/0/0/0/9/9", ".zattrs", "0/c/0/0/0/0", "0"):
        answer = served.get(key)
        assert (answer.status_code, answer.json()["code"]) == (404, "file-not-found")
    assert httpx.get(
        f"{served.zarr_url(99)}/zarr.json", headers={"authorization": "Bearer good"}
    ).json()["code"] == ("image-not-found")


def test_head_reports_the_length_without_the_body(served: Served) -> None:
    key = "2/c/0/0/0/0/0"
    full = served.get(key)
    head = httpx.head(f"{served.zarr_url(1)}/{key}", headers={"authorization": "Bearer good"})
    assert head.content == b""
    assert head.headers["content-length"] == str(len(full.content))
    assert head.headers["etag"] == full.headers["etag"]


def test_unchanged_is_304_and_caches_are_private(served: Served) -> None:
    for key in ("zarr.json", "0/c/0/0/0/0/0"):
        first = served.get(key)
        assert first.headers["cache-control"].startswith("private")
        again = served.get(key, **{"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_slow_read_is_shared_and_does_not_hold_up_others(served: Served) -> None:
    source = served.repository.source
    source.read.clear()
    source.delay_s = 2.0
    url = served.zarr_url(11)
    try:
        async with httpx.AsyncClient(headers={"authorization": "Bearer good"}) as client:
            slow = asyncio.gather(*(client.get(f"{url}/0/c/0/2/0/0/0") for _ in range(4)))
            await asyncio.sleep(0.1)
            quick = await client.get(f"{url}/zarr.json")
            assert quick.status_code == 200
            assert not slow.done()
            assert {answer.status_code for answer in await slow} == {200}
    finally:
        source.delay_s = 0.0
    assert len(source.read) == 1
