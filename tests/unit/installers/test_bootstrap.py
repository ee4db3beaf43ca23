"""What the test command hands to pytest, and when packages are installed again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar

import pytest

import bootstrap
import environments
import workers


class Recorder:
    """An environment that is there and runs nothing."""

    python = Path(sys.executable)
    ran: ClassVar[list[tuple[str, ...]]] = []

    def run(self, *arguments: str) -> int:
        self.ran.append(arguments)
        return 0


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    monkeypatch.setattr(Recorder, "ran", [])
    monkeypatch.setattr(bootstrap, "ensure_system", lambda _names: None)
    monkeypatch.setattr(bootstrap, "ensure_bio_formats", lambda _made, is_wanted: is_wanted)
    monkeypatch.setattr(bootstrap, "environment", lambda _extras, _groups: Recorder())
    monkeypatch.setenv("TRANSFERAPP_PYTHONS", "")
    return Recorder.ran


def test_the_whole_suite_runs_side_by_side(
    ran: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "processors", lambda: 2)
    assert bootstrap.test([]) == 0
    assert ran == [("-m", "pytest", "--cache-clear", "-n", "3")]


@pytest.mark.parametrize("arguments", [["-k", "x", "-x"], ["-n", "0"], ["-m", "chaos"]])
def test_arguments_go_to_pytest_as_they_are(
    ran: list[tuple[str, ...]], arguments: list[str]
) -> None:
    assert bootstrap.test(arguments) == 0
    assert ran == [("-m", "pytest", *arguments)]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_only_processors_that_we_may_use_count() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert workers.processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_packages_are_installed_when_some_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when all are there already: what runs in the environment would lose the project."""
    interpreter = environments.ask(Path(sys.executable))
    assert interpreter is not None
    made = environments.Environment(interpreter, tmp_path / "venv")
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    installed: list[str] = []
    monkeypatch.setattr(made, "_pip", lambda *arguments: installed.append(arguments[-1]))
    steps = [("desktop,server", 1), ("server", 1), ("server,dev", 2), ("dev,server", 2)]
    for extras, times in steps:
        made.ensure(extras)
        assert len(installed) == times, extras
    monkeypatch.setattr(made, "_fingerprint", lambda: "a later pyproject.toml")
    made.ensure("server")
    assert len(installed) == 3
