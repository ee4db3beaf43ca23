"""Which states belong together, and what is promised, is said in one place each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted((ROOT / "transferapp").rglob("*.py"))
STATES = frozenset({"ItemState", "ItemStage", "TaskState"})
#: Where states may be listed, and why.
LISTED = {
    "transferapp/model/*.py": "the tables of items and their stages",
    "transferapp/taskqueue/moves.py": "the table of tasks, beside the queue's port",
    "transferapp/desktop/transfers/columns.py": "the order of a column; it rules nothing",
    "transferapp/testing/*_suite.py": "what a suite expects, and not what the code says",
}
#: Where promises are made of parts, and why.
PROMISED = {
    "transferapp/model/promises.py": "the one place",
    "transferapp/desktop/transfers/rows.py": "what the workstation service promises, as read",
    "transferapp/testing/*_suite.py": "what a suite expects",
}


def groups(source: str) -> Iterator[tuple[int, set[str]]]:
    """Yield line and members of each group of states: in a tuple, list, set, a pattern with
    alternatives, or comparisons joined by ``or`` and ``and``.
    """
    tree = ast.parse(source)
    names = STATES | set(_aliases(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Tuple(elts=parts) | ast.Set(elts=parts) | ast.List(elts=parts):
                found = {_member(part, names) for part in parts}
            case ast.MatchOr(patterns=patterns):
                values = [p.value for p in patterns if isinstance(p, ast.MatchValue)]
                found = {_member(value, names) for value in values}
            case ast.BoolOp(values=parts):
                compared = [part for part in parts if isinstance(part, ast.Compare)]
                found = {_member(right, names) for c in compared for right in c.comparators}
            case _:
                continue
        if len(found := found - {""}) > 1:
            yield node.lineno, found


def _aliases(tree: ast.Module) -> Iterator[str]:
    """Yield other names that a module gives the classes of states."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=alias)], value=ast.Name(id=name)):
                if name in STATES:
                    yield alias
            case ast.ImportFrom(names=found):
                yield from (a.asname for a in found if a.asname and a.name in STATES)


def _member(node: ast.expr, names: set[str] | frozenset[str]) -> str:
    """Return the member of a state's class that an expression names, else nothing."""
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=member) if name in names:
            return member
        case ast.Attribute(value=ast.Attribute(attr=name), attr=member) if name in names:
            return member
    return ""


def made(source: str) -> list[int]:
    """Return the lines in which promises are made of parts."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and "Promises" in ast.unparse(node.func).split(".")[-1:]
    ]


def others(listed: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield path and text of the code that is not listed."""
    for path in CODE:
        name = path.relative_to(ROOT).as_posix()
        if not any(fnmatch(name, pattern) for pattern in listed):
            yield name, path.read_text(encoding="utf-8")


def test_states_are_grouped_in_the_tables_alone() -> None:
    found = [
        f"{name}:{line} {sorted(members)}"
        for name, text in others(LISTED)
        for line, members in groups(text)
    ]
    assert found == [], "read it from model/moves.py or taskqueue/moves.py"


def test_promises_are_made_in_one_place() -> None:
    found = [f"{name}:{line}" for name, text in others(PROMISED) for line in made(text)]
    assert found == [], "give facts to model/promises.py: promised"


@pytest.mark.parametrize("pattern", [*LISTED, *PROMISED])
def test_what_is_listed_is_needed(pattern: str) -> None:
    for listed, search in ((LISTED, groups), (PROMISED, made)):
        if pattern in listed:
            texts = [p.read_text(encoding="utf-8") for p in ROOT.glob(pattern)]
            assert any(list(search(text)) for text in texts)


@pytest.mark.parametrize(
    "seeded",
    [
        "X = (ItemState.FAILED, ItemState.CANCELLED)",
        "X = frozenset({model.ItemState.FAILED, model.ItemState.CANCELLED})",
        "X = [TaskState.DONE, other, TaskState.DEAD]",
        "_S = ItemStage\nX = {_S.DONE, _S.FAILED}",
        "from transferapp.model.transfers import ItemState as S\nX = (S.READY, S.QUEUED)",
        "match x:\n    case TaskState.DONE | TaskState.DEAD:\n        pass",
        "X = state is ItemState.FAILED or state == ItemState.CANCELLED",
    ],
)
def test_a_group_of_states_is_found(seeded: str) -> None:
    assert len(list(groups(seeded))) == 1


@pytest.mark.parametrize(
    "allowed",
    [
        "X = {ItemState.FAILED: 'bad', ItemState.CANCELLED: 'muted'}",
        "X = ENDED_STATES - {ItemState.FAILED}",
        "X = (ItemState.FAILED, 'failed')",
        "X = state is ItemState.FAILED or other is TaskKind.IMPORT",
    ],
)
def test_text_and_single_states_are_no_group(allowed: str) -> None:
    assert list(groups(allowed)) == []


def test_a_promise_by_hand_is_found() -> None:
    by_hand = "x = Promises(True, True, False)\ny = promised(facts)\nz = model.Promises(*x)"
    assert made(by_hand) == [1, 3]
