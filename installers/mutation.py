"""Mutation testing of twelve pure modules: how much of them their unit tests hold.

``python3 installers/mutation.py --out mutation.json`` (in the environment of the tests) takes
some six minutes of processor time. It fails below ``FLOOR``; what survived is printed, and
``--again mutation.json`` tries only that once more, after tests were added.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mutants import Bench, Fate, Mutant, mutants

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("mutation.toml")
#: Of 100 mutants so many are killed, in each module.
FLOOR = 90.0


@dataclass(frozen=True)
class Module:
    """A module, and the unit tests that hold it; paths from the root."""

    path: str
    tests: tuple[str, ...]
    #: Mutants that are the same program: the changed line as it is written then, and why.
    same: Mapping[str, str] = field(default_factory=dict)


#: What decides something and needs nothing but its arguments.
MODULES = tuple(
    Module(one["path"], tuple(one["tests"]), one.get("same", {}))
    for one in tomllib.loads(LIST.read_text(encoding="utf-8"))["module"]
)


@dataclass
class Score:
    """What became of a module's mutants."""

    module: Module
    killed: int = 0
    #: Killed by its limit: it runs for ever.
    timed_out: int = 0
    #: Of the killed ones, those of an earlier run, which were not tried again.
    carried: int = 0
    survivors: list[Mutant] = field(default_factory=list)
    same: list[Mutant] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All mutants that are another program."""
        return self.killed + self.timed_out + len(self.survivors)

    @property
    def percent(self) -> float:
        """How many of 100 were killed."""
        return 100.0 * (self.total - len(self.survivors)) / max(1, self.total)

    @property
    def stale(self) -> list[str]:
        """What is listed as the same program, and no test run left alive."""
        return sorted(set(self.module.same) - {one.after for one in self.same})

    @property
    def passes(self) -> bool:
        """Whether enough were killed, and the list of the same programs is true."""
        return self.total > 0 and self.percent >= FLOOR and not self.stale

    def written(self) -> dict[str, object]:
        """Return it for a JSON file."""
        return {
            "mutants": self.total,
            "killed": self.killed,
            "timed_out": self.timed_out,
            "carried": self.carried,
            "percent": round(self.percent, 1),
            "survivors": [_written(one) for one in self.survivors],
            "same_program": [
                _written(one) | {"why": self.module.same[one.after]} for one in self.same
            ],
        }


def measure(
    module: Module, root: Path = ROOT, earlier: Mapping[str, Any] | None = None
) -> Score:
    """Run a module's tests on each of its mutants, or on those that survived ``earlier``;
    raises RuntimeError when they fail on the module as it is.
    """
    source = (root / module.path).read_text(encoding="utf-8")
    score = Score(module)
    made = list(mutants(source))
    if earlier is not None:
        survived = [*earlier["survivors"], *earlier["same_program"]]
        alive = {f"{one['before']} => {one['after']}" for one in survived}
        made = [mutant for mutant in made if _change(mutant) in alive]
        score.killed, score.timed_out = earlier["killed"], earlier["timed_out"]
        score.carried = score.killed + score.timed_out
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        place = Path(folder) / module.path
        bench = Bench(root, Path(folder), module.tests)
        bench.begin(place)
        for mutant in made:
            place.write_text(mutant.code, encoding="utf-8")
            fate = bench.fate()
            if fate is Fate.SURVIVED:
                (score.same if mutant.after in module.same else score.survivors).append(mutant)
            elif fate is Fate.TIMED_OUT:
                score.timed_out += 1
            else:
                score.killed += 1
    return score


def _change(mutant: Mutant) -> str:
    return f"{mutant.before} => {mutant.after}"


def _written(mutant: Mutant) -> dict[str, object]:
    return {
        "line": mutant.line,
        "operator": mutant.operator,
        "before": mutant.before,
        "after": mutant.after,
    }


def _report(score: Score) -> None:
    print(
        f"{score.percent:5.1f} %  {score.killed + score.timed_out}/{score.total} killed"
        f"  ({score.timed_out} by time, {len(score.same)} the same program)"
        f"  {score.module.path}",
        flush=True,
    )
    for mutant in score.survivors:
        print(f"    {mutant.line}: {_change(mutant)}")
    for change in score.stale:
        print(f"    listed as the same program, and is not: {change}")


def main(sentence: Sequence[str] | None = None) -> int:
    """Measure the modules; 1 when one has less than FLOOR."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, help="write the scores to this JSON file")
    parser.add_argument("--again", type=Path, help="try only what survived in this JSON file")
    parser.add_argument("only", nargs="*", help="parts of the paths of modules; all without")
    asked = parser.parse_args(sentence)
    chosen = [m for m in MODULES if not asked.only or any(o in m.path for o in asked.only)]
    before = (
        json.loads(asked.again.read_text(encoding="utf-8"))["modules"] if asked.again else {}
    )
    scores = []
    for module in chosen:
        scores.append(measure(module, earlier=before.get(module.path)))
        _report(scores[-1])
        if asked.out:
            written = {score.module.path: score.written() for score in scores}
            tool = f"cosmic-ray {version('cosmic-ray')}"
            text = json.dumps({"tool": tool, "floor": FLOOR, "modules": written}, indent=2)
            asked.out.write_text(text + "\n", encoding="utf-8")
    return 0 if scores and all(score.passes for score in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
