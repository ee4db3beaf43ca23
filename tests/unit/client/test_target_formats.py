"""Asking a server what it reads, and what is known when it cannot be asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from transferapp.client.sessions import FormatsAnswer
from transferapp.client.target_formats import KeptFormats, ask_formats, ask_settings
from transferapp.errors import NotFound, ServerUnreachable
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.intake.preflight import PreflightSettings
from transferapp.protocol.messages import ServerInfo

OMERO, EMBEDDED = omero_formats(), embedded_formats()


class Server:
    """A server that answers, is away, hangs, or is older than the question."""

    def __init__(self, url: str = "http://one.test") -> None:
        self.base_url = url
        self.reported = FormatsAnswer(OMERO, '"one"')
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.hangs = False
        self.repository = "local"

    async def formats(self, etag: str = "") -> FormatsAnswer | None:
        self.asked.append(etag)
        if self.hangs:
            await asyncio.sleep(60)
        if self.error is not None:
            raise self.error
        return None if etag == self.reported.etag else self.reported

    async def server_info(self) -> ServerInfo:
        return ServerInfo(
            name="T", version="1", repository=self.repository, capabilities=[], part_size=1
        )


@pytest.fixture
def kept(tmp_path: Path) -> KeptFormats:
    return KeptFormats(tmp_path / "formats")


async def test_an_answer_is_fetched_once(kept: KeptFormats) -> None:
    server = Server()
    assert [await ask_formats(server, kept) for _ in range(2)] == [OMERO, OMERO]
    assert server.asked == ["", '"one"']
    server.reported = FormatsAnswer(EMBEDDED, '"two"')
    assert await ask_formats(server, kept) == EMBEDDED
    assert kept.of(server.base_url) == server.reported


async def test_the_last_answer_of_the_same_server_holds(kept: KeptFormats) -> None:
    server, other = Server(), Server("http://two.test")
    other.reported = FormatsAnswer(EMBEDDED, '"e"')
    await ask_formats(server, kept)
    await ask_formats(other, kept)
    server.error = other.error = ServerUnreachable()
    assert await ask_formats(server, kept) == OMERO
    assert await ask_formats(other, kept) == EMBEDDED
    server.hangs = True
    assert await ask_formats(server, kept, 0.05) == OMERO
    assert await ask_formats(server, patience_s=0.05) is None


@pytest.mark.parametrize("content", [b"", b"{", b'{"server": "x"}', b"\xff"])
async def test_a_damaged_file_is_no_answer(
    kept: KeptFormats, tmp_path: Path, content: bytes
) -> None:
    server = Server()
    await ask_formats(server, kept)
    [file] = (tmp_path / "formats").iterdir()
    file.write_bytes(content)
    assert kept.of(server.base_url) is None
    assert await ask_formats(server, kept) == OMERO


@pytest.mark.parametrize(
    ("repository", "wanted"), [("local", EMBEDDED), ("OMERO", OMERO), ("omero", OMERO)]
)
async def test_an_older_server_states_which_repository_it_has(
    kept: KeptFormats, repository: str, wanted: object
) -> None:
    server = Server()
    server.error, server.repository = NotFound("There is nothing here."), repository
    assert await ask_formats(server, kept) == wanted


async def test_other_settings_stay(kept: KeptFormats) -> None:
    known = PreflightSettings(many_files=5)
    server = Server()
    asked = await ask_settings(server, known, kept)
    assert asked == replace(known, target=OMERO)
    assert asked.bio_formats
    server.error = ServerUnreachable()
    assert await ask_settings(server, known) == known
