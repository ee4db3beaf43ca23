"""The unit tests with other versions of our dependencies than the pinned ones.

``lowest``: each direct dependency at its lower bound in pyproject.toml (uv's resolution
``lowest-direct``); ``newest``: all as new as they are allowed to be. Each in an environment of
its own, beside the pinned one. Standard library only, see ``bootstrap.py``.
"""

from __future__ import annotations

from environments import OLDEST_PIP, ROOT, Environment, Interpreter
from other_pythons import EXTRAS, GROUPS, unit_tests


class LowestEnvironment(Environment):
    """Lower bounds; what they need in turn is as new as it may be."""

    def _install(self, extras: str, groups: tuple[str, ...]) -> None:
        self._pip("install", "uv>=0.9,<1")
        wanted = self._project(extras, groups)
        python = ("--python", str(self.python))
        self._watched("uv", "pip", "install", *python, "--resolution", "lowest-direct", *wanted)


class NewestEnvironment(Environment):
    """Without pins, and upgraded each time: tomorrow there are newer ones."""

    def ensure(self, extras: str, groups: tuple[str, ...] = ()) -> None:
        """Make it, or bring it up to date."""
        self._stamp.unlink(missing_ok=True)
        super().ensure(extras, groups)

    def _install(self, extras: str, groups: tuple[str, ...]) -> None:
        self._pip("install", f"pip>={OLDEST_PIP}")
        eager = ("--upgrade", "--upgrade-strategy", "eager")
        self._pip("install", *eager, *self._project(extras, groups))


KINDS: dict[str, type[Environment]] = {
    "lowest": LowestEnvironment,
    "newest": NewestEnvironment,
}


def try_out(kind: str, python: Interpreter, arguments: list[str]) -> int:
    """Run the unit tests with the ``lowest`` or ``newest``; returns the exit code."""
    environment = KINDS[kind](python, ROOT / f".venv-{kind}")
    environment.ensure(EXTRAS, GROUPS)
    return unit_tests(environment, *arguments)
