"""The list of mutation testing is true, and its run tells a held line from one that is not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import mutants
import mutation
from mutation import MODULES, Module, Score

ROOT = Path(__file__).resolve().parents[3]
PURE = """\
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Visitor:
    age: int
    guide: Path | None = None


def may_enter(visitor: Visitor | None) -> bool:
    return visitor is not None and visitor.age >= 18
"""
HELD = [
    ("visitor is not None and visitor.age >= 18", "visitor is None and visitor.age >= 18"),
    ("visitor is not None and visitor.age >= 18", "visitor is not None and visitor.age < 18"),
    ("visitor is not None and visitor.age >= 18", "visitor is not None or visitor.age >= 18"),
    ("visitor is not None and visitor.age >= 18", "visitor is not None and visitor.age >= 17"),
]
LOOSE = [
    ("visitor is not None and visitor.age >= 18", "visitor is not None and visitor.age > 18"),
    ("visitor is not None and visitor.age >= 18", "visitor is not None and visitor.age >= 19"),
]
LOOSE_TESTS = """\
from transferapp.pure import Visitor, may_enter


def test_it() -> None:
    assert may_enter(Visitor(30))
    assert not may_enter(Visitor(17))
    assert not may_enter(None)
"""
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = [
    "--import-mode=importlib",
    "-p", "no:napari", "-p", "no:npe2", "-p", "no:napari-plugin-engine",
]
"""
RUN = """\
import json, sys
from pathlib import Path
import mutation
module = mutation.Module("transferapp/pure.py", ("tests/test_pure.py",))
first = mutation.measure(module, Path(sys.argv[1])).written()
print(json.dumps(first))
tests = Path(sys.argv[1]) / "tests/test_pure.py"
tests.write_text(tests.read_text() + "    assert may_enter(Visitor(18))\\n")
print(json.dumps(mutation.measure(module, Path(sys.argv[1]), first).written()))
"""


def changes(pairs: list[tuple[str, str]]) -> set[str]:
    return {f"return {before} => return {after}" for before, after in pairs}


def test_there_are_twelve_modules_and_each_has_its_tests() -> None:
    assert len({module.path for module in MODULES}) == 12
    for module in MODULES:
        assert (ROOT / module.path).is_file(), module.path
        assert module.tests
        for test in module.tests:
            assert (ROOT / test).is_file(), test


@pytest.mark.parametrize("module", [module for module in MODULES if module.same])
def test_what_is_listed_as_the_same_program_is_a_mutant_of_today(module: Module) -> None:
    source = (ROOT / module.path).read_text(encoding="utf-8")
    known = {one.after for one in mutants.mutants(source)}
    assert set(module.same) <= known
    assert all(len(why) > 10 for why in module.same.values())


def test_every_decision_is_turned_and_nothing_that_no_test_can_see() -> None:
    made = list(mutants.mutants(PURE))
    returned = {f"{one.before} => {one.after}" for one in made if one.line == 17}
    assert returned == changes(HELD + LOOSE)
    assert [one.operator for one in made if one.line != 17] == ["RemoveDecorator"]


def tree(root: Path) -> Path:
    for name, text in {
        "transferapp/__init__.py": "",
        "transferapp/pure.py": PURE,
        "tests/test_pure.py": LOOSE_TESTS,
        "pyproject.toml": SETTINGS,
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def run(root: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RUN, str(root)]
    folder = ROOT / "installers"
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.timeout(600)
def test_a_line_that_no_test_holds_is_named(tmp_path: Path) -> None:
    root = tree(tmp_path)
    done = run(root)
    assert done.returncode == 0, done.stderr
    first, again = map(json.loads, done.stdout.splitlines())
    alive = {(one["line"], f"{one['before']} => {one['after']}") for one in first["survivors"]}
    assert alive == {(17, change) for change in changes(LOOSE)}
    assert (first["killed"], first["mutants"], first["percent"]) == (5, 7, 71.4)
    assert (root / "transferapp/pure.py").read_text(encoding="utf-8") == PURE
    # The test of the border is there now; only what survived is tried again.
    assert (again["carried"], again["killed"], again["survivors"]) == (5, 7, [])


def test_what_survives_and_is_the_same_program_stands_apart() -> None:
    alive = mutants.Mutant(3, "AddNot", "if a:", "if not a:", "")
    listed = Module("a.py", ("t.py",), {"if not a:": "they are the same"})
    written = Score(listed, killed=1, same=[alive]).written()
    assert (written["mutants"], written["percent"], written["survivors"]) == (1, 100.0, [])
    assert written["same_program"] == [
        {
            "line": 3,
            "operator": "AddNot",
            "before": "if a:",
            "after": "if not a:",
            "why": "they are the same",
        }
    ]


@pytest.mark.timeout(600)
def test_tests_that_fail_without_a_mutant_score_nothing(tmp_path: Path) -> None:
    root = tree(tmp_path)
    broken = LOOSE_TESTS.replace("not may_enter(None)", "may_enter(None)")
    (root / "tests/test_pure.py").write_text(broken, encoding="utf-8")
    done = run(root)
    assert done.returncode == 1
    assert "tests/test_pure.py fail without a mutant" in done.stderr
    assert "assert may_enter(None)" in done.stderr


def test_nine_of_ten_pass_and_a_stale_list_does_not() -> None:
    alive = mutants.Mutant(1, "AddNot", "if a:", "if not a:", "")
    score = Score(Module("a.py", ("t.py",)), killed=8, timed_out=1, survivors=[alive])
    assert (score.percent, score.passes) == (90.0, True)
    assert not replace(score, killed=7).passes
    assert not Score(score.module).passes, "nothing was run"
    listed = Module("a.py", ("t.py",), {"if not a:": "they are the same"})
    assert Score(listed, killed=9, same=[alive]).passes
    killed = Score(listed, killed=10)
    assert killed.stale == ["if not a:"]
    assert not killed.passes


def test_an_unknown_module_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutation.main(["no/such/module"]) == 1
    assert capsys.readouterr().out == ""
