#!/usr/bin/env python3
"""Run benchmarks on an earlier commit and on this one, A B B A, and set them side by side.

    python3 installers/bench_compare.py --before TAG --out FILE.json [--rounds N] NAME...

Both run with this folder's ``.venv`` (``bootstrap.py bench`` makes it), so that only the
project's own code differs. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from environments import ROOT, show, stop

PYTHON = ROOT / ".venv" / "bin" / "python"
#: How bootstrap.py names the module of the benchmarks, which has moved once.
_MODULE = re.compile(r'"(transferapp\.[\w.]*bench[\w.]*)"')
BEFORE, AFTER = "before", "after"
Report = Mapping[str, object]


def numbers(report: Report) -> dict[str, float]:
    """Return what one run measured, by name; of a ratio with its spread the median."""
    found: dict[str, float] = {}
    for part in ("ratios", "figures"):
        values = report.get(part)
        if not isinstance(values, Mapping):
            continue
        for name, value in values.items():
            middle = value.get("median") if isinstance(value, Mapping) else value
            if isinstance(middle, int | float) and not isinstance(middle, bool):
                found[f"{part}: {name}"] = float(middle)
    return found


def beside(runs: Mapping[str, list[Report]]) -> dict[str, dict[str, float]]:
    """Return for each number that both sides have its medians and after over before."""
    sides = {side: [numbers(report) for report in reports] for side, reports in runs.items()}
    table = {}
    for name in sides[BEFORE][0]:
        if not all(name in run for side in sides.values() for run in side):
            continue
        medians = {
            side: statistics.median(run[name] for run in measured)
            for side, measured in sides.items()
        }
        if medians[BEFORE]:
            medians["after/before"] = round(medians[AFTER] / medians[BEFORE], 3)
        table[name] = medians
    return table


def order(rounds: int) -> Iterator[str]:
    """Yield the sides A B B A ..., so that a machine that warms up is even to both."""
    for number in range(rounds):
        yield from (BEFORE, AFTER) if number % 2 == 0 else (AFTER, BEFORE)


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """Check an earlier commit out beside this one for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="transferapp-before-") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--detach", "--quiet", str(tree), commit)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def measure(tree: Path, name: str) -> Report:
    """Run one benchmark on the sources in ``tree``."""
    module = _MODULE.search((tree / "installers" / "bootstrap.py").read_text(encoding="utf-8"))
    if module is None:
        stop(f"{tree}/installers/bootstrap.py names no benchmarks.")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "report.json"
        done = subprocess.run(
            [str(PYTHON), "-m", module[1], name, "--out", str(out)],
            cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            stop(f"The benchmark {name} of {tree} failed; what it printed is above.")
        report: Report = json.loads(out.read_text(encoding="utf-8"))
    return report


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        stop("git is needed to check the earlier commit out (Debian: apt-get install git).")
    if done.returncode != 0:
        stop(f"git {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def main() -> int:
    """Parse the arguments, measure, write the file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", metavar="NAME", help="data, queue, ...")
    parser.add_argument("--before", required=True, help="a commit or tag")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each side (default 2)")
    given = parser.parse_args()
    if not PYTHON.exists():
        stop("There is no .venv here yet. Run 'python3 installers/bootstrap.py bench NAME'.")
    commits = {BEFORE: _git("rev-parse", given.before), AFTER: _git("rev-parse", "HEAD")}
    report: dict[str, object] = {"commits": commits, "rounds": given.rounds}
    with tree_of(commits[BEFORE]) as tree:
        trees = {BEFORE: tree, AFTER: ROOT}
        for name in given.names:
            runs: dict[str, list[Report]] = {BEFORE: [], AFTER: []}
            for side in order(given.rounds):
                show(f"{name}, {side} ({commits[side][:8]})")
                runs[side].append(measure(trees[side], name))
            report[name] = {"side by side": beside(runs), "runs": runs}
            given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
            _show(beside(runs))
    return 0


def _show(table: Mapping[str, Mapping[str, float]]) -> None:
    for name, medians in table.items():
        ratio = medians.get("after/before", "-")
        print(f"{medians[BEFORE]:>12} {medians[AFTER]:>12} {ratio:>7}  {name}")


if __name__ == "__main__":
    sys.exit(main())
