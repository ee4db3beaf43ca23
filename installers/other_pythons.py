"""The unit tests and the demo on every further Python of this machine.

``TRANSFERAPP_PYTHONS`` names them (paths, or names on the PATH, with ":" between; empty:
none). Without it they are the newest ones in pyenv's folder of the versions that we have
pins for (``constraints-py*.txt``). Standard library only, see ``bootstrap.py``.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from pathlib import Path

from environments import ROOT, Environment, Interpreter, ask, show, stop
from workers import side_by_side

VARIABLE = "TRANSFERAPP_PYTHONS"
#: Neither OMERO, whose library may have to be compiled, nor its clients: the whole suite
#: runs on the first Python.
EXTRAS = "desktop,server,readers,s3"
GROUPS = ("dev",)
_PINS = re.compile(r"constraints-py(\d)(\d+)\.txt")


def claimed() -> set[tuple[int, ...]]:
    """Return the versions of Python that there are pins for."""
    found = (_PINS.fullmatch(path.name) for path in (ROOT / "installers").iterdir())
    return {(int(pins[1]), int(pins[2])) for pins in found if pins}


def further(first: tuple[int, ...]) -> list[Interpreter]:
    """Return the Pythons to try beside the ``first`` one's version, the oldest first."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return [_named(name) for name in named.split(os.pathsep) if name]
    root = os.environ.get("PYENV_ROOT")
    versions = (Path(root) if root else Path.home() / ".pyenv") / "versions"
    newest: dict[tuple[int, ...], Interpreter] = {}
    for path in sorted(versions.glob("3.*/bin/python")):
        found = ask(path)
        if found is None or found.version[:2] not in claimed() - {first[:2]}:
            continue
        known = newest.get(found.version[:2])
        if known is None or known.version < found.version:
            newest[found.version[:2]] = found
    return [newest[version] for version in sorted(newest)]


def _named(name: str) -> Interpreter:
    path = shutil.which(Path(name).expanduser())
    found = ask(Path(path)) if path else None
    if found is None:
        stop(f"{VARIABLE}: '{name}' is no Python (with SQLite) that runs here.")
    return found


def try_all(first: tuple[int, ...]) -> int:
    """Try every further Python; returns the exit code."""
    pythons = further(first)
    if not pythons:
        show(f"no further Python here (pyenv, {VARIABLE}): tried on this one only")
        return 0
    failed = []
    for python in pythons:
        show(f"the unit tests and the demo on {python}")
        environment = Environment(python, ROOT / f".venv-{python.tag}")
        began = time.monotonic()
        problem = try_out(environment)
        if environment.interrupted:
            return 130
        failed += [f"{python}: {problem}"] if problem else []
        stated = f"FAILED, {problem}" if problem else "both passed"
        show(f"{python}: {stated}, after {time.monotonic() - began:.0f} s")
    for line in failed:
        show(f"FAILED on {line}")
    return 1 if failed else 0


def unit_tests(environment: Environment, *arguments: str) -> int:
    """Run the unit tests, or what ``arguments`` name of them; returns the exit code."""
    wanted = arguments or (*side_by_side(), "tests/unit")
    return environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", *wanted)


def try_out(environment: Environment) -> str:
    """Return what failed with its exit code, or nothing."""
    environment.ensure(EXTRAS, GROUPS)
    code = unit_tests(environment)
    if code != 0:
        return f"the unit tests ended with exit code {code}"
    out = Path(tempfile.mkdtemp(prefix="transferapp-demo-"))
    code = environment.run("-m", "transferapp.sandbox.demo", "--headless", "--out", str(out))
    if code != 0:
        return f"the demo ended with exit code {code}; see {out}"
    shutil.rmtree(out)
    return ""
