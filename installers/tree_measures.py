"""What can be counted in a tree of this repository, of any revision. Standard library only,
but for the import graph (grimp).
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Set
from pathlib import Path

#: The journeys: the document whose numbered prose names the files that a person opens.
JOURNEYS = {
    "dropped file -> safe to delete": "import.md",
    "task -> dead letter": "queue.md",
    "click -> tile": "preview.md",
}
#: In trees without such documents: files that had to be opened, as counted by people for
#: issue 10 in November 2026. The only numbers here that are not measured.
COUNTED_BY_HAND = {"import.md": 45, "queue.md": 20, "preview.md": 20}
_PLACE = re.compile(r"`([\w/]+\.py): [\w.]+`")
#: A loop that yields is driven, and begun again, by who follows it.
_EXITS = (ast.Break, ast.Return, ast.Yield)


def code(root: Path) -> dict[str, ast.Module]:
    """Return the modules of the package by path from the root."""
    found = sorted((root / "transferapp").rglob("*.py"))
    return {
        str(path.relative_to(root)): ast.parse(path.read_text(encoding="utf-8"))
        for path in found
    }


def journey(root: Path, document: str) -> tuple[int, int] | None:
    """Return how many files the prose names, and their lines; None where there is none."""
    path = root / "docs" / "background" / document
    if not path.exists():
        return None
    named = set(_PLACE.findall(path.read_text(encoding="utf-8")))
    files = [root / "transferapp" / name for name in named]
    lines = sum(len(f.read_text(encoding="utf-8").splitlines()) for f in files if f.exists())
    return len(named), lines


def doubled_classes(modules: dict[str, ast.Module]) -> list[str]:
    """Return public names of classes that are there more than once."""
    found = Counter(
        node.name
        for tree in modules.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sorted(name for name, count in found.items() if count > 1)


def own_lrus(modules: dict[str, ast.Module]) -> list[str]:
    """Return modules that keep a bounded cache by hand: an OrderedDict."""
    return [
        path
        for path, tree in modules.items()
        if any(isinstance(n, ast.Name) and n.id == "OrderedDict" for n in ast.walk(tree))
    ]


def unsupervised_loops(modules: dict[str, ast.Module]) -> list[str]:
    """Return loops that nothing begins again when an exception ends them.

    A loop counts when it goes on for ever (``while True``, ``while not stopping.is_set()``
    or ``.wait(...)``, without break or return), pauses or waits in each round, and its
    function is not named where a supervisor is made, there or in a module that imports it,
    nor called from one that is.
    """
    given = {path: _given(tree) for path, tree in modules.items()}
    imports = {path: _imports(tree) for path, tree in modules.items()}
    found = []
    for path, tree in modules.items():
        if path.endswith("host/supervise.py") or "/testing/" in path:
            continue
        module = path.removesuffix(".py").replace("/", ".")
        users = (given[other] for other in modules if module in imports[other])
        safe = _supervised(tree, given[path].union(*users))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if function.name not in safe and any(map(_is_for_ever, _own_nodes(function))):
                found.append(f"{path}: {function.name}")
    return sorted(set(found))


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(function):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _own_nodes(node)


def _is_for_ever(node: ast.AST) -> bool:
    if not isinstance(node, ast.While):
        return False
    test = ast.unparse(node.test)
    ends_never = test == "True" or bool(re.fullmatch(r"not .*\.(is_set\(\)|wait\(.*\))", test))
    inside = list(_own_nodes(node))
    pauses = re.search(r"sleep|wait|pause|until|\bnext_|\.get\(", ast.unparse(node))
    return ends_never and bool(pauses) and not any(isinstance(n, _EXITS) for n in inside)


def _given(tree: ast.Module) -> set[str]:
    """Return what a module gives to supervisors, also by a function that passes it on."""
    passing = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and {one.arg for one in function.args.args} & _names_given(_own_nodes(function))
    }
    return _names_given(ast.walk(tree), passing)


def _names_given(nodes: Iterable[ast.AST], passing: Set[str] = frozenset()) -> set[str]:
    """Return the names in the arguments of calls that supervise."""
    arguments = (
        argument
        for call in nodes
        if isinstance(call, ast.Call) and (_supervises(call) or _name(call.func) in passing)
        for argument in (*call.args, *(keyword.value for keyword in call.keywords))
    )
    return {_name(inner) for one in arguments for inner in ast.walk(one)} - {"", "self"}


def _imports(tree: ast.Module) -> set[str]:
    """Return the modules that a module imports, by their full names."""
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {node.module or "" for node in froms} | {
        f"{node.module}.{alias.name}" for node in froms for alias in node.names
    }


def _supervised(tree: ast.Module, given: set[str]) -> set[str]:
    """Return the functions that are given to a supervisor, and what they call."""
    calls = {
        f.name: {_name(c.func) for c in ast.walk(f) if isinstance(c, ast.Call)}
        for f in ast.walk(tree)
        if isinstance(f, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    makers = [
        f
        for f in (tree, *ast.walk(tree))
        if isinstance(f, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(n, ast.Call) and _supervises(n) for n in _own_nodes(f))
    ]
    found = {
        _name(inner)
        for maker in makers
        for call in _own_nodes(maker)
        if not isinstance(maker, ast.Module)
        or (isinstance(call, ast.Call) and _supervises(call))
        for inner in ast.walk(call)
        if isinstance(inner, ast.Name | ast.Attribute)
    }
    found |= given & calls.keys()
    while more := {name for one in found for name in calls.get(one, ())} - found:
        found |= more
    return found


def _supervises(call: ast.Call) -> bool:
    name = _name(call.func).lower()
    return "supervis" in name or name == "kept_going"


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", None) or getattr(node, "id", ""))


def longest_chain(edges: dict[str, set[str]]) -> list[str]:
    """Return the longest chain of imports, where none is there twice."""
    longest: dict[str, list[str]] = {}
    open_: set[str] = set()

    def of(module: str) -> list[str]:
        if module in longest:
            return longest[module]
        open_.add(module)
        behind = [of(other) for other in sorted(edges[module]) if other not in open_]
        open_.discard(module)
        longest[module] = [module, *max(behind, key=len, default=[])]
        return longest[module]

    return max((of(module) for module in sorted(edges)), key=len)
