"""Measure what the command line costs before it does anything, against an empty Python.

Processor seconds (user and system) of whole processes: ``--version``, ``--help``, and an
import that is handed to the workstation service of a real installation, which goes on
without it. They alternate (A B C D A B C D), after a round to warm up: modules are compiled
then, as those of an installed program are.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TypeAlias

import numpy as np
import tifffile

from transferapp.sandbox.local_installation import LocalInstallation

ROUNDS = 7
FILES = 5
_EDGE = 64
_PASSWORD = "microscope"  # noqa: S105 - of an installation that ends with the bench
_TARGET = "Dataset:Starts"
_EMPTY, _VERSION, _HELP, _HAND_OVER = "empty", "version", "help", "hand_over"

#: Processor seconds of each command in one round.
Round: TypeAlias = dict[str, float]


def run(out: Path) -> None:
    """Measure and write the JSON object to ``out``; takes about half a minute."""
    with tempfile.TemporaryDirectory(prefix="transferapp-bench-") as name:
        folder = Path(name) / "images"
        _write_tiffs(folder)
        with LocalInstallation(
            Path(name) / "home", {"PYTHONPYCACHEPREFIX": f"{name}/compiled"}
        ) as installation:
            installation.environment.pop("PYTHONDONTWRITEBYTECODE", None)
            asyncio.run(installation.add_people(_PASSWORD))
            installation.start("server")
            installation.start("agent")
            _log_in(installation)
            rounds = [_round(installation, folder, number) for number in range(ROUNDS + 1)][1:]
    report = {
        "bench": "start",
        "ratios": {
            f"{what}_cpu_vs_empty": _ratio(rounds, what)
            for what in (_VERSION, _HELP, _HAND_OVER)
        },
        "figures": {
            **{
                f"{what}_cpu_s": round(statistics.median(one[what] for one in rounds), 3)
                for what in rounds[0]
            },
            "rounds": ROUNDS,
        },
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
        },
        "commands": {
            _EMPTY: "python -c pass",
            _VERSION: "transferapp --version",
            _HELP: "transferapp --help",
            _HAND_OVER: f"transferapp import FOLDER --to {_TARGET} --create: {FILES} TIFFs of"
            f" {_EDGE} x {_EDGE} pixels, server and agent on this computer, no screen",
        },
    }
    out.write_text(json.dumps(report, indent=2) + "\n")


def _write_tiffs(folder: Path) -> None:
    folder.mkdir()
    for number in range(FILES):
        plane = np.full((_EDGE, _EDGE), number, dtype=np.uint16)
        tifffile.imwrite(folder / f"field_{number}.tif", plane, metadata=None)


def _log_in(installation: LocalInstallation) -> None:
    subprocess.run(  # noqa: S603 - our own module
        [
            *_COMMAND,
            "login",
            installation.url,
            "--user",
            "alice",
            "--password-stdin",
            "--in-file",
        ],
        env=installation.environment,
        input=_PASSWORD + "\n",
        text=True,
        check=True,
        capture_output=True,
    )


_COMMAND = [sys.executable, "-m", "transferapp"]


def _round(installation: LocalInstallation, folder: Path, number: int) -> Round:
    hand_over = [str(folder), "--to", _TARGET, "--create", "--name", f"round {number}"]
    return {
        _EMPTY: _cpu_s(installation, [sys.executable, "-c", "pass"]),
        _VERSION: _cpu_s(installation, [*_COMMAND, "--version"]),
        _HELP: _cpu_s(installation, [*_COMMAND, "--help"]),
        _HAND_OVER: _cpu_s(installation, [*_COMMAND, "import", *hand_over]),
    }


def _cpu_s(installation: LocalInstallation, command: list[str]) -> float:
    """Return what a process, with all that it started, took; it has to end well."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, env=installation.environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime


def _ratio(rounds: list[Round], what: str) -> dict[str, float]:
    """Processor time of a command over that of an empty Python."""
    ratios = [one[what] / one[_EMPTY] for one in rounds]
    found = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return {key: round(value, 3) for key, value in found.items()}
