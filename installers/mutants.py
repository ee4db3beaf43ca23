"""Make the mutants of a module (cosmic-ray's operators), and run its unit tests on each.

A copy of the tree is mutated, never the tree. One process imports the libraries once; each
mutant is a fork of it that imports our code anew, because a start of pytest for each would
take ten times as long (docs/adr/0024-mutation-and-coverage.md).
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

#: Each decision turned once: what lies on its border, and what contradicts it. The others
#: (``+`` to ``<<``, ``==`` to ``is``) are killed by any test, or are the same program.
OPERATORS = (
    *(f"ReplaceComparisonOperator_{one}" for one in (
        "Eq_NotEq", "NotEq_Eq", "Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt",
        "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt", "Is_IsNot", "IsNot_Is",
    )),
    *(f"ReplaceBinaryOperator_{one}" for one in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul",
        "LShift_RShift", "RShift_LShift", "BitOr_BitAnd", "BitAnd_BitOr",
    )),
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd",
    "AddNot", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "NumberReplacer",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ZeroIterationForLoop",
    "ExceptionReplacer", "RemoveDecorator",
)  # fmt: skip
#: Of Hypothesis the profile without chance and deadlines: the same score on a busy machine.
_PYTEST = (
    "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=ci", "-o", "timeout=20",
    # We import the libraries before pytest could rewrite their assertions.
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip
#: Limits of one run: of the processor, and on the clock as a multiple of the first run.
_CPU_S = 60
_LONGEST_S, _TIMES = 120.0, 10


@dataclass(frozen=True)
class Mutant:
    """One change of a module: its line, and that line before and after."""

    line: int
    operator: str
    before: str
    after: str
    code: str


class Fate(Enum):
    """What the tests did with a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, in the order of operators."""
    tree, left_out = get_ast(source), _left_out(source)
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        places = [
            start for node in ast_nodes(tree) for start, _ in operator.mutation_positions(node)
        ]
        for occurrence, start in enumerate(places):
            if any(first <= start < last for first, last in left_out):
                continue
            code = mutate_code(source, operator, occurrence)
            if code is not None and code != source:
                yield _shown(source, code, start[0], name)


def _shown(source: str, code: str, line: int, operator: str) -> Mutant:
    old, new = source.splitlines(), code.splitlines()
    ends = zip(reversed(old), reversed(new), strict=False)
    same = next((n for n, (one, other) in enumerate(ends) if one != other), 0)
    first = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), line - 1
    )
    after = " ".join(text.strip() for text in new[first : len(new) - same])
    before = " ".join(text.strip() for text in old[first : len(old) - same])
    return Mutant(first + 1, operator, before, after, code)


def _left_out(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return what no test can see: annotations, which are never evaluated; the options of a
    dataclass, which mypy holds; imports for the type checker.
    """
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.ClassDef):
            calls = (one for one in node.decorator_list if isinstance(one, ast.Call))
            found += [option.value for call in calls for option in call.keywords]
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            found.append(node.test)
    return [
        ((one.lineno, one.col_offset), (one.end_lineno or 0, one.end_col_offset or 0))
        for one in found
        if one is not None
    ]


class Bench:
    """A copy of the tree, in which the tests of one module run again and again."""

    def __init__(self, root: Path, folder: Path, tests: tuple[str, ...]) -> None:
        """Copy ``root``'s code and tests into ``folder``; the rest is linked."""
        self._folder, self._tests = folder, tests
        ignore = shutil.ignore_patterns("__pycache__")
        for entry in root.iterdir():
            if entry.name in {"transferapp", "tests"}:
                shutil.copytree(entry, folder / entry.name, ignore=ignore, symlinks=True)
            elif not entry.name.startswith("."):
                (folder / entry.name).symlink_to(entry)
        self._limit_s = _LONGEST_S * _TIMES

    def begin(self, module: Path) -> None:
        """Run the tests on the module as it is, and import the libraries that they use;
        raises RuntimeError when they fail.
        """
        began, seen = time.monotonic(), self._folder / "libraries.json"
        if self.fate(libraries=seen) is not Fate.SURVIVED:
            output = (self._folder / "output.txt").read_text(encoding="utf-8")
            raise RuntimeError(f"{' '.join(self._tests)} fail without a mutant:\n{output}")
        self._limit_s = max(_LONGEST_S, _TIMES * (time.monotonic() - began))
        for name in json.loads(seen.read_text(encoding="utf-8")):
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        for compiled in module.parent.glob(f"__pycache__/{module.stem}.*"):
            compiled.unlink()

    def fate(self, libraries: Path | None = None) -> Fate:
        """Run the tests in a fork; ``libraries`` gets the modules that they imported."""
        process = os.fork()
        if process == 0:
            self._run(libraries)
        deadline = time.monotonic() + self._limit_s
        while True:
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
                return Fate.TIMED_OUT
            time.sleep(0.02)
        if os.WIFSIGNALED(status):
            return Fate.TIMED_OUT
        return Fate.SURVIVED if os.WEXITSTATUS(status) == pytest.ExitCode.OK else Fate.KILLED

    def _run(self, libraries: Path | None) -> None:
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            os.chdir(self._folder)
            sys.path.insert(0, str(self._folder))
            # A mutant may be as long and as old as the one before: never from bytecode.
            sys.dont_write_bytecode = libraries is None
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
            with (self._folder / "output.txt").open("w", encoding="utf-8") as output:
                os.dup2(output.fileno(), 1)
                os.dup2(output.fileno(), 2)
                code = pytest.main(
                    [*_PYTEST, f"--basetemp={self._folder / 'tmp'}", *self._tests]
                )
            if libraries is not None:
                libraries.write_text(json.dumps(_libraries()), encoding="utf-8")
        except Exception:  # noqa: BLE001 - the parent sees it in the output
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def _libraries() -> list[str]:
    """Return the modules of other packages that are imported here."""
    found = sorted((name, getattr(one, "__file__", None)) for name, one in sys.modules.items())
    return [name for name, file in found if file and "site-packages" in file]
