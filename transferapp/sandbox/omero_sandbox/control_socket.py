"""The control socket: one JSON object a line in, one out; for tests and for playing.

{"command": "slow_step", "seconds": 2}   ->   {"ok": true}
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import socketserver
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from transferapp.errors import Conflict, SettingsInvalid
from transferapp.sandbox.omero_sandbox.control import Control
from transferapp.sandbox.omero_sandbox.control_protocol import answer

_ANSWERS_WITHIN_S = 5.0


class _Lines(socketserver.StreamRequestHandler):
    @override
    def handle(self) -> None:
        server = self.server
        assert isinstance(server, ControlServer)
        with contextlib.suppress(ConnectionError):
            for line in self.rfile:
                stated = server.answer(line)
                self.wfile.write((json.dumps(stated) + "\n").encode())


class ControlServer(socketserver.ThreadingUnixStreamServer):
    """Listens on a Unix socket that only this user can open."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        """Listen; what a killed sandbox left there is replaced.

        Raises Conflict while another process answers there, SettingsInvalid where no
        socket can be.
        """
        try:
            with _only_one_starts(path.parent):
                _remove_stale(path)
                old = os.umask(0o177)
                try:
                    super().__init__(str(path), _Lines)
                finally:
                    os.umask(old)
        except OSError as error:
            raise SettingsInvalid(
                f"--control {path}: no control socket can be made there"
                f" ({error.strerror or error}). Name a short path in a folder that exists and"
                " that your account may write."
            ) from error
        self._path, self._made = path, _identity(path)
        self._control: Control | None = None

    def start(self, control: Control) -> None:
        """Serve in a thread; who connected before has waited."""
        self._control = control
        threading.Thread(target=self.serve_forever, name="control", daemon=True).start()

    def answer(self, line: bytes) -> dict[str, object]:
        """Do one command."""
        assert self._control is not None
        return answer(self._control, line)

    def remove(self) -> None:
        """Leave no socket behind on which nobody answers; another's is left alone."""
        with contextlib.suppress(FileNotFoundError):
            if _identity(self._path) == self._made:
                self._path.unlink()


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def _only_one_starts(folder: Path) -> Iterator[None]:
    """Let nobody else make a control socket in a folder meanwhile: both would replace a stale
    one, and the first would lose its own.
    """
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # NFS has no locks of folders
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_stale(path: Path) -> None:
    """Remove a socket on which nobody answers; raises Conflict and SettingsInvalid."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SettingsInvalid(
            f"--control {path}: this is no socket, so it is left alone. Name another path."
        )
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(_ANSWERS_WITHIN_S)
        try:
            wire.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except OSError as error:
            # One that is busy, or stopped, is alive.
            if error.errno not in (None, errno.EAGAIN):
                raise
    raise Conflict(
        f"--control {path}: another process answers there. End that one first, or name another"
        " path."
    )
