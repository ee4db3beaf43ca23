"""An archive for tests: a small program that keeps in a folder which files lie on its tape."""

from __future__ import annotations

import sys
from pathlib import Path

from transferapp.tiers.port import Tiers
from transferapp.tiers.wiring import open_tiers

#: Each file on tape has an entry "STATE SECONDS"; a recall makes it "recalling".
_PROGRAM = """#!{python} -I
import pathlib, sys
entries = pathlib.Path({entries!r})
what = sys.argv[1]
control = entries / "control"
if control.exists():
    exec(control.read_text())
paths = sys.stdin.buffer.read().decode("utf-8", "surrogateescape").splitlines()
with (entries / "log").open("a") as log:
    log.write("".join(f"{{what}} {{path}}\\n" for path in paths))
with (entries / "runs").open("a") as runs:
    runs.write(f"{{what}} {{len(paths)}}\\n")
for path in paths:
    entry = entries / path.encode("utf-8", "surrogateescape").hex()[-200:]
    state, _, eta = (entry.read_text() if entry.exists() else "online").partition(" ")
    if what == "recall" and state in ("offline", "failed"):
        entry.write_text(f"recalling {{eta}}")
    elif what == "status":
        line = f"{{state}}\\t{{path}}\\t{{eta}}".rstrip("\\t") + "\\n"
        sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape"))
"""


class Tape:
    """The program, its settings file, and what lies on the tape."""

    def __init__(self, folder: Path, *, stubs: bool = False) -> None:
        """Keep all in ``folder``; ``stubs``: nobody is asked where files are."""
        self.folder = folder
        self._entries = folder / "tape"
        self._entries.mkdir(parents=True)
        program = folder / "tape.py"
        program.write_text(_PROGRAM.format(python=sys.executable, entries=str(self._entries)))
        program.chmod(0o755)
        self.settings = folder / "recall.toml"
        status = "" if stubs else f'status = ["{program}", "status"]\n'
        self.settings.write_text(f'recall = ["{program}", "recall"]\n{status}timeout_s = 60\n')

    @property
    def tiers(self) -> Tiers:
        """Open what the settings say."""
        opened = open_tiers(self.settings)
        assert opened is not None
        return opened

    def put(
        self, path: str | Path, state: str = "offline", eta_s: float | None = 18_000
    ) -> None:
        """Say where a file is."""
        entry = self._entries / str(path).encode("utf-8", "surrogateescape").hex()[-200:]
        entry.write_text(state if eta_s is None else f"{state} {eta_s:g}")

    def behave(self, code: str) -> None:
        """Let the program do this first."""
        (self._entries / "control").write_text(code)

    def asked(self, what: str) -> list[str]:
        """Return the paths that were asked for ``recall`` or ``status``."""
        log = self._entries / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(f"{what} ")]

    def runs(self, what: str) -> int:
        """Return how often the program ran for that."""
        log = self._entries / "runs"
        lines = log.read_text().splitlines() if log.exists() else []
        return sum(line.startswith(f"{what} ") for line in lines)
