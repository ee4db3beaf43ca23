"""What fails twice fails; what passed at last is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import second_try

#: Fails in the first run only.
BUSY = """
from pathlib import Path

def test_busy():
    first = Path("first")
    if not first.exists():
        first.touch()
        raise AssertionError("busy")
"""
BROKEN = "def test_broken():\n    raise AssertionError('broken')\n"
SOUND = "def test_sound():\n    assert 1 + 1 == 2\n"


@pytest.fixture
def runs(tmp_path: Path) -> list[tuple[str, ...]]:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cov\n", encoding="utf-8")
    return []


def whole_suite(folder: Path, runs: list[tuple[str, ...]], **files: str) -> int:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")

    def run(*arguments: str) -> int:
        runs.append(arguments)
        return subprocess.run(
            [sys.executable, *arguments], cwd=folder, check=False, stdout=subprocess.DEVNULL
        ).returncode

    return second_try.whole_suite(run, ["-n", "0"], folder)


def test_a_suite_that_passes_runs_once(tmp_path: Path, runs: list[tuple[str, ...]]) -> None:
    assert whole_suite(tmp_path, runs, sound=SOUND) == 0
    assert len(runs) == 1


def test_what_passes_by_itself_is_named(
    tmp_path: Path, runs: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert whole_suite(tmp_path, runs, sound=SOUND, busy=BUSY) == 0
    assert len(runs) == 2
    stated = "".join(capsys.readouterr())
    assert "failed at first, passed by itself: test_busy.py::test_busy" in stated


def test_what_fails_twice_fails(tmp_path: Path, runs: list[tuple[str, ...]]) -> None:
    assert whole_suite(tmp_path, runs, broken=BROKEN, busy=BUSY) == 1
    assert len(runs) == 2


def test_many_failures_are_no_busy_machine(tmp_path: Path, runs: list[tuple[str, ...]]) -> None:
    many = {f"broken{n}": BROKEN for n in range(second_try.MOST + 1)}
    assert whole_suite(tmp_path, runs, **many) == 1
    assert len(runs) == 1


def test_what_pytest_could_not_collect_is_not_tried_again(
    tmp_path: Path, runs: list[tuple[str, ...]]
) -> None:
    assert whole_suite(tmp_path, runs, wrong="import nothing_of_this_name\n") != 0
    assert len(runs) == 1
