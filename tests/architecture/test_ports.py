"""A port has at most eight methods; those that have more may only lose some."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST = 8
#: Still to be split by who uses them. A number only goes down, and a name goes for good.
TOO_MANY = {"Ledger": 20, "TaskQueue": 15}


def methods(text: str) -> dict[str, int]:
    """Count the methods of each Protocol."""
    return {
        node.name: sum(isinstance(m, ast.FunctionDef | ast.AsyncFunctionDef) for m in node.body)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(base).startswith("Protocol") for base in node.bases)
    }


def test_no_port_has_more_than_eight_methods() -> None:
    found: dict[str, int] = {}
    ports = sorted((ROOT / "transferapp").rglob("port.py"))
    for path in ports:
        found |= methods(path.read_text(encoding="utf-8"))
    assert len(ports) > 5
    assert len(found) > 15
    assert {name: count for name, count in found.items() if count > MOST} == TOO_MANY


def test_one_that_grew_is_found() -> None:
    many = "\n".join(f"    async def m{n}(self) -> None: ..." for n in range(9))
    assert methods(f"class Big(Protocol):\n{many}\nclass No:\n{many}\n") == {"Big": 9}
