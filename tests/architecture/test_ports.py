"""A port has at most eight methods, and who uses a large one asks for a small one of it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = 8
PORTS = sorted((ROOT / "transferapp").rglob("port.py"))
#: Where a port is met as a whole: its adapters, their suites, and what wiring hands out.
WHOLE = (
    "transferapp/ledger/stores/",
    "transferapp/repositories/",
    "transferapp/server/parts.py",
    "transferapp/taskqueue/dbos/",
    "transferapp/testing/",
)

#: Users that join small ports to more methods than one may have; its docstring says why.
JOINS = {"transferapp/operations/imports.py: RequestRecords"}


@cache
def _protocols(text: str) -> dict[str, ast.ClassDef]:
    if "Protocol" not in text:
        return {}
    return {
        node.name: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
    }


def _own(node: ast.ClassDef) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {one.name for one in node.body if isinstance(one, kinds)}


def method_names(*texts: str) -> dict[str, set[str]]:
    """Return the methods of each Protocol, with those it inherits in the same files."""
    found = {name: node for text in texts for name, node in _protocols(text).items()}

    def every(name: str) -> set[str]:
        bases = (ast.unparse(base) for base in found[name].bases)
        return _own(found[name]).union(*(every(base) for base in bases if base in found))

    return {name: every(name) for name in found}


def methods(text: str) -> dict[str, int]:
    """Count the methods of each Protocol, with those it inherits in the same file."""
    return {name: len(names) for name, names in method_names(text).items()}


def joins(text: str, ports: Sequence[str]) -> set[str]:
    """Return the Protocols of a module that join those of ports to too many methods."""
    every = method_names(*ports, text)
    return {name for name in _protocols(text) if len(every[name]) > MOST}


def wholes(text: str) -> set[str]:
    """Return the Protocols that only join others, to more methods than a small port has."""
    counts = methods(text)
    return {n for n, node in _protocols(text).items() if not _own(node) and counts[n] > MOST}


def imported(text: str, names: set[str]) -> set[str]:
    """Return which of these names a module takes from a port."""
    return {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".port")
        for alias in node.names
        if alias.name in names
    }


def test_no_port_has_more_than_eight_methods() -> None:
    found: dict[str, int] = {}
    for path in PORTS:
        text = path.read_text(encoding="utf-8")
        found |= {name: n for name, n in methods(text).items() if name not in wholes(text)}
    assert len(PORTS) > 5
    assert len(found) > 20
    assert {name: count for name, count in found.items() if count > MOST} == {}


def test_a_whole_is_for_wiring_adapters_and_suites() -> None:
    names = set().union(*(wholes(path.read_text(encoding="utf-8")) for path in PORTS))
    assert names == {"Images", "Ledger", "TaskQueue"}
    users = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "transferapp").rglob("*.py")
        if imported(path.read_text(encoding="utf-8"), names)
    }
    assert {user for user in users if not user.startswith(WHOLE)} == set()
    assert {place for place in WHOLE if not any(u.startswith(place) for u in users)} == set()


def test_who_joins_small_ports_has_a_reason() -> None:
    ports = [path.read_text(encoding="utf-8") for path in PORTS]
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {name}"
        for path in sorted((ROOT / "transferapp").rglob("*.py"))
        if path not in PORTS and "testing" not in path.parts
        for name in joins(path.read_text(encoding="utf-8"), ports)
    }
    assert found == JOINS


def test_one_that_joins_too_much_is_found() -> None:
    five = "\n".join(f"    def {{0}}{n}(self) -> None: ..." for n in range(5))
    port = f"class A(Protocol):\n{five.format('a')}\nclass B(Protocol):\n{five.format('b')}\n"
    assert joins("class Mine(A, B, Protocol):\n    pass\n", [port]) == {"Mine"}
    assert joins("class Mine(A, Protocol):\n    pass\n", [port]) == set()


def test_one_that_grew_is_found() -> None:
    many = "\n".join(f"    async def m{n}(self) -> None: ..." for n in range(9))
    assert methods(f"class Big(Protocol):\n{many}\nclass No:\n{many}\n") == {"Big": 9}


def test_one_that_grew_by_inheritance_is_found() -> None:
    four = "\n".join(f"    def a{n}(self) -> None: ..." for n in range(4))
    five = "\n".join(f"    def b{n}(self) -> None: ..." for n in range(5))
    text = f"class A(Protocol):\n{four}\nclass B(A, Protocol):\n{five}\n"
    assert methods(text) == {"A": 4, "B": 9}
    assert wholes(text) == set()
    assert wholes(f"{text}class C(B, Protocol):\n    '''Both.'''\n") == {"C"}


def test_one_that_takes_a_whole_is_found() -> None:
    text = "if True:\n    from house.port import Part, Whole\n"
    assert imported(text, {"Whole"}) == {"Whole"}
    assert imported("from house.wiring import Whole\n", {"Whole"}) == set()
