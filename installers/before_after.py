"""Print what became of the code between two revisions: a table in Markdown, and JSON.

``python3 installers/before_after.py [BEFORE [AFTER]]`` in the environment of the tests. Both
trees are taken from git; numbers are measured there, start times in turn (A B A B).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

import retired_terms
import tree_measures as measures

ROOT = Path(__file__).resolve().parent.parent
#: The last commit before issue 10 was begun.
BEFORE = "89ccad6"
ROUNDS = 5
_CHAIN = """
import json, sys, grimp
import tree_measures
graph = grimp.build_graph("transferapp", exclude_type_checking_imports=True, cache_dir=None)
edges = {m: set(graph.find_modules_directly_imported_by(m)) for m in graph.modules}
print(json.dumps(tree_measures.longest_chain(edges)))
"""
_VERSION = """
import sys
from transferapp.cli.main import main
sys.argv = ["transferapp", "--version"]
main()
"""


def check_out(revision: str, folder: Path) -> Path:
    """Put a revision's files into a folder."""
    packed = subprocess.check_output(["git", "archive", revision], cwd=ROOT)
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def cpu_s(tree: Path) -> float:
    """Return the processor time of ``transferapp --version`` (seconds)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    subprocess.run(
        [sys.executable, "-c", _VERSION],
        cwd=tree,
        env=environment,
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wheel_bytes(tree: Path, folder: Path) -> int:
    """Build the wheel and return its size."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(folder)]
    subprocess.run([*command, str(tree)], check=True, capture_output=True)
    (wheel,) = folder.glob("transferapp-*.whl")
    return wheel.stat().st_size


def longest_chain(tree: Path) -> int:
    """Return how many modules the longest chain of imports has."""
    paths = os.pathsep.join([str(tree), str(ROOT / "installers")])
    out = subprocess.check_output(
        [sys.executable, "-c", _CHAIN], cwd=tree, env={**os.environ, "PYTHONPATH": paths}
    )
    return len(json.loads(out))


def counted(tree: Path) -> dict[str, object]:
    """Return all that is counted in one tree."""
    modules = measures.code(tree)
    row: dict[str, object] = {}
    for title, document in measures.JOURNEYS.items():
        found = measures.journey(tree, document)
        if found is None:
            row[f"files: {title}"] = f"{measures.COUNTED_BY_HAND[document]} (by hand, no prose)"
            row[f"lines: {title}"] = None
        else:
            row[f"files: {title}"], row[f"lines: {title}"] = found
    left = retired_terms.left_in_tree(tree)
    row["names of the word table left"] = len({one.name for one in left})
    row["files with such names"] = len({one.path for one in left})
    row["public names of classes that are there twice"] = len(measures.doubled_classes(modules))
    row["loops without supervisor"] = len(measures.unsupervised_loops(modules))
    row["LRUs by hand"] = len(measures.own_lrus(modules))
    row["longest import chain (modules)"] = longest_chain(tree)
    return row


def mutation(path: Path | None) -> dict[str, object]:
    """Return the scores that ``mutation.py --out`` wrote, by module."""
    if path is None:
        return {}
    modules = json.loads(path.read_text(encoding="utf-8"))["modules"]
    return {f"mutants killed, {name} (%)": one["percent"] for name, one in modules.items()}


def compare(before: str, after: str, folder: Path) -> list[dict[str, object]]:
    """Return the rows of both revisions."""
    trees = [check_out(one, folder / str(n)) for n, one in enumerate((before, after))]
    rows = [counted(tree) for tree in trees]
    times: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for tree, seconds in zip(trees, times, strict=True):
            seconds.append(cpu_s(tree))
    for number, (tree, row) in enumerate(zip(trees, rows, strict=True)):
        row["CPU of `transferapp --version` (s, the least)"] = round(min(times[number]), 3)
        size = wheel_bytes(tree, folder / f"wheel{number}")
        row["wheel (MB)"] = round(size / 1e6, 2)
    return rows


def table(before: dict[str, object], after: dict[str, object]) -> str:
    """Return the table in Markdown."""
    lines = ["| | before | after |", "|---|---|---|"]
    lines += [
        f"| {key} | {_cell(before.get(key))} | {_cell(after.get(key))} |"
        for key in dict.fromkeys([*before, *after])
    ]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return "not measured" if value is None else str(value)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("before", nargs="?", default=BEFORE, help=f"a revision; {BEFORE}")
    parser.add_argument("after", nargs="?", default="HEAD", help="a revision; HEAD")
    parser.add_argument("--mutation-before", type=Path, help="JSON of installers/mutation.py")
    parser.add_argument("--mutation-after", type=Path, help="JSON of installers/mutation.py")
    parser.add_argument("--json", type=Path, help="write the numbers there, too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before, after = compare(asked.before, asked.after, Path(folder))
    before |= mutation(asked.mutation_before)
    after |= mutation(asked.mutation_after)
    print(table(before, after))
    written = json.dumps({"before": before, "after": after}, indent=2)
    print(f"\n```json\n{written}\n```")
    if asked.json:
        asked.json.write_text(written + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
