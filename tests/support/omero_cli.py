"""The unmodified ``omero`` command against a sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox


class OmeroCli:
    """The ``omero`` command: called through its module, as it refuses to run as root."""

    def __init__(self, sandbox: RunningSandbox, home: Path) -> None:
        """Keep its sessions below ``home``."""
        self._environment = {
            **os.environ,
            "HOME": str(home),
            "OMERO_SESSIONDIR": str(home / "sessions"),
            "OMERO_USERDIR": str(home / "user"),
            "PYTHONWARNINGS": "ignore",
        }
        self._sandbox = sandbox

    def run(self, *arguments: str) -> str:
        """Run a command that must work; return what it printed."""
        code = (
            "import sys; from omero.cli import argv; sys.exit(argv(['omero', *sys.argv[1:]]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self._environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def login(self, user: str = "alice", password: str = "") -> str:
        """Sign in over TLS; the sandbox's people have one password."""
        server = self._sandbox.url("ssl")
        secret = password or self._sandbox.password
        return self.run("login", "-s", server, "-u", user, "-w", secret)
