"""Say what is missing on this computer, and what to do about it."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from dataclasses import asdict, dataclass

import keyring
import typer
from keyring.backends.fail import Keyring as NoKeyring

from transferapp.cli import processes_here, wiring
from transferapp.cli.commands.session import AsJson
from transferapp.cli.output import ExitCode, show_json, show_table
from transferapp.host.logging import configure_logging


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    what: str
    ok: bool
    remedy: str = ""


#: A module of each extra that tells whether it is installed.
EXTRAS = {
    "desktop": "PySide6",
    "server": "dbos",
    "readers": "pylibCZIrw",
    "omero": "omero",
    "deposit": "rocrate",
}


def doctor(*, as_json: AsJson = False) -> None:
    """Look at this installation and say what is missing."""
    # What adapters log goes to standard error; the result is alone on standard output.
    configure_logging("doctor")
    findings = [
        _python(),
        *(_extra(name) for name in EXTRAS),
        _keyring(),
        Diagnosis(*wiring.bio_formats_check()),
        Diagnosis(*asyncio.run(processes_here.agent_check())),
        *(Diagnosis(*reported) for reported in asyncio.run(processes_here.server_checks())),
        *(Diagnosis(*reported) for reported in asyncio.run(wiring.omero_checks())),
        *(Diagnosis(*reported) for reported in asyncio.run(wiring.place_checks())),
    ]
    if as_json:
        show_json([asdict(finding) for finding in findings])
    else:
        rows = [(f.what, "ok" if f.ok else "not ok", f.remedy) for f in findings]
        show_table(("What", "", "What to do"), rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(ExitCode.PROBLEM)


def _python() -> Diagnosis:
    return Diagnosis(f"Python {sys.version.split()[0]}", ok=True)


def _extra(name: str) -> Diagnosis:
    there = importlib.util.find_spec(EXTRAS[name]) is not None
    remedy = "" if there else f"If you need it: pip install 'transferapp[{name}]'"
    if name == "omero" and not there:
        # Its own line tells where wheels are, once OMERO is set up here.
        remedy += " (docs/omero.md: zeroc-ice has no wheels on PyPI)"
    return Diagnosis(f"extra '{name}'", ok=there, remedy=remedy)


def _keyring() -> Diagnosis:
    there = not isinstance(keyring.get_keyring(), NoKeyring)
    remedy = "" if there else "Sign-ins are not remembered; on servers: login --in-file"
    return Diagnosis("keyring", ok=there, remedy=remedy)
