"""Ask a server what it reads, and keep its last answer for when it cannot be asked."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from pydantic import TypeAdapter, ValidationError

from transferapp.client.sessions import FormatsAnswer
from transferapp.errors import NotFound, TransferAppError
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.host.paths import host_paths
from transferapp.host.private_file import write_private_text
from transferapp.intake.preflight import PreflightSettings
from transferapp.protocol.messages import ServerInfo

#: Longest wait for the server's word, in seconds: of a window, and of a command.
PATIENCE_S, COMMANDS_PATIENCE_S = 3.0, 30.0


class HasFormats(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    base_url: str

    async def formats(self, etag: str = "") -> FormatsAnswer | None:
        """Say what its repository reads; None when that is what ``etag`` names."""

    async def server_info(self) -> ServerInfo:
        """Say what answers, and which image repository is behind it."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A server's last answer."""

    server: str
    reported: FormatsAnswer


_KEPT = TypeAdapter(KeptAnswer)


class KeptFormats:
    """The last answer of each server, one file each; blocking."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep them in ``folder``, by default where this account keeps its data."""
        self._folder = folder or host_paths().formats

    def of(self, server_url: str) -> FormatsAnswer | None:
        """Return the last answer; None when there is none that can be read."""
        with suppress(OSError, ValidationError):
            kept = _KEPT.validate_json(self._file(server_url).read_bytes())
            return kept.reported if kept.server == server_url else None
        return None

    def since(self, server_url: str) -> datetime | None:
        """Return when the server last said so; None when nothing is kept."""
        with suppress(OSError):
            return datetime.fromtimestamp(self._file(server_url).stat().st_mtime, UTC)
        return None

    def keep(self, server_url: str, reported: FormatsAnswer) -> None:
        """Keep an answer; that a disk is full does not matter."""
        text = _KEPT.dump_json(KeptAnswer(server_url, reported)).decode()
        with suppress(OSError):
            write_private_text(self._file(server_url), text)

    def stated_again(self, server_url: str) -> None:
        """The server holds to its last answer."""
        with suppress(OSError):
            os.utime(self._file(server_url))

    def _file(self, server_url: str) -> Path:
        name = sha256(server_url.encode(errors="replace")).hexdigest()[:32]
        return self._folder / f"{name}.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server reads; ``stated_at`` is when it said so, if it cannot be asked now."""

    formats: RepositoryFormats
    said_at: datetime | None = None


async def ask(
    server: HasFormats, kept: KeptFormats | None = None, patience_s: float = PATIENCE_S
) -> Answer | None:
    """Ask a server what it reads; without an answer its last one. None: nobody knows."""
    url = server.base_url
    last = await asyncio.to_thread(kept.of, url) if kept else None
    try:
        async with asyncio.timeout(patience_s):
            reported = await _ask(server, last.etag if last else "")
    except (TransferAppError, TimeoutError):
        if kept is None or last is None:
            return None
        return Answer(last.formats, await asyncio.to_thread(kept.since, url))
    if reported is None or reported == last:
        if kept:
            await asyncio.to_thread(kept.stated_again, url)
        return Answer(last.formats) if last else None
    if kept:
        await asyncio.to_thread(kept.keep, url, reported)
    return Answer(reported.formats)


async def ask_formats(
    server: HasFormats, kept: KeptFormats | None = None, patience_s: float = PATIENCE_S
) -> RepositoryFormats | None:
    """Ask a server what it reads, whenever it said so. None: nobody knows."""
    answer = await ask(server, kept, patience_s)
    return answer.formats if answer else None


async def ask_settings(
    server: HasFormats,
    settings: PreflightSettings,
    kept: KeptFormats | None = None,
    patience_s: float = PATIENCE_S,
) -> PreflightSettings:
    """Ask what the files' target reads; without any answer ``settings`` hold. Never raises."""
    formats = await ask_formats(server, kept, patience_s)
    return settings if formats is None else replace(settings, target=formats)


async def _ask(server: HasFormats, etag: str) -> FormatsAnswer | None:
    try:
        return await server.formats(etag)
    except NotFound:
        # A server from before this question says at least which repository it has.
        is_omero = (await server.server_info()).repository.lower() == "omero"
        return FormatsAnswer(omero_formats() if is_omero else embedded_formats(), "")
