"""Every program that can be started configures its log first (host/logging.py)."""

from __future__ import annotations

import ast
from pathlib import Path

import transferapp

ROOT = Path(transferapp.__file__).parent
#: The command line; and a script that is started without the rest of the house and tells
#: nothing but one line of JSON.
OTHERWISE = {Path("__main__.py"), Path("commands/guard.py")}


def _is_started(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for node in tree.body
    )


def _called(tree: ast.Module) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {func.id for func in calls if isinstance(func, ast.Name)}


def test_every_program_configures_its_log() -> None:
    trees = {path.relative_to(ROOT): ast.parse(path.read_text()) for path in ROOT.rglob("*.py")}
    started = {path for path, tree in trees.items() if _is_started(tree)} - OTHERWISE
    started.add(Path("cli/log.py"))
    assert len(started) > 8
    assert {
        path for path in started if "configure_logging" not in _called(trees[path])
    } == set()


def test_nobody_shows_local_variables() -> None:
    """Rich's tracebacks do, and structlog takes rich where nothing was configured."""
    shown = [
        path.name
        for path in ROOT.rglob("*.py")
        if path.name != "logging.py"
        for text in ("rich.traceback", "show_locals", "capture_locals")
        if text in path.read_text(encoding="utf-8")
    ]
    assert shown == []
