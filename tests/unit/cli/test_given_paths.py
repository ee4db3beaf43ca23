"""An empty path on the command line is refused: it is no name of the current folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transferapp.cli.main import app


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder that would be taken."""
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "a.tif").write_bytes(b"II*\0")
    monkeypatch.chdir(tmp_path / "day")


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
@pytest.mark.parametrize(
    "sentence",
    [
        ["import", "EMPTY", "--to", "Dataset:12"],
        ["import", "a.tif", "EMPTY", "--to", "Dataset:12"],
        ["scan", "EMPTY"],
        ["scan", "a.tif", "EMPTY", "--json"],
        ["export", "Image:1", "--to", "EMPTY"],
        ["attachments", "Dataset:12", "--to", "EMPTY"],
    ],
)
def test_an_empty_path_is_refused(sentence: list[str], empty: str) -> None:
    given = [empty if term == "EMPTY" else term for term in sentence]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 2
    shown = done.stdout if "--json" in sentence else done.stderr
    assert "is empty" in re.sub(r"[\s│]+", " ", shown)


def test_the_current_folder_has_a_name() -> None:
    done = CliRunner().invoke(app, ["scan", ".", "--reads", "local", "--json"])
    assert "a.tif" in done.stdout


def test_a_name_of_any_bytes_is_a_path() -> None:
    done = CliRunner().invoke(app, ["scan", "a\udce9 .tif", "--reads", "local"])
    assert done.exit_code == 1
    assert "does not exist" in done.stderr


def test_a_name_that_no_disk_has() -> None:
    for given in ("x" * 300, "long/" * 2000):
        done = CliRunner().invoke(app, ["export", "Image:1", "--to", given])
        assert done.exit_code == 2
        assert "shorter path" in re.sub(r"[\s│]+", " ", done.stderr)
