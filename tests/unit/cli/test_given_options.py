"""An empty option on the command line is refused: a script's variable was not set."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transferapp.cli.main import app


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize(
    "sentence",
    [
        ["import", "a.tif", "--to", "Dataset:12", "--for", ""],
        ["import", "a.tif", "--to", "Dataset:12", "--for="],
        ["import", "a.tif", "--to", "Dataset:12", "--for", " "],
        ["import", "a.tif", "--to", "Dataset:12", "--tag", "x", "--tag", ""],
        ["import", "a.tif", "--comment", "\n", "--to", "Dataset:12"],
        ["import", "a.tif", "--to", "", "--wait"],
        ["transfers", "retry", "12", "--to", "Dataset:1", "--group", ""],
        ["login", "http://localhost", "--user", ""],
    ],
)
def test_an_empty_option_is_refused(sentence: list[str]) -> None:
    done = CliRunner().invoke(app, sentence)
    assert done.exit_code == 2
    assert "It is empty" in re.sub(r"[\s│]+", " ", done.stderr)


def test_what_cannot_be_skipped_is_a_wrong_option() -> None:
    sentence = ["import", "a.tif", "--to", "Dataset:12", "--skip", "pixels"]
    done = CliRunner().invoke(app, sentence)
    assert done.exit_code == 2
    assert "thumbnails" in done.stderr
