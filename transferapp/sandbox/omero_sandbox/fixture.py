"""Start, break, stop and restart an OMERO sandbox from a test or the demo.

Imports neither omero nor Ice: the sandbox runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from transferapp.host.private_file import append_private

PASSWORD = "secret"  # noqa: S105 - of alice, bob and importer
ROOT_PASSWORD = "omero"  # noqa: S105
_START_S = 60.0
_STOP_S = 5.0
_CONTROL_S = 30.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for localhost and 127.0.0.1, and the authority that signed it."""

    authority: Path
    certificate: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make an authority and a certificate with ``openssl``; what is there is kept."""
    made = Certificate(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    if made.certificate.exists():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    authority_key = folder / "ca.key"
    fresh = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"]
    _quietly(
        *fresh, "-subj", "/CN=OMERO sandbox authority",
        "-keyout", str(authority_key), "-out", str(made.authority),
    )  # fmt: skip
    _quietly(
        *fresh, "-subj", "/CN=localhost",
        "-CA", str(made.authority), "-CAkey", str(authority_key),
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-keyout", str(made.key), "-out", str(made.certificate),
    )  # fmt: skip
    # Ice 3.6 reads both from one file.
    with made.certificate.open("a") as file:
        file.write(made.key.read_text())
    return made


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603


class SandboxNotStarted(RuntimeError):
    """The sandbox process did not come up; the message has the end of its log."""


@dataclass
class RunningSandbox:
    """A sandbox in its own process: ``with RunningSandbox(folder) as sandbox: ...``.

    The folder keeps everything over ``kill`` and ``restart``; ports stay the same, too.
    """

    folder: Path
    #: Transports to offer; ssl and wss come with a certificate of ``ca_file``.
    transports: tuple[str, ...] = ("tcp", "ssl", "wss")
    settings: dict[str, str] = field(default_factory=dict)
    password: str = PASSWORD
    verbose: bool = False
    #: Make alice, bob and importer; else there is root only, as in a fresh OMERO.
    people: bool = True
    host: str = "127.0.0.1"
    ports: dict[str, int] = field(default_factory=dict, init=False)
    _process: subprocess.Popen[str] | None = field(default=None, init=False, repr=False)
    _socket_folder: tempfile.TemporaryDirectory[str] | None = field(
        default=None, init=False, repr=False
    )

    @property
    def ca_file(self) -> Path:
        """The authority that clients verify the certificate with (PEM)."""
        return self.folder / "tls" / "ca.pem"

    @property
    def log_file(self) -> Path:
        """What the process said."""
        return self.folder / "sandbox.log"

    @property
    def repository_folder(self) -> Path:
        """The managed repository on disk, for in-place imports."""
        return self.folder / "ManagedRepository"

    @property
    def pid(self) -> int:
        """The process."""
        if self._process is None:
            raise SandboxNotStarted("the sandbox does not run")
        return self._process.pid

    def port(self, transport: str = "tcp") -> int:
        """Return the port of a transport."""
        return self.ports[transport]

    def url(self, transport: str = "tcp") -> str:
        """Return ``ssl://127.0.0.1:4064`` or ``wss://127.0.0.1:443/omero-wss``."""
        path = f"/omero-{transport}" if transport in ("ws", "wss") else ""
        return f"{transport}://{self.host}:{self.port(transport)}{path}"

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.kill()
        if self._socket_folder is not None:
            self._socket_folder.cleanup()

    def start(self) -> None:
        """Start and wait until it answers; raises SandboxNotStarted."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # Unix socket paths are short; pytest's folders are not.
        self._socket_folder = self._socket_folder or tempfile.TemporaryDirectory("omero")
        with append_private(self.log_file) as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command(), stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                text=True, env={**os.environ, "OMERO_SANDBOX_PASSWORD": self.password},
            )  # fmt: skip
        self.ports = self._ready()

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "transferapp.sandbox.omero_sandbox"]
        command += ["--dir", str(self.folder), "--control", str(self.control_socket)]
        for transport in self.transports:
            command += [f"--{transport}", str(self.ports.get(transport, 0))]
        if {"ssl", "wss"} & set(self.transports):
            made = make_certificate(self.folder / "tls")
            command += ["--cert", str(made.certificate)]
        for key, value in self.settings.items():
            command += ["--set", f"{key}={value}"]
        command += [] if self.people else ["--no-people"]
        return [*command, *(["--verbose"] if self.verbose else [])]

    def _ready(self) -> dict[str, int]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        watch = threading.Timer(_START_S, process.kill)
        watch.start()
        line = process.stdout.readline()
        watch.cancel()
        process.stdout.close()
        if not line:
            process.wait()
            tail = "\n".join(self.log_file.read_text().splitlines()[-15:])
            raise SandboxNotStarted(f"The OMERO sandbox did not start:\n{tail}")
        ports: dict[str, int] = json.loads(line)["ports"]
        return ports

    @property
    def control_socket(self) -> Path:
        """Where commands are given (see ``control``)."""
        assert self._socket_folder is not None
        return Path(self._socket_folder.name) / "control"

    def control(self, command: str, **values: Any) -> dict[str, Any]:
        """Give a command (see ``control.Control``); return the answer; raises ValueError."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(_CONTROL_S)
            wire.connect(str(self.control_socket))
            wire.sendall((json.dumps({"command": command, **values}) + "\n").encode())
            with wire.makefile() as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        if not answer.pop("ok"):
            raise ValueError(f"{command}: {answer['error']}")
        return answer

    def kill(self) -> None:
        """Kill -9, as a power cut does; twice is fine."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(_STOP_S)
            self._process = None

    def restart(self) -> None:
        """Kill and start again on the same folder and ports; sessions are gone."""
        self.kill()
        self.start()
