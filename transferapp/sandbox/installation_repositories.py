"""Image repositories for a stage: the embedded one, or OMERO's protocol in a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from transferapp.host.clock import SystemClock
from transferapp.model.identity import GroupPermissions
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import Repository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

#: Who is there on every stage; both are in the group lab.
PEOPLE = {"alice": "Alice Ward", "bob": "Bob Reyes"}


class InstallationRepository(Protocol):
    """A repository that a stage's server and worker use."""

    #: What their environment needs beside.
    environment: dict[str, str]

    async def add_people(self, password: str) -> None:
        """Make alice and bob."""

    def open(self) -> Repository:
        """Open it beside the server, to read what it holds; close it afterwards."""


class EmbeddedRepository(InstallationRepository):
    """The local repository in a folder."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is the one that the server finds below its data."""
        self._folder = folder
        self.environment: dict[str, str] = {}

    @override
    async def add_people(self, password: str) -> None:
        """Make alice and bob in the group lab."""
        self._folder.mkdir(parents=True, exist_ok=True)
        people = Administration(self._folder)
        await people.add_group("lab", GroupPermissions.READ_ANNOTATE)
        for username, full_name in PEOPLE.items():
            await people.add_experimenter(username, full_name, password)
            await people.add_member(username, "lab")

    @override
    def open(self) -> Repository:
        """Open the folder."""
        return LocalRepository(self._folder, SystemClock())


class SandboxRepository(InstallationRepository):
    """An OMERO sandbox, over TLS as a rule, with an importer that holds only Sudo."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, transport: str = "ssl") -> None:
        """``folder`` gets the importer's password file; see ``running_sandbox``."""
        self.sandbox = sandbox
        encrypted = transport in {"ssl", "wss"}
        secret = folder / "importer-password"
        secret.touch(mode=0o600)
        secret.write_text(sandbox.password + "\n", encoding="utf-8")
        self.environment = {
            "TRANSFERAPP_REPOSITORY": "omero",
            "TRANSFERAPP_OMERO_HOST": sandbox.host,
            "TRANSFERAPP_OMERO_TRANSPORT": transport,
            "TRANSFERAPP_OMERO_PORT": str(sandbox.port(transport)),
            "TRANSFERAPP_OMERO_WEBSOCKET_PATH": f"/omero-{transport}",
            "TRANSFERAPP_OMERO_CA_FILE": str(sandbox.ca_file) if encrypted else "",
            "TRANSFERAPP_OMERO_IMPORTER": "importer",
            "TRANSFERAPP_OMERO_IMPORTER_PASSWORD_FILE": str(secret),
        }
        self._secret = secret

    @override
    async def add_people(self, password: str) -> None:
        """The sandbox is born with alice and bob."""
        if password != self.sandbox.password:
            raise ValueError("the sandbox was started with another password")

    @override
    def open(self) -> Repository:
        """Connect as the server does."""
        # omero-py is an optional extra.
        from transferapp.repositories.omero.repository import OmeroRepository  # noqa: PLC0415
        from transferapp.repositories.omero.settings import (  # noqa: PLC0415
            OmeroSettings,
            Transport,
        )

        settings = OmeroSettings(
            host=self.sandbox.host,
            port=self.sandbox.port("ssl"),
            transport=Transport.SSL,
            ca_file=self.sandbox.ca_file,
            importer="importer",
            importer_password_file=self._secret,
        )
        return OmeroRepository(settings, SystemClock())


@contextmanager
def running_sandbox(
    folder: Path, password: str, transport: str = "ssl"
) -> Iterator[SandboxRepository]:
    """Run a sandbox in ``folder`` for as long as the context lasts; server and worker reach
    it over ``transport``, a test itself over ssl.
    """
    folder.mkdir(parents=True, exist_ok=True)
    transports = tuple(dict.fromkeys(("ssl", transport)))
    with RunningSandbox(folder, transports, password=password) as sandbox:
        yield SandboxRepository(sandbox, folder, transport)
