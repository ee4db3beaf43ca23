"""Measure scanning, grouping and judging many small files, against walking and reading them.

The yardstick is ``os.scandir`` with stat, a plain open, read of 4 kB and close of each file:
nobody can import a file without its size. That without stat is measured beside it. They
alternate (A B C A B C), each in a process of its own, on files that the page cache holds.
Then the same files are dropped on the window (``intake_window``).
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
from typing import TypeAlias

from transferapp.sandbox.bench import intake_window
from transferapp.sandbox.bench.intake_files import many_folders, one_folder

FOLDERS, FILES_IN_A_FOLDER = 2_000, 50
FILES_IN_ONE_FOLDER = 20_000
ROUNDS = 7
_RUN = "transferapp.sandbox.bench.intake_run"
_OURS, _WALK, _NO_STAT = "judge", "walk", "walk_without_stat"

#: What each of the three took in one round: its figures by their names.
Round: TypeAlias = dict[str, dict[str, float]]


def run(out: Path) -> None:
    """Measure and write the JSON object to ``out``; takes about three minutes."""
    with tempfile.TemporaryDirectory(prefix="transferapp-bench-") as name:
        many, one = Path(name) / "many", Path(name) / "one"
        many_folders(many, FOLDERS, FILES_IN_A_FOLDER)
        one_folder(one, FILES_IN_ONE_FOLDER)
        in_many, in_one = _alternate(many), _alternate(one)
        window = intake_window.stand_still(many)
    ours = [one[_OURS] for one in in_many + in_one]
    report = {
        "bench": "intake",
        "ratios": {
            "many_folders_seconds_vs_walk": _ratio(in_many),
            "one_folder_seconds_vs_walk": _ratio(in_one),
        },
        "figures": {
            "first_verdict_s": _median(in_many, _OURS, "first_s"),
            "memory_mb": round(max(run["memory_mb"] for run in ours), 1),
            **_seconds("many_folders", in_many),
            **_seconds("one_folder", in_one),
            "one_folder_first_verdict_s": _median(in_one, _OURS, "first_s"),
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
            "walk": f"python -m {_RUN} walk FOLDER: os.scandir; stat, open, read 4 kB, close",
            "walk_without_stat": f"python -m {_RUN} walk_without_stat FOLDER: without stat",
        },
    }
    out.write_text(json.dumps(report, indent=2) + "\n")


def _seconds(name: str, rounds: list[Round]) -> dict[str, float]:
    """Return the figures of one tree of folders. Where others load the machine, the ratio of
    processor times is steadier than that of seconds.
    """
    return {
        f"{name}_s": _median(rounds, _OURS, "seconds"),
        f"{name}_walk_s": _median(rounds, _WALK, "seconds"),
        f"{name}_cpu_vs_walk": _ratio(rounds, "cpu_s")["median"],
        f"{name}_seconds_vs_walk_without_stat": _ratio(rounds, peer=_NO_STAT)["median"],
    }


def _alternate(folder: Path) -> list[Round]:
    """Return what each took, round by round, after one to warm up."""
    rounds = [
        {what: _run(what, folder) for what in (_OURS, _WALK, _NO_STAT)}
        for _ in range(ROUNDS + 1)
    ]
    assert all(len({run["files"] for run in one.values()}) == 1 for one in rounds)
    return rounds[1:]


def _run(what: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", _RUN, what, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ratio(rounds: list[Round], name: str = "seconds", peer: str = _WALK) -> dict[str, float]:
    """Time of ours over the yardstick's: 1 is as fast as walking and reading."""
    ratios = [one[_OURS][name] / one[peer][name] for one in rounds]
    found = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return {key: round(value, 3) for key, value in found.items()}


def _median(rounds: list[Round], what: str, name: str) -> float:
    return round(statistics.median(one[what][name] for one in rounds), 3)
