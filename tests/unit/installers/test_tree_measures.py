"""What the table before/after counts is counted right."""

from __future__ import annotations

import ast
from pathlib import Path

import tree_measures as measures

LOOP = """
async def follow():
    while True:
        await sleep(1)
"""


def _modules(text: str, path: str = "transferapp/a.py") -> dict[str, ast.Module]:
    return {path: ast.parse(text)}


def test_a_loop_that_nothing_begins_again_is_counted() -> None:
    assert measures.unsupervised_loops(_modules(LOOP)) == ["transferapp/a.py: follow"]


def test_a_supervised_loop_is_not() -> None:
    text = f"{LOOP}\ndef begin():\n    return supervised('x', lambda: follow())\n"
    assert measures.unsupervised_loops(_modules(text)) == []


def test_what_a_supervised_function_calls_is_not_either() -> None:
    text = f"{LOOP}\nasync def run():\n    await follow()\n\nSupervisor('x', run)\n"
    assert measures.unsupervised_loops(_modules(text)) == []


def test_what_another_module_supervises_is_not_either() -> None:
    begins = "kept_going('x', found.follow)"
    other = _modules(f"from transferapp.a import follow\n{begins}\n", "transferapp/b.py")
    assert measures.unsupervised_loops(_modules(LOOP) | other) == []
    stranger = _modules(f"from transferapp.c import follow\n{begins}\n", "transferapp/b.py")
    assert measures.unsupervised_loops(_modules(LOOP) | stranger) != []


def test_what_is_passed_on_to_a_supervisor_is_not_either() -> None:
    text = f"{LOOP}\ndef begin(step):\n    kept_going('x', step)\n\nbegin(follow)\n"
    assert measures.unsupervised_loops(_modules(text)) == []
    assert measures.unsupervised_loops(_modules(text.replace(", step)", ", 1)"))) != []


def test_a_loop_that_ends_by_itself_is_none() -> None:
    text = LOOP.replace("await sleep(1)", "await sleep(1)\n        return")
    assert measures.unsupervised_loops(_modules(text)) == []


def test_doubled_classes_and_own_lrus() -> None:
    text = (
        "from collections import OrderedDict\nclass A: ...\nclass _B: ...\nx = OrderedDict()\n"
    )
    modules = _modules(text) | _modules("class A: ...\nclass _B: ...\n", "transferapp/b.py")
    assert measures.doubled_classes(modules) == ["A"]
    assert measures.own_lrus(modules) == ["transferapp/a.py"]


def test_a_journey_is_what_its_prose_names(tmp_path: Path) -> None:
    (tmp_path / "docs/background").mkdir(parents=True)
    (tmp_path / "transferapp").mkdir()
    (tmp_path / "transferapp/a.py").write_text("x = 1\ny = 2\n")
    prose = "1. `a.py: x`, `a.py: y`\n"
    (tmp_path / "docs/background/import.md").write_text(prose)
    assert measures.journey(tmp_path, "import.md") == (1, 2)
    assert measures.journey(tmp_path, "queue.md") is None


def test_the_longest_chain_passes_no_module_twice() -> None:
    edges = {"a": {"b"}, "b": {"c", "a"}, "c": set(), "d": {"a"}}
    assert measures.longest_chain(edges) == ["d", "a", "b", "c"]
