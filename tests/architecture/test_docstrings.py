"""Public docstrings say which of our errors are raised and which shape an array has; those of
task kinds, what their payload is and which failures are retried.

Held here by hand: our docstrings are prose, and ruff's rules for raised errors (DOC501) read
only the sections of numpy's and Google's styles. That there is a docstring, in ports too, ruff
asks (D102).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pytest

import transferapp
from transferapp import error_codes

ROOT = Path(transferapp.__file__).parent
OURS = {cls.__name__: cls for cls in error_codes.all_errors().values()}
#: Functions so decorated have docstrings that people read as help, or in the API's pages.
HELP = ("app.command", "app.callback", "command", "service", "router.")
#: Tools of the tests and the sandbox: ruff asks less of their docstrings too.
TOOLS = ("sandbox", "testing")
#: How a shape is said: in so many words, or as a tuple of axes.
SHAPE = re.compile(r"\bshape\b|\((?:[a-z]+, )*(?:height, width|y, x)(?:, [a-z]+)*\)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Public:
    """A public function, and the docstrings around it, its own last."""

    name: str
    node: Function
    docs: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What names mean in the package: makers of errors, and names of array types."""

    makers: dict[str, str]
    arrays: frozenset[str]

    def beside(self, other: Known) -> Known:
        return Known(self.makers | other.makers, self.arrays | other.arrays)

    @property
    def public(self) -> Known:
        """What another module may mean by its names."""
        makers = {name: error for name, error in self.makers.items() if name[0] != "_"}
        return Known(makers, self.arrays)


def public(node: ast.Module | ast.ClassDef, docs: tuple[str, ...] = ()) -> Iterator[Public]:
    """Yield the public functions and methods of a module."""
    docs = (*docs, ast.get_docstring(node) or "")
    for inner in node.body:
        if getattr(inner, "name", "_").startswith("_"):
            continue
        if isinstance(inner, ast.ClassDef):
            for found in public(inner, docs):
                yield Public(f"{inner.name}.{found.name}", found.node, found.docs)
        elif isinstance(inner, Function) and not is_help(inner):
            yield Public(inner.name, inner, (*docs, ast.get_docstring(inner) or ""))


def is_help(node: Function) -> bool:
    return any(ast.unparse(one).startswith(HELP) for one in node.decorator_list)


def own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a function does itself, without what is defined in it."""
    for inner in ast.iter_child_nodes(node):
        if not isinstance(inner, Function | ast.ClassDef | ast.Lambda):
            yield inner
            yield from own(inner)


def raised(node: Function, makers: dict[str, str]) -> set[str]:
    """Return the names of our errors that it raises, itself or by a function that makes one."""
    found = set()
    for inner in own(node):
        if isinstance(inner, ast.Raise) and inner.exc is not None:
            made = inner.exc.func if isinstance(inner.exc, ast.Call) else inner.exc
            name = ast.unparse(made).rpartition(".")[2]
            found.add(makers.get(name, name))
    return found & set(OURS) - {"TransferAppError"}


def stated(error: str, docs: tuple[str, ...]) -> bool:
    """Say whether one of the docstrings says that this is raised, or what it is a kind of."""
    kinds = "|".join(cls.__name__ for cls in OURS[error].__mro__ if cls.__name__ in OURS)
    return any(re.search(rf"\b[Rr]aises?\b.*\b({kinds})\b", doc, re.DOTALL) for doc in docs)


def known(module: ast.Module) -> Known:
    """Return what a module names; a maker of any error at all says nothing here."""
    makers, arrays = {}, set()
    for node in module.body:
        if isinstance(node, Function) and node.returns:
            makers[node.name] = ast.unparse(node.returns)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            aliased = ast.unparse(node.value)
            if re.match(r"['\"]?(npt\.NDArray|np\.ndarray)\[", aliased):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                arrays |= {ast.unparse(target) for target in targets}
    ours = {name: error for name, error in makers.items() if error in OURS}
    return Known(ours, frozenset(arrays))


def faults(module: ast.Module, names: Known) -> list[str]:
    """Say what the docstrings of a module leave out."""
    found = []
    for one in public(module):
        silent = sorted(e for e in raised(one.node, names.makers) if not stated(e, one.docs))
        if silent:
            found.append(f"{one.name} raises {', '.join(silent)}")
        returns = ast.unparse(one.node.returns) if one.node.returns else ""
        is_array = re.search(r"\b(NDArray|ndarray)\b", returns) or returns in names.arrays
        if is_array and not SHAPE.search(" ".join(one.docs[-1].split())):
            found.append(f"{one.name} returns an array of a shape")
        if returns == "TaskKind" and not (
            "payload" in one.docs[-1] and "retried" in one.docs[-1]
        ):
            found.append(f"{one.name} returns a kind of task: its payload, what is retried")
    return found


def test_docstrings_report_errors_and_shapes() -> None:
    modules = {
        path: ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for path in sorted(path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
        if path.parts[0] not in TOOLS
    }
    names = {path: known(module) for path, module in modules.items()}
    everywhere = reduce(Known.beside, (one.public for one in names.values()))
    # Neither is found by accident only: both kinds of names are there.
    assert len(everywhere.makers) > 5
    assert everywhere.arrays >= {"Plane", "Numbers"}
    silent = [
        f"{path}: {fault}"
        for path, module in modules.items()
        for fault in faults(module, everywhere.beside(names[path]))
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ('def a():\n    """Look."""\n    raise Invalid("No.")', "a raises Invalid"),
        ('def a():\n    """Look; Invalid."""\n    raise Invalid', "a raises Invalid"),
        ('def a():\n    """Look."""\n    raise errors.Invalid', "a raises Invalid"),
        ('def a():\n    """Look."""\n    raise damaged("it")', "a raises DamagedFile"),
        ('class A:\n    def b(self):\n        raise Invalid("No.")', "A.b raises Invalid"),
        ('def a() -> Plane:\n    """Return it."""', "a returns an array of a shape"),
        ('def a() -> npt.NDArray[Any]:\n    """Read."""', "a returns an array of a shape"),
        (
            'def a() -> TaskKind:\n    """Return the kind."""',
            "a returns a kind of task: its payload, what is retried",
        ),
    ],
)
def test_a_silent_docstring_is_reported(code: str, fault: str) -> None:
    names = Known({"damaged": "DamagedFile"}, frozenset({"Plane"}))
    assert faults(ast.parse(code), names) == [fault]


@pytest.mark.parametrize(
    "code",
    [
        'def a():\n    """Look; raises Invalid."""\n    raise Invalid("No.")',
        'def a():\n    """Look.\n\n    Raises SourceProblem.\n    """\n    raise EmptyFile',
        '"""All methods raise Invalid."""\ndef a():\n    raise Invalid("No.")',
        'def _a():\n    raise Invalid("No.")',
        'def a():\n    def b():\n        raise Invalid("No.")\n    return b',
        'def a() -> Plane:\n    """Return it, (height, width)."""',
        '@app.command()\ndef a():\n    """Help."""\n    raise Invalid("No.")',
    ],
)
def test_what_is_stated_or_is_nobody_elses_is_fine(code: str) -> None:
    assert faults(ast.parse(code), Known({}, frozenset({"Plane"}))) == []
