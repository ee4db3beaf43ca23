"""A wrong command line is told as it was asked for: with --json as a problem document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transferapp.cli.main import app


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("sentence", "part"),
    [
        (["export", "Image:1", "--to", "x", "--form", "gif"], "--form"),
        (["export", "Image:1", "--to", "x", "--form", "png", "--region", "a,b"], "--region"),
        (["export", "Image:1", "--to", "x", "--form", "png", "--z", "7-3"], "--z"),
        (["export", "Image:1", "--nonsense"], "--nonsense"),
        (["export", "Image:1"], "--to"),
        (["import", "a.tif", "--to", "Dataset:1", "--for", ""], "It is empty"),
        (["transfers", "show"], "Missing argument"),
        (["transfers", "nonsense"], "nonsense"),
    ],
)
def test_a_wrong_command_line(sentence: list[str], part: str) -> None:
    done = CliRunner().invoke(app, [*sentence, "--json"])
    assert done.exit_code == 2, done.output
    problem = json.loads(done.stdout)
    assert (problem["code"], part in problem["detail"]) == ("invalid", True), problem
    plain = CliRunner().invoke(app, sentence)
    assert (plain.exit_code, plain.stdout) == (2, "")


def test_lines_are_lines() -> None:
    done = CliRunner().invoke(app, ["export", "Image:1", "--follow", "--json"])
    assert len(done.stdout.splitlines()) == 1


def test_a_file_in_the_way_of_the_folder_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    for to in (file, file / "sub", file / "a" / "b"):
        done = CliRunner().invoke(app, ["export", "Image:1", "--to", str(to), "--json"])
        assert done.exit_code == 1
        assert "is not a folder" in json.loads(done.stdout)["detail"]


def test_a_list_that_never_was(tmp_path: Path) -> None:
    where = str(tmp_path / "none.csv")
    done = CliRunner().invoke(app, ["export", "--list", where, "--to", "x", "--json"])
    assert done.exit_code == 1
    assert "There is no file" in json.loads(done.stdout)["detail"]
