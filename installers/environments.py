"""A virtual environment of one Python with the project in it: made, kept fresh, run.

Standard library only, see ``bootstrap.py``.
"""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import ice_wheel

ROOT = Path(__file__).resolve().parent.parent
#: From here on the queue runs on Python's own SQLite (transferapp/host/sqlite.py).
OLDEST_SQLITE = (3, 35)
#: The first that installs dependency groups (PEP 735); a venv of Debian 12 has 23.0.
OLDEST_PIP = "25.1"
_ASKED = (
    "import sqlite3, sys;"
    "print('%d.%d.%d' % sys.version_info[:3], '%d.%d' % sqlite3.sqlite_version_info[:2])"
)


def show(text: str) -> None:
    """Print a line of progress at once."""
    print(f"[bootstrap] {text}", flush=True)


def stop(text: str) -> NoReturn:
    """End with a message that says what to do."""
    print(f"\n[bootstrap] {text}", file=sys.stderr, flush=True)
    raise SystemExit(2)


@dataclass(frozen=True)
class Interpreter:
    """A Python that is installed, with its version and that of its SQLite."""

    python: Path
    version: tuple[int, ...]
    sqlite: tuple[int, ...]

    @property
    def tag(self) -> str:
        """Its version as file names have it: py312."""
        return "py{}{}".format(*self.version)

    def __str__(self) -> str:
        """Its version and where it is."""
        return f"Python {'.'.join(map(str, self.version))} ({self.python})"


def ask(python: Path) -> Interpreter | None:
    """Return what a Python is; None for what is none, or has no SQLite."""
    try:
        done = subprocess.run(
            [str(python), "-c", _ASKED], capture_output=True, text=True, check=True, timeout=60
        )
        version, sqlite = done.stdout.split()
        return Interpreter(python, _numbers(version), _numbers(sqlite))
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _covers(line: str, fingerprint: str, asked: str) -> bool:
    """Tell whether a line of the stamp says that all these extras and groups were installed."""
    found, _, installed = line.partition(" ")
    return found == fingerprint and set(asked.split(",")) <= set(installed.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


class Environment:
    """The project with some of its extras and dependency groups, editable, in ``folder``."""

    def __init__(self, interpreter: Interpreter, folder: Path) -> None:
        """Nothing is made before ``ensure``."""
        self.interpreter = interpreter
        self.folder = folder
        self.python = folder / "bin" / "python"
        #: Whether somebody ended what ran.
        self.interrupted = False
        self._stamp = folder / "transferapp-installed.txt"
        #: The versions that the tests passed with; others resolve freely.
        self._pins = ROOT / "installers" / f"constraints-{interpreter.tag}.txt"

    def ensure(self, extras: str, groups: tuple[str, ...] = ()) -> None:
        """Make it, unless it is there already and nothing has changed since.

        ``groups`` are of ``[dependency-groups]`` in pyproject.toml. The extra ``omero`` needs a
        zeroc-ice wheel for its Python: raises WheelNotBuilt.
        """
        if self.interpreter.sqlite < OLDEST_SQLITE:
            extras += ",sqlite"
        asked = ",".join((extras, *groups))
        fingerprint = self._fingerprint()
        if not self._is_there():
            show(f"making {self.folder}")
            command = [str(self.interpreter.python), "-m", "venv", "--clear", str(self.folder)]
            subprocess.run(command, check=True)
        stamp = self._stamp.read_text(encoding="utf-8") if self._stamp.exists() else ""
        known = stamp.splitlines()
        # With more than is wanted too: pip would take the project away for a moment and put
        # it back, under the feet of whatever runs in it.
        if any(_covers(line, fingerprint, asked) for line in known):
            return
        show("installing Python packages (napari and Qt are large; a few minutes at first)")
        started = time.monotonic()
        self._install(extras, groups)
        self._stamp.write_text(
            "\n".join([*known, f"{fingerprint} {asked}"]) + "\n", encoding="utf-8"
        )
        show(f"installed in {time.monotonic() - started:.0f} s")

    def _install(self, extras: str, groups: tuple[str, ...]) -> None:
        """Install the project with the versions that are pinned for this Python."""
        pinned = ("-c", str(self._pins)) if self._pins.exists() else ()
        links: tuple[str, ...] = ()
        if "omero" in extras:
            links = ("--find-links", str(ice_wheel.ensure_wheel(self.python).parent))
        if groups:
            self._pip("install", f"pip>={OLDEST_PIP}")
        self._pip("install", *pinned, *links, *self._project(extras, groups))

    @staticmethod
    def _project(extras: str, groups: tuple[str, ...]) -> list[str]:
        """Return what pip and uv call our project with these extras and groups."""
        grouped = [f"--group={ROOT / 'pyproject.toml'}:{group}" for group in groups]
        return ["-e", f"{ROOT}[{extras}]", *grouped]

    def run(self, *arguments: str) -> int:
        """Run its Python and pass Ctrl-C and SIGTERM on to it; returns the exit code."""
        process = subprocess.Popen([str(self.python), *arguments], cwd=ROOT)

        def end(_number: int, _frame: object) -> None:
            self.interrupted = True
            process.terminate()

        signal.signal(signal.SIGTERM, end)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                self.interrupted = True  # the child got the same Ctrl-C and cleans up

    def _is_there(self) -> bool:
        """Tell whether it is there, and of this very Python."""
        found = ask(self.python)
        return found is not None and found.version == self.interpreter.version

    def _fingerprint(self) -> str:
        """Change whenever the packages must be installed again."""
        parts = [str(self.interpreter.version)]
        parts += [
            path.read_text(encoding="utf-8")
            for path in (ROOT / "pyproject.toml", self._pins)
            if path.exists()
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _pip(self, *arguments: str) -> None:
        """Run pip."""
        self._watched("pip", "--disable-pip-version-check", *arguments)

    def _watched(self, module: str, *arguments: str) -> None:
        """Run a module that installs, with a line of progress every ten seconds."""
        command = [str(self.python), "-m", module, *arguments]
        log = self.folder / "pip.log"
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            started = time.monotonic()
            code: int | None = None
            while code is None:
                try:
                    code = process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                    show(f"  {time.monotonic() - started:4.0f} s  {last[:100]}")
        if code != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            stop(f"{module} failed; the end of {log} says:\n{tail}")
