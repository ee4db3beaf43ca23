"""``transferapp omero-sandbox`` is the sandbox itself: once it is ended, its ports are free."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

pytest.importorskip("Ice", reason="needs zeroc-ice")

COMMAND = [sys.executable, "-m", "transferapp", "omero-sandbox"]


@contextmanager
def started(folder: Path, port: int) -> Iterator[tuple[psutil.Popen, int]]:
    """Run the command; yield it with the port on which it answers. All of it ends."""
    argv = [*COMMAND, "--dir", str(folder), "--tcp", str(port)]
    with psutil.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        running = [process]
        try:
            answered = json.loads(process.stdout.readline())["ports"]["tcp"]
            running += process.children(recursive=True)
            yield process, answered
        finally:
            for one in running:
                with suppress(psutil.NoSuchProcess):
                    one.kill()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_ended_it_leaves_its_port(tmp_path: Path, how: signal.Signals) -> None:
    with started(tmp_path, 0) as (process, port):
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            process.send_signal(how)
            code = process.wait(timeout=20)
        assert code == (-how if how is signal.SIGKILL else 0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    # The next one on this port starts at once.
    with started(tmp_path, port) as (_process, again):
        assert again == port
