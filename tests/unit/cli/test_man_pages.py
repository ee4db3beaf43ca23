"""The manual pages are those of the commands, and man renders them without a warning."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from transferapp.cli.main import COMMANDS
from transferapp.cli.man_pages import pages

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "man"


def typer_is_the_pinned_one() -> bool:
    pins = (ROOT / "installers" / "constraints-py311.txt").read_text(encoding="utf-8")
    return f"typer=={version('typer')}" in pins.splitlines()


def headings(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.startswith((".TH", ".S")))


def test_they_are_up_to_date() -> None:
    made = pages()
    assert len(made) == len(COMMANDS) + 1
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    if not typer_is_the_pinned_one():  # how arguments are written is each typer's own
        made = {name: headings(text) for name, text in made.items()}
        there = {name: headings(text) for name, text in there.items()}
    assert there == made, "run: python -m transferapp.cli.man_pages docs/man"


def test_a_group_reports_of_its_sub_commands() -> None:
    text = pages()["transferapp-transfers.1"]
    for sentence in (".SS transfers list", ".SS transfers cancel", "\\-\\-limit"):
        assert sentence in text


def test_they_have_both_names_of_help() -> None:
    for name, text in pages().items():
        assert "\n.B \\-h, \\-\\-help\n" in text, name
        assert "\n.B \\-\\-help\n" not in text, name


def test_they_are_rendered_without_a_warning() -> None:
    man = shutil.which("man")
    if man is None:
        pytest.skip("apt-get install man-db")
    for path in sorted(FOLDER.iterdir()):
        done = subprocess.run(
            ["man", "--warnings=w", "-E", "UTF-8", "-l", str(path)],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == "", path.name
        assert "NAME" in done.stdout
