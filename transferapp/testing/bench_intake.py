"""Measure scanning, grouping and judging many small files, against walking and reading them.

The yardstick is ``os.scandir`` with a plain open, read of 4 kB and close of each file. Both
alternate (A B A B), each in a process of its own, on files that the page cache holds. Then
the same files are dropped on the window (``bench_intake_window``).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from transferapp.testing import bench_intake_window
from transferapp.testing.bench_intake_files import many_folders, one_folder

FOLDERS, FILES_IN_A_FOLDER = 2_000, 50
FILES_IN_ONE_FOLDER = 20_000
ROUNDS = 7
_RUN = "transferapp.testing.bench_intake_run"


def run(out: Path) -> None:
    """Measure and write the JSON object to ``out``; takes about three minutes."""
    with tempfile.TemporaryDirectory(prefix="transferapp-bench-") as name:
        many, one = Path(name) / "many", Path(name) / "one"
        many_folders(many, FOLDERS, FILES_IN_A_FOLDER)
        one_folder(one, FILES_IN_ONE_FOLDER)
        in_many, in_one = _alternate(many), _alternate(one)
        window = bench_intake_window.stand_still(many)
    report = {
        "bench": "intake",
        "ratios": {
            "many_folders_seconds_vs_walk": _ratio(in_many),
            "one_folder_seconds_vs_walk": _ratio(in_one),
        },
        "figures": {
            "first_verdict_s": _median(in_many, "first_s"),
            "memory_mb": round(max(ours["memory_mb"] for ours, _ in in_many + in_one), 1),
            "many_folders_s": _median(in_many, "seconds"),
            "one_folder_s": _median(in_one, "seconds"),
            "one_folder_first_verdict_s": _median(in_one, "first_s"),
            "many_folders_walk_s": _median([(peer, ours) for ours, peer in in_many], "seconds"),
            "one_folder_walk_s": _median([(peer, ours) for ours, peer in in_one], "seconds"),
            # Where others load the machine, this one is steadier than the ratios above.
            "many_folders_cpu_vs_walk": _ratio(in_many, "cpu_s")["median"],
            "one_folder_cpu_vs_walk": _ratio(in_one, "cpu_s")["median"],
            **window,
            "rounds": ROUNDS,
        },
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
        },
        "commands": {
            "ours": f"python -m {_RUN} judge FOLDER (numpy {version('numpy')}): scan, group,"
            " judge, until the last verdict",
            "ui": "python -m transferapp.desktop.pilot (no screen): the many folders dropped on"
            " the Import page; milliseconds between two turns of a timer of 5 ms",
            "walk": f"python -m {_RUN} walk FOLDER: os.scandir; open, read 4 kB, close",
        },
    }
    out.write_text(json.dumps(report, indent=2) + "\n")


def _alternate(folder: Path) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Return what ours and the yardstick took, round by round, after one to warm up."""
    rounds = [(_run("judge", folder), _run("walk", folder)) for _ in range(ROUNDS + 1)]
    assert all(ours["files"] == peer["files"] for ours, peer in rounds)
    return rounds[1:]


def _run(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", _RUN, what, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ratio(
    rounds: list[tuple[dict[str, float], dict[str, float]]], name: str = "seconds"
) -> dict[str, float]:
    """Time of ours over the yardstick's: 1 is as fast as walking and reading."""
    ratios = [ours[name] / peer[name] for ours, peer in rounds]
    found = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return {key: round(value, 3) for key, value in found.items()}


def _median(rounds: list[tuple[dict[str, float], dict[str, float]]], name: str) -> float:
    return round(statistics.median(ours[name] for ours, _ in rounds), 3)
