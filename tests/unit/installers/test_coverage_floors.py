"""Floors of coverage: held, raised, never lowered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import coverage_floors

ROOT = Path(__file__).resolve().parents[3]


def report(**covered: int) -> dict[str, Any]:
    """Of 60 lines and 40 branches in each file so many are covered, half of either."""
    return {
        "files": {
            f"transferapp/{name.replace('__', '/')}.py": {
                "summary": {
                    "num_statements": 60,
                    "num_branches": 40,
                    "covered_lines": count - count // 2,
                    "covered_branches": count // 2,
                }
            }
            for name, count in covered.items()
        }
    }


@pytest.fixture
def floors(tmp_path: Path) -> Path:
    path = tmp_path / "floors.toml"
    path.write_text(coverage_floors.written({"transferapp/agent": 50, "transferapp/ome": 70}))
    return path


def run(folder: Path, floors: Path, *text: str, **covered: int) -> tuple[int, dict[str, int]]:
    made = folder / "coverage.json"
    made.write_text(json.dumps(report(**covered)))
    return coverage_floors.main([str(made), *text], floors), coverage_floors.read_floors(floors)


def test_lines_and_branches_of_all_files_of_a_package_count() -> None:
    found = coverage_floors.percents(
        report(agent__app=10, agent__deep__api=80, errors=35, ome__files=60)
    )
    assert found == {"transferapp/agent": 45.0, "transferapp": 35.0, "transferapp/ome": 60.0}


def test_a_report_without_branches_is_refused() -> None:
    made = report(agent__app=10)
    del made["files"]["transferapp/agent/app.py"]["summary"]["num_branches"]
    with pytest.raises(ValueError, match="--cov-branch"):
        coverage_floors.percents(made)


def test_at_the_floor_it_passes(tmp_path: Path, floors: Path) -> None:
    assert run(tmp_path, floors, agent__app=50, ome__files=70)[0] == 0


def test_below_a_floor_it_fails_and_names_the_package(
    tmp_path: Path, floors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, floors, agent__app=49, ome__files=99)[0] == 1
    stated = capsys.readouterr().err
    assert stated == "transferapp/agent: 49.0 % covered, its floor is 50 %. Test what is new.\n"


def test_what_grew_is_offered_and_raised_when_asked(
    tmp_path: Path, floors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, kept = run(tmp_path, floors, agent__app=50, ome__files=75)
    assert (code, kept) == (0, {"transferapp/agent": 50, "transferapp/ome": 70})
    assert "Could be higher: transferapp/ome." in capsys.readouterr().out
    code, kept = run(tmp_path, floors, "--raise", agent__app=50, ome__files=75)
    assert (code, kept) == (0, {"transferapp/agent": 50, "transferapp/ome": 75})
    assert "Could be higher" not in capsys.readouterr().out


def test_raising_lowers_no_floor(tmp_path: Path, floors: Path) -> None:
    code, kept = run(tmp_path, floors, "--raise", agent__app=10, ome__files=75)
    assert (code, kept) == (1, {"transferapp/agent": 50, "transferapp/ome": 75})


def test_a_package_that_is_new_or_gone_is_reported_and_raising_mends_it(
    tmp_path: Path, floors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, floors, agent__app=60, notify__rules=33)[0] == 1
    stated = capsys.readouterr().err
    assert "transferapp/notify: has no floor." in stated
    assert "transferapp/ome: is not there." in stated
    code, kept = run(tmp_path, floors, "--raise", agent__app=60, notify__rules=33)
    assert (code, kept) == (0, {"transferapp/agent": 60, "transferapp/notify": 33})


def test_every_package_has_its_floor() -> None:
    root = ROOT / "transferapp"
    packages = {
        f"transferapp/{path.name}"
        for path in root.iterdir()
        if (path / "__init__.py").is_file() and path.name != "testing"
    }
    assert set(coverage_floors.read_floors()) == packages | {"transferapp"}
