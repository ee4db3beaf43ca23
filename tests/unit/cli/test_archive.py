"""``transferapp archive``: what is said of an archive, of a place, and offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.support.archives import LOST, WrittenArchive, write_archive
from transferapp.archive.lines import ImageLine
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode

_RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody is signed in."""
    monkeypatch.setattr("transferapp.cli.signed_in._file", lambda: tmp_path / "login.json")


@pytest.fixture
def archive(tmp_path: Path) -> WrittenArchive:
    made = write_archive(tmp_path / "archive")
    for number, line in enumerate(made.lines):
        if isinstance(line, ImageLine) and line.id == 101:
            made.lines[number] = line.model_copy(update={"problem": "Its ROIs are gone."})
    made.finish()
    return made


def test_what_is_not_wholly_described_is_named(archive: WrittenArchive) -> None:
    verified = _RUNNER.invoke(app, ["archive", "verify", str(archive.manifest)])
    assert "1 image not described, or not wholly." in verified.stderr
    assert "Image 101 'Cell 7': Its ROIs are gone." in verified.stderr


def test_a_dry_run_offline_says_so(archive: WrittenArchive) -> None:
    dry = ["archive", "restore", str(archive.manifest), "--dry-run"]
    done = _RUNNER.invoke(app, [*dry, "--json"])
    assert done.exit_code == ExitCode.SOME_FAILED
    assert "Nobody is signed in: only the archive was checked" in done.stderr
    assert "Restored only in part: 1 image. Its ROIs are gone." in done.stderr
    lost = json.loads(done.stdout)["not_restored"]
    assert [row["kind"] for row in lost] == ["Image"] * LOST
    assert _RUNNER.invoke(app, [*dry, "--into", "Dataset:9"]).exit_code == ExitCode.USAGE


def test_a_place_gets_no_manifest() -> None:
    made = _RUNNER.invoke(app, ["archive", "make", "--to", "cluster:", "--dry-run"])
    assert made.exit_code == ExitCode.DENIED
    assert "A place gets no manifest" in made.stderr
