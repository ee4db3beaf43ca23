"""The documents of ``docs/background`` name places that exist, and few enough to be read."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "background"
DOCUMENTS = sorted(FOLDER.glob("*.md"))
_PLACE = re.compile(r"`([\w/]+\.py): ([\w.]+)`")
#: Files that a reader opens on each journey, at most: half of what it took before there was a
#: document (45, 20 and 20 files, counted in November 2026).
MOST_FILES = {"import.md": 22, "queue.md": 10, "preview.md": 10}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_place_exists(document: Path) -> None:
    places = _PLACE.findall(document.read_text(encoding="utf-8"))
    assert places
    missing = [f"{path}: {name}" for path, name in places if name not in names_in(path)]
    assert missing == []


@pytest.mark.parametrize("name", MOST_FILES)
def test_a_journey_is_short(name: str) -> None:
    places = _PLACE.findall((FOLDER / name).read_text(encoding="utf-8"))
    assert len({path for path, _ in places}) <= MOST_FILES[name]


def test_architecture_leads_here() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert [path.name for path in DOCUMENTS if f"background/{path.name}" not in text] == []


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the functions, classes and methods that a file defines; none of no file."""
    file = ROOT / "transferapp" / path
    if not file.exists():
        return frozenset()
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, kinds):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, kinds)}
    return frozenset(found)
