"""Signed URLs on a real server: what one opens, for how long, and who is refused."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest
import zarr
from pydantic import SecretStr
from typer.testing import CliRunner

from tests.support.imported_image import import_image, two_channels
from tests.support.rest_server import RestServer, http, rest_server, server
from tests.support.rest_uploads import problem_of
from transferapp.cli import signed_in
from transferapp.cli.main import app as cli
from transferapp.client.previews import PreviewClient
from transferapp.errors import ImageNotFound, Invalid, SettingsInvalid
from transferapp.grants.signing import SignedImage, Signing, signing_keys
from transferapp.host.hiding import hide_in_text, hide_tokens
from transferapp.server.routes.previews import RepositoryPixels
from transferapp.testing.moved_clock import MovedClock

__all__ = ["http", "server"]

PIXELS = two_channels()
CHUNK = "0/c/0/0/0/0/0"


@pytest.fixture
async def image_id(server: RestServer) -> int:
    return await import_image(server, PIXELS)


@pytest.fixture
async def ada(server: RestServer) -> PreviewClient:
    token = (await server.signed_in()).token
    client = PreviewClient(server.url, token)
    server.clients.append(client)
    return client


async def code(http: httpx.AsyncClient, url: str) -> tuple[int, str]:
    answer = await http.get(url)
    return answer.status_code, str(problem_of(answer)["code"])


async def test_any_zarr_client_reads_the_same_pixels(image_id: int, ada: PreviewClient) -> None:
    signed = await ada.signed_url(image_id)
    assert signed.url.endswith("/image.zarr")
    assert timedelta(0) < signed.expires_at - datetime.now(UTC) <= timedelta(hours=1)

    def read() -> object:
        # Over fsspec and aiohttp, which know nothing of us.
        array = zarr.open_group(signed.url, mode="r")["0"]
        assert isinstance(array, zarr.Array)
        return array[:]

    seen = np.asarray(await asyncio.to_thread(read))
    assert np.array_equal(seen[0, :, 0], PIXELS)


async def test_head_ranges_and_what_is_not_changed(
    image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    root = (await ada.signed_url(image_id)).url
    whole = await http.get(f"{root}/{CHUNK}")
    assert whole.headers["referrer-policy"] == "no-referrer"
    kept = int(whole.headers["cache-control"].removeprefix("private, max-age="))
    assert 0 < kept <= 3600
    head = await http.head(f"{root}/{CHUNK}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    for asked, cut in (("bytes=3-10", slice(3, 11)), ("bytes=-5", slice(-5, None))):
        part = await http.get(f"{root}/{CHUNK}", headers={"Range": asked})
        assert (part.status_code, part.content) == (206, whole.content[cut])
    tag = {"If-None-Match": whole.headers["etag"]}
    assert (await http.get(f"{root}/{CHUNK}", headers=tag)).status_code == 304
    for key in (".zattrs", ".zgroup", "", "0/c/0/0/0/99/0"):
        assert await code(http, f"{root}/{key}") == (404, "file-not-found")


async def test_web_pages_of_other_origins_read_what_is_signed_and_nothing_else(
    image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    root = (await ada.signed_url(image_id)).url
    page = {"Origin": "https://viewer.example.org"}
    asks = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    preflight = await http.options(f"{root}/zarr.json", headers=page | asks)
    assert preflight.status_code == 200
    assert "Range" in preflight.headers["access-control-allow-headers"]
    # Errors too: a script that may not see a 404 takes it for a broken network.
    for url in (f"{root}/zarr.json", f"{root}/.zattrs", f"{root[:-20]}x/image.zarr/zarr.json"):
        answer = await http.get(url, headers=page)
        assert answer.headers["access-control-allow-origin"] == "*", url
        assert "access-control-allow-credentials" not in answer.headers
    for path in ("/v1/server", "/v1/session", f"/v1/images/{image_id}/zarr/zarr.json"):
        answer = await http.get(path, headers=page)
        assert "access-control-allow-origin" not in answer.headers, path
        denied = await http.options(path, headers=page | asks)
        assert "access-control-allow-origin" not in denied.headers, path


async def test_an_answer_says_once_what_it_depends_on(
    image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    """A browser must not show a page what it kept for a program that sends no origin."""
    root = (await ada.signed_url(image_id)).url
    asks = {"Access-Control-Request-Method": "GET"}
    for page in ({}, {"Origin": "https://viewer.example.org"}):
        for url in (f"{root}/zarr.json", f"{root}/{CHUNK}", f"{root}/.zattrs"):
            answer = await http.get(url, headers=page)
            assert answer.headers.get_list("vary") == ["Origin"], url
            preflight = await http.options(f"{root}/zarr.json", headers=page | asks)
            assert preflight.headers.get_list("vary") == ["Origin"]


async def test_it_ends_after_its_time(
    image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    signed = await ada.signed_url(image_id, lifetime_s=2)
    key = f"{signed.url}/{CHUNK}"
    assert (await http.get(key)).status_code == 200
    async with asyncio.timeout(60):
        while (await http.get(key)).status_code == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert datetime.now(UTC) >= signed.expires_at
    assert await code(http, key) == (410, "signed-url-ended")
    assert await code(http, f"{signed.url}/zarr.json") == (410, "signed-url-ended")


@pytest.mark.parametrize("how", ["sign out", "revoke"])
async def test_it_ends_with_the_session_that_made_it(
    server: RestServer, image_id: int, ada: PreviewClient, http: httpx.AsyncClient, how: str
) -> None:
    other = PreviewClient(server.url, (await server.signed_in()).token)
    server.clients.append(other)
    mine, others = await ada.signed_url(image_id), await other.signed_url(image_id)
    assert (await http.get(f"{mine.url}/{CHUNK}")).status_code == 200
    if how == "sign out":
        await ada.sign_out()
    else:
        signature = mine.url.split("/")[-2]
        stated = server.parts.signed_urls._signing.read(signature)
        await other.revoke_grant(stated.grant_id)
    assert await code(http, f"{mine.url}/{CHUNK}") == (410, "signed-url-ended")
    assert (await http.get(f"{others.url}/{CHUNK}")).status_code == 200


async def test_it_opens_one_image_as_the_person_who_signed(
    server: RestServer,
    image_id: int,
    ada: PreviewClient,
    http: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second = await import_image(server, two_channels(64, 48))
    read: list[tuple[str, int]] = []
    pixels = RepositoryPixels.pixels

    async def noted(self: RepositoryPixels, image: int) -> object:
        read.append((self._username, image))
        return await pixels(self, image)

    monkeypatch.setattr(RepositoryPixels, "pixels", noted)
    signed = await ada.signed_url(second)
    for extra in ({}, {"Authorization": "Bearer ta1_anything"}):
        assert (await http.get(f"{signed.url}/zarr.json", headers=extra)).status_code == 200
    assert read == [("ada", second)]
    document = (await http.get(f"{signed.url}/0/zarr.json")).json()
    assert document["shape"] == [1, 2, 1, 64, 48]
    # Whoever may not see an image gets no address of it.
    bob = PreviewClient(server.url, (await server.signed_in("bob")).token)
    server.clients.append(bob)
    with pytest.raises(ImageNotFound):
        await bob.signed_url(image_id)


async def test_an_image_that_may_not_be_seen_any_more_is_no_empty_chunk(
    image_id: int,
    ada: PreviewClient,
    http: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Zarr clients fill in zeros for a 404."""
    signed = await ada.signed_url(image_id)

    async def gone(_self: RepositoryPixels, _image: int) -> object:
        raise ImageNotFound

    monkeypatch.setattr(RepositoryPixels, "pixels", gone)
    assert await code(http, f"{signed.url}/{CHUNK}") == (410, "signed-url-ended")


