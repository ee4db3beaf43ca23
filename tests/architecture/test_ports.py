"""A port has at most eight methods, and who uses a large one asks for a small one of it."""

from __future__ import annotations

import ast
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


def _protocols(text: str) -> dict[str, ast.ClassDef]:
    return {
        node.name: node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
    }


def _own(node: ast.ClassDef) -> set[str]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {one.name for one in node.body if isinstance(one, kinds)}


def methods(text: str) -> dict[str, int]:
    """Count the methods of each Protocol, with those it inherits in the same file."""
    found = _protocols(text)

    def every(name: str) -> set[str]:
        bases = (ast.unparse(base) for base in found[name].bases)
        return _own(found[name]).union(*(every(base) for base in bases if base in found))

    return {name: len(every(name)) for name in found}


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
