"""Hold what the unit tests cover to the floors of each package, which only grow.

Measure first (docs/CONTRIBUTING.md): ``pytest tests/unit --cov --cov-report=json``. Then
``python3 installers/coverage_floors.py coverage.json`` fails below a floor, and with
``--raise`` writes what has grown into ``coverage_floors.toml``. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FLOORS = Path(__file__).with_name("coverage_floors.toml")
_HEAD = """\
# Of 100 lines and branches of a package the unit tests run so many, at the least
# (tests/unit in one run). They only grow: installers/coverage_floors.py --raise
"""


def percents(report: Mapping[str, Any]) -> dict[str, float]:
    """Return how many of 100 lines and branches are covered, by package, from a report of
    coverage.py as JSON; raises ValueError when it was measured without branches.
    """
    covered, all_of_them = Counter[str](), Counter[str]()
    for path, file in report["files"].items():
        sums = file["summary"]
        if "num_branches" not in sums:
            raise ValueError("coverage.json has no branches: measure with --cov-branch.")
        package = "/".join(
            Path(path).parts[:2] if len(Path(path).parts) > 2 else ["transferapp"]
        )
        covered[package] += sums["covered_lines"] + sums["covered_branches"]
        all_of_them[package] += sums["num_statements"] + sums["num_branches"]
    return {name: 100.0 * covered[name] / count for name, count in all_of_them.items() if count}


def read_floors(path: Path = FLOORS) -> dict[str, int]:
    """Return the floor of each package."""
    floors: dict[str, int] = tomllib.loads(path.read_text(encoding="utf-8"))["floors"]
    return floors


def complaints(found: Mapping[str, float], floors: Mapping[str, int]) -> list[str]:
    """Say what is below its floor, and which packages have none or are gone."""
    stated = [
        f"{name}: {percent:.1f} % covered, its floor is {floors[name]} %. Test what is new."
        for name, percent in found.items()
        if name in floors and percent < floors[name]
    ]
    stated += [f"{name}: has no floor. Give it one: --raise" for name in found.keys() - floors]
    stated += [f"{name}: is not there. Take it out: --raise" for name in floors.keys() - found]
    return sorted(stated)


def raised(found: Mapping[str, float], floors: Mapping[str, int]) -> dict[str, int]:
    """Return the floors as high as they can be; none is lower than before."""
    return {name: max(floors.get(name, 0), int(found[name])) for name in sorted(found)}


def written(floors: Mapping[str, int]) -> str:
    """Return the text of the file of floors."""
    lines = (f'"{name}" = {floor}\n' for name, floor in sorted(floors.items()))
    return f"{_HEAD}[floors]\n{''.join(lines)}"


def main(text: Sequence[str] | None = None, path: Path = FLOORS) -> int:
    """Compare a report with the floors; 1 when one is below, or the list is not true."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("report", type=Path, help="coverage.json")
    parser.add_argument(
        "--raise", dest="raises", action="store_true", help="write the new floors"
    )
    asked = parser.parse_args(text)
    found = percents(json.loads(asked.report.read_text(encoding="utf-8")))
    floors = read_floors(path)
    if asked.raises:
        path.write_text(written(raised(found, floors)), encoding="utf-8")
        floors = read_floors(path)
    for name, percent in sorted(found.items()):
        print(f"{percent:5.1f} %  (floor {floors.get(name, 0):3} %)  {name}")
    stated = complaints(found, floors)
    for line in stated:
        print(line, file=sys.stderr)
    grown = [name for name in found if name in floors and int(found[name]) > floors[name]]
    if grown and not stated:
        print(f"Could be higher: {', '.join(sorted(grown))}. Write it: --raise")
    return 1 if stated else 0


if __name__ == "__main__":
    sys.exit(main())
