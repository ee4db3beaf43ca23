"""Tell the piloted desktop what a person does, and ask what a person sees."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from transferapp.host.private_file import append_private


class ActorError(RuntimeError):
    """The desktop could not do what it was asked."""


class Actor:
    """A desktop process under a pilot (see ``transferapp.desktop.pilot``)."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        """Start the desktop; its output goes to ``log``."""
        ours, theirs = socket.socketpair()
        with append_private(log) as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "transferapp.desktop.pilot", str(theirs.fileno())],
                env=environment,
                pass_fds=[theirs.fileno()],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        theirs.close()
        self._lines = ours.makefile("rwb")
        self._socket = ours

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the desktop."""
        self.close()

    def do(self, what: str, name: str = "", **details: Any) -> Any:
        """Send one command and return its answer; raises ActorError."""
        command = {"do": what, "name": name, **details}
        self._socket.settimeout(details.get("timeout_s", 30) + 60)
        try:
            self._lines.write(json.dumps(command).encode() + b"\n")
            self._lines.flush()
            line = self._lines.readline()
        except OSError as error:
            raise ActorError(f"the desktop is gone while asked to {command}") from error
        if not line:
            raise ActorError(f"the desktop ended while asked to {command}")
        answer = json.loads(line)
        if "error" in answer:
            raise ActorError(f"{what} {name}: {answer['error']}")
        return answer["ok"]

    def text(self, name: str) -> str:
        """Return what a person reads on a widget."""
        return str(self.do("state", name)["text"])

    def kill(self) -> None:
        """End the desktop as a crash would: kill -9."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._socket.close()

    def close(self) -> None:
        """Ask the desktop to end, and make sure that it does."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self._socket.close()
