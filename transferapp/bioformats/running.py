"""One run of our Java program: requests in, answers out, and its end."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from transferapp.bioformats.own_folder import own_folder
from transferapp.bioformats.places import Places
from transferapp.bioformats.process_group import kill_group

_PROGRAM = "BioFormatsReads.java"
#: What of our environment it sees: no passwords, no tokens, no JAVA_TOOL_OPTIONS.
_PASSED_ON = ("PATH", "HOME", "SYSTEMROOT", "JAVA_HOME")
#: Else Java takes names that are not ASCII for others.
_LOCALE = {"LC_ALL": "C.UTF-8"}
#: A file may name others by URL. Nothing is fetched from a network: this port is closed.
_NO_NETWORK = [
    f"-D{scheme}.proxy{part}"
    for scheme in ("http", "https")
    for part in ("Host=127.0.0.1", "Port=9")
] + ["-Dhttp.nonProxyHosts="]
_END_S = 10.0

Json = dict[str, Any]


class ProcessEnded(Exception):
    """The process is gone. ``unread`` says that it never saw the request."""

    def __init__(self, *, unread: bool = False) -> None:
        """Note whether asking another one is harmless."""
        super().__init__("Bio-Formats' process ended")
        self.unread = unread


class Hung(Exception):
    """It did not answer in time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A line of JSON and the bytes behind it."""

    header: Json
    content: bytes = field(default=b"", repr=False)


class Running:
    """A process; used by one thread at a time, but ``end`` by any."""

    def __init__(self, places: Places, memory_mb: int) -> None:
        """Start it; it is of use when it is ready. Raises OSError."""
        self._exits = ExitStack()
        self._folder = self._exits.enter_context(own_folder())
        self._answers: queue.Queue[Reply | None] = queue.Queue()
        #: We ended it ourselves.
        self.is_unwanted = False
        try:
            program = self._exits.enter_context(
                as_file(files("transferapp.bioformats").joinpath(_PROGRAM))
            )
            self._process = self._start(places, memory_mb, program)
        except BaseException:
            self._exits.close()
            raise
        self._ear = threading.Thread(target=self._listen, name="bio-formats", daemon=True)
        self._ear.start()

    def wait_until_ready(self, patience_s: float) -> str:
        """Return its version; raises Ended, Hung. Java compiles the program first."""
        return str(self._next(patience_s).header["version"])

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs, as far as is known."""
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], patience_s: float) -> Reply:
        """Return its answer; raises Ended, Hung. It is of no use after either."""
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101 - asked for at the start
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
        except (OSError, ValueError) as error:
            raise ProcessEnded(unread=True) from error
        try:
            self._next(patience_s)
        except ProcessEnded as error:
            raise ProcessEnded(unread=True) from error
        return self._next(patience_s)

    def kill(self) -> None:
        """Kill it, also when it is stopped or hangs; whoever waits for it gets Ended."""
        self.is_unwanted = True
        # Later its number may be another process's.
        if self._ear.is_alive():
            kill_group(self._process)

    def end(self) -> None:
        """Kill it and return when nothing of it is left."""
        self.kill()
        self._ear.join(_END_S)
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101
        with suppress(OSError):
            stdin.close()
        self._exits.close()

    def _start(self, places: Places, memory_mb: int, program: Path) -> subprocess.Popen[bytes]:
        command = [
            places.java,
            f"-Xmx{memory_mb}m",
            # The others take memory and threads beside the heap.
            "-XX:+UseSerialGC",
            "-Djava.awt.headless=true",
            # Readers unpack libraries there, and leave them.
            f"-Djava.io.tmpdir={self._folder}",
            *_NO_NETWORK,
            "-cp",
            str(places.jar),
            str(program),
        ]
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return subprocess.Popen(  # noqa: S603 - the Java of this computer
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=passed_on | _LOCALE,
            start_new_session=True,
        )

    def _next(self, patience_s: float) -> Reply:
        try:
            answer = self._answers.get(timeout=patience_s)
        except queue.Empty:
            raise Hung from None
        if answer is None:
            raise ProcessEnded
        return answer

    def _listen(self) -> None:
        """Pass answers on until there are no more, then wait for it: no zombie is left."""
        out = self._process.stdout
        assert out is not None  # noqa: S101
        # What is no JSON cannot be followed any further.
        with out, suppress(OSError, ValueError):
            while line := out.readline():
                header = json.loads(line)
                content = out.read(header.get("bytes", 0))
                if len(content) < header.get("bytes", 0):
                    break
                self._answers.put(Reply(header, content))
        kill_group(self._process)
        self._process.wait()
        self._answers.put(None)
