"""Lint, format, types and sizes: the checks that a person runs, run by the suite."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
CODE = ["transferapp", "tests", "installers"]


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lint() -> None:
    run("ruff", "check", *CODE)


def test_format() -> None:
    run("ruff", "format", "--check", *CODE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_types() -> None:
    run("mypy")


def test_no_file_is_too_long() -> None:
    """Over 400 lines a file is more than one idea (docs/adr/0008)."""
    lengths = {
        path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines())
        for folder in CODE
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: n for path, n in lengths.items() if n > MOST_LINES} == {}


def test_no_folder_without_a_noun() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "core"}
    found = [p for p in (ROOT / "transferapp").rglob("*.py") if p.stem in banned]
    assert found == []