async def test_a_changed_one_is_refused(
    server: RestServer, image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    signed = await ada.signed_url(image_id)
    signature = signed.url.split("/")[-2]
    now = datetime.now(UTC) + timedelta(hours=1)
    stated = server.parts.signed_urls._signing.read(signature)
    forged = Signing(["k" * 43], "local").sign(SignedImage(stated.grant_id, image_id, now))
    same_key = signing_keys(server.parts.settings.signing_keys_file)
    elsewhere = Signing(same_key, "omero").sign(SignedImage(stated.grant_id, image_id, now))
    at = len("tas1_") + 3
    changed = [
        signature[:at] + ("A" if signature[at] != "A" else "B") + signature[at + 1 :],
        signature[:-1],
        signature.partition(".")[0],
        f"tas1_{stated.grant_id}",
        str(ada.token),
        "x",
        forged,
        elsewhere,
    ]
    for one in changed:
        url = signed.url.replace(signature, one)
        assert await code(http, f"{url}/{CHUNK}") == (403, "denied"), one


async def test_nobody_gets_longer_than_the_server_allows_or_than_her_session(
    image_id: int, ada: PreviewClient, http: httpx.AsyncClient
) -> None:
    with pytest.raises(Invalid, match="86400 seconds at most"):
        await ada.signed_url(image_id, lifetime_s=86_401)
    day = await ada.signed_url(image_id, lifetime_s=86_400)
    (session,) = [one for one in await ada.grants() if one.last_used_at and not one.revoked][:1]
    # A session lasts half a day, so the address does too.
    assert day.expires_at == session.expires_at.replace(microsecond=0)
    path = f"/v1/images/{image_id}/signed-url"
    headers = {"Authorization": f"Bearer {ada.token}"}
    answer = await http.post(path, json={}, headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    for wrong in ({"lifetime_s": 0}, {"lifetime_s": "1h"}, {"image": 2}):
        refused = await http.post(path, json=wrong, headers=headers)
        assert refused.status_code == 422


def test_keys_are_private_shared_and_exchanged_without_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "signing.keys"
    (first,) = signing_keys(path)
    assert signing_keys(path) == [first]
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    image = SignedImage("g", 7, MovedClock().now())
    signed = Signing([first], "local").sign(image)
    path.write_text(f"{first}\n{'n' * 43}\n", encoding="utf-8")
    both = signing_keys(path)
    assert Signing(both, "local").read(signed) == image
    newer = Signing(both, "local").sign(image)
    assert Signing(both[1:], "local").read(newer) == image
    path.write_text("short", encoding="utf-8")
    with pytest.raises(SettingsInvalid, match="fewer than 32"):
        signing_keys(path)
    path.chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        signing_keys(path)


async def test_it_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    async with rest_server(tmp_path) as first:
        image_id = await import_image(first, two_channels(64, 48))
        client = PreviewClient(first.url, (await first.signed_in()).token)
        first.clients.append(client)
        path = (await client.signed_url(image_id)).url.removeprefix(first.url)
    async with (
        rest_server(tmp_path, with_people=False) as second,
        httpx.AsyncClient(base_url=second.url) as http,
    ):
        assert (await http.get(f"{path}/{CHUNK}")).status_code == 200


async def test_logs_do_not_show_it(image_id: int, ada: PreviewClient) -> None:
    url = (await ada.signed_url(image_id)).url
    signature = url.split("/")[-2]
    for hide in (hide_in_text, hide_tokens):
        shown = hide(f'GET {url}/zarr.json "HTTP/1.1 410"')
        assert signature.split(".")[0] not in shown
        assert signature.split(".")[-1] not in shown
        assert shown.endswith('/image.zarr/zarr.json "HTTP/1.1 410"')


async def test_the_command_line_prints_one(
    server: RestServer,
    image_id: int,
    ada: PreviewClient,
    http: httpx.AsyncClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    await signed_in.remember(server.url, "ada", SecretStr(str(ada.token)), in_file=True)

    async def run(*text: str) -> tuple[str, str]:
        done = await asyncio.to_thread(CliRunner().invoke, cli, ["preview-url", *text])
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    printed, stated = await run(str(image_id))
    assert (await http.get(f"{printed.strip()}/zarr.json")).status_code == 200
    assert stated.startswith("It ends ")
    document = json.loads((await run(str(image_id), "--minutes", "2", "--json"))[0])
    assert (await http.get(f"{document['url']}/zarr.json")).status_code == 200
    ends = datetime.fromisoformat(document["expires_at"])
    assert timedelta(0) < ends - datetime.now(UTC) <= timedelta(minutes=2)
