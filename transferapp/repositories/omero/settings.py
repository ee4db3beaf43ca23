"""How to reach OMERO: environment variables with the prefix ``TRANSFERAPP_OMERO_``.

No variable holds a secret: the importer's password comes from a file or a keyring.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from transferapp.errors import SettingsInvalid
from transferapp.host.settings import EnvironmentSettings


class Transport(StrEnum):
    """How Ice travels. ``ws`` and ``wss`` pass networks where only a web port is open."""

    TCP = "tcp"
    SSL = "ssl"
    WS = "ws"
    WSS = "wss"


class InPlace(StrEnum):
    """How a worker that sees the server's files brings new ones in without copying them."""

    OFF = ""
    HARD_LINK = "hardlink"
    SYMLINK = "symlink"


#: An address that a link can begin with; what follows it is ours.
_WEB = re.compile(r"https?://[^\s@?#{}|\\^`<>\"/]+(/[^\s@?#{}|\\^`<>\"]*)?", re.IGNORECASE)
_PORTS = {Transport.TCP: 4063, Transport.SSL: 4064, Transport.WS: 80, Transport.WSS: 443}


class OmeroSettings(EnvironmentSettings):
    """One OMERO.server and the account that acts for people."""

    model_config = SettingsConfigDict(
        env_prefix="TRANSFERAPP_OMERO_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str = ""
    #: 0 takes the transport's usual one: tcp 4063, ssl 4064, ws 80, wss 443.
    port: int = Field(default=0, ge=0, le=65535)
    transport: Transport = Transport.SSL
    #: The path of the web socket behind the web server.
    websocket_path: str = "/omero-ws"
    #: Check the server's certificate and its name.
    verify_tls: bool = True
    #: A PEM file of authorities instead of the operating system's.
    ca_file: Path | None = None
    #: For servers without any certificate: encrypts, but proves nothing about the server.
    legacy_anonymous_tls: bool = False
    #: A restricted administrator whose only privilege is Sudo; empty: there is none.
    importer: str = ""
    #: A file that only its owner may read. Unset: systemd's credential, then the keyring.
    importer_password_file: Path | None = None
    connect_timeout_s: float = Field(default=10.0, gt=0)
    call_timeout_s: float = Field(default=60.0, gt=0)
    #: The same for calls that a person waits for: of the server, whose clients give up after
    #: 30 s and would take it for dead.
    answer_timeout_s: float = Field(default=20.0, gt=0)
    #: OMERO reads and hashes a whole file while an upload is closed.
    hash_timeout_s: float = Field(default=4 * 3600.0, gt=0)
    #: A person's session that nobody uses is closed after so long (seconds).
    idle_session_s: float = Field(default=300.0, gt=0)
    #: OMERO ends a minted session by itself after so long without a call (seconds).
    minted_idle_s: float = Field(default=600.0, gt=0)
    #: An import that nobody can ask, its session over, is left alone until its log was quiet
    #: for so long (seconds).
    import_quiet_s: float = Field(default=900.0, gt=0)
    #: A step of an import may be silent for so long (seconds), as OMERO is while it looks for
    #: minimum and maximum, if OMERO answers meanwhile.
    step_quiet_s: float = Field(default=6 * 3600.0, gt=0)
    #: Link instead of uploading; see docs/omero.md. Only for workers.
    in_place: InPlace = InPlace.OFF
    #: The root folder of OMERO's managed repository as this server or worker sees it:
    #: original files are read there.
    managed_repository: Path | None = None
    #: Where symbolic links lead to: on the staging's disk, at the same path for OMERO.
    in_place_vault: Path | None = None
    #: Where OMERO.web is, for links to images; empty: nothing is linked.
    web: str = ""
    #: Calls to OMERO at once from this process.
    threads: int = Field(default=8, ge=1, le=64)

    def __init__(self, **values: Any) -> None:
        """Read the environment; raises SettingsInvalid that names the variable."""
        super().__init__(**values)
        if not self.host:
            raise SettingsInvalid(
                "TRANSFERAPP_OMERO_HOST is not set. Give the name of the OMERO server."
            )
        if not self.encrypted and self.ca_file is not None:
            raise SettingsInvalid(
                "TRANSFERAPP_OMERO_CA_FILE needs the transport ssl or wss; it is"
                f" {self.transport}."
            )
        if self.web and not _WEB.fullmatch(self.web):
            raise SettingsInvalid(
                "TRANSFERAPP_OMERO_WEB is no address of OMERO.web. Write it like"
                " https://omero.example.org or https://example.org/omero, without user name,"
                " password, '?' and '#'."
            )
        self._check_in_place()

    def _check_in_place(self) -> None:
        if self.in_place and self.managed_repository is None:
            raise SettingsInvalid(
                "TRANSFERAPP_OMERO_IN_PLACE needs TRANSFERAPP_OMERO_MANAGED_REPOSITORY, the"
                " folder to link into."
            )
        if (self.in_place is InPlace.SYMLINK) != (self.in_place_vault is not None):
            raise SettingsInvalid(
                "TRANSFERAPP_OMERO_IN_PLACE=symlink needs TRANSFERAPP_OMERO_IN_PLACE_VAULT, the"
                " folder that keeps the files for ever; other values must not have it."
            )
        _check_folder("MANAGED_REPOSITORY", self.managed_repository)
        _check_folder("IN_PLACE_VAULT", self.in_place_vault)

    def for_people(self) -> OmeroSettings:
        """Return the settings of a process whose callers do not wait for long."""
        limit_s = min(self.call_timeout_s, self.answer_timeout_s)
        return self.model_copy(update={"call_timeout_s": limit_s})

    @property
    def alive_timeout_s(self) -> float:
        """How long the question may take whether a session lives, which is the first of most
        work and a short one: what waits behind it hears in time that OMERO is silent.
        """
        return 0.4 * self.call_timeout_s

    @property
    def encrypted(self) -> bool:
        """Whether the transport uses TLS."""
        return self.transport in {Transport.SSL, Transport.WSS}

    @property
    def image_page(self) -> str:
        """Where OMERO.web shows an image, with ``{id}`` for its id; empty: nobody said."""
        return f"{self.web.rstrip('/')}/webclient/?show=image-{{id}}" if self.web else ""

    @property
    def effective_port(self) -> int:
        """The port, or the transport's usual one."""
        return self.port or _PORTS[self.transport]

    @property
    def url(self) -> str:
        """The address as OMERO's clients write it."""
        web = self.transport in {Transport.WS, Transport.WSS}
        path = self.websocket_path if web else ""
        return f"{self.transport}://{self.host}:{self.effective_port}{path}"


def _check_folder(name: str, folder: Path | None) -> None:
    if folder is None:
        return
    variable = f"TRANSFERAPP_OMERO_{name}"
    if not folder.is_absolute():
        raise SettingsInvalid(f"{variable} must be an absolute path; it is '{folder}'.")
    if not folder.is_dir():
        raise SettingsInvalid(
            f"{variable}: there is no folder '{folder}' on this computer. Mount it here, or"
            " switch TRANSFERAPP_OMERO_IN_PLACE off."
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SettingsInvalid(f"{variable}: this account may not read the folder '{folder}'.")
