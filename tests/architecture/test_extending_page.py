"""The page for authors of extensions names what there is, and is found."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from transferapp.host.extensions import ExtensionPoint
from transferapp.notify import wiring as notifiers
from transferapp.notify.settings import NotifySettings
from transferapp.repositories import wiring as repositories
from transferapp.worker import extensions

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
POINTS = [repositories.POINT, notifiers.MAIL, notifiers.WEBHOOK]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def imported() -> list[tuple[str, str]]:
    """Return the names of ours that the page imports, with their modules."""
    nodes = [node for block in blocks("python") for node in ast.walk(ast.parse(block))]
    return [
        (node.module, alias.name)
        for node in nodes
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transferapp.")
        for alias in node.names
        if node.module
    ]


def test_what_it_imports_is_there() -> None:
    names = imported()
    assert len(names) > 8
    missing = [
        f"{module}.{name}"
        for module, name in names
        if not hasattr(importlib.import_module(module), name)
    ]
    assert missing == []


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.setting)
def test_its_table_names_each_point(point: ExtensionPoint) -> None:
    (row,) = [line for line in PAGE.splitlines() if f"| `{point.setting}` |" in line]
    assert f"`{point.group}`" in row
    assert f"`(Clock) -> {point.port.__name__}`" in row
    assert all(f"`{name}`" in PAGE for name in point.own)


def test_settings_and_points_are_one() -> None:
    fields = NotifySettings.model_fields
    assert {p.setting.removeprefix("TRANSFERAPP_").lower() for p in POINTS[1:]} <= set(fields)
    defaults = {fields["notify_mail"].default, fields["notify_webhook"].default}
    assert defaults == {*notifiers.MAIL.own, *notifiers.WEBHOOK.own}


def test_its_entry_points_are_those_of_the_code_and_of_the_example() -> None:
    shown = [tomllib.loads(block)["project"]["entry-points"] for block in blocks("toml")]
    groups = {point.group for point in POINTS}
    assert {group for one in shown for group in one} == groups | {extensions.GROUP}
    example = ROOT / "tests" / "support" / "example_extension" / "pyproject.toml"
    built = tomllib.loads(example.read_text(encoding="utf-8"))["project"]["entry-points"]
    assert built in shown


def test_every_file_it_names_exists() -> None:
    named = re.findall(r"`((?:transferapp|tests|docs)/[\w/.]+)`", PAGE)
    assert len(named) > 6
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md", "docs/commands.md"])
def test_it_is_found(page: str) -> None:
    assert re.search(r"\]\((docs/)?extending\.md\)", (ROOT / page).read_text(encoding="utf-8"))
