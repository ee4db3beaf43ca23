"""A nested event loop inside a coroutine hangs another task for ever: forbid them all."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import transferapp.desktop

PACKAGE = Path(transferapp.desktop.__file__).parent
#: What runs a loop inside a loop; static dialogs do so without saying it.
FORBIDDEN = {"exec", "exec_", "processEvents", "asyncClose", "waitForFinished"}
STATIC_DIALOGS = {
    "QMessageBox": {"question", "information", "warning", "critical", "about"},
    "QFileDialog": {"getOpenFileName", "getOpenFileNames", "getSaveFileName",
                    "getExistingDirectory"},
    "QInputDialog": {"getText", "getItem", "getInt", "getDouble", "getMultiLineText"},
    "QColorDialog": {"getColor"},
    "QFontDialog": {"getFont"},
}  # fmt: skip
#: The napari process: a Qt loop and no asyncio.
EXEMPT = {"viewer/process.py", "viewer/window.py"}


def nested_loops(source: str) -> list[str]:
    """Return the calls in a module that run a nested event loop."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Attribute):
            continue
        owner = node.value.id if isinstance(node.value, ast.Name) else ""
        if node.attr in FORBIDDEN or node.attr in STATIC_DIALOGS.get(owner, set()):
            found.append(f"line {node.lineno}: {owner}.{node.attr}")
    return found


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.relative_to(PACKAGE).as_posix()
)
def test_the_desktop_never_nests_event_loops(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() not in EXEMPT:
        assert nested_loops(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "dialog.exec()",
        "menu.exec_(place)",
        "QMessageBox.question(self, 'Sure?', '')",
        "QFileDialog.getExistingDirectory(self)",
        "app.processEvents()",
    ],
)
def test_the_check_bites(line: str) -> None:
    assert nested_loops(line)


def test_only_one_module_knows_qasync() -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "qasync" in _imports(path)
    ]
    assert users == ["loop.py"]


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
