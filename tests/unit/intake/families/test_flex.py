"""Opera's plates; Bio-Formats 7.3.1 gave these files in this order (FlexReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets
from tests.support.plate_sets import make_flex

WELLS = ["001003000.flex", "002001000.flex"]


def test_the_first_well_is_opened_then_come_results_and_measurement(tmp_path: Path) -> None:
    make_flex(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [WELLS[0], "plate.res", "plate.mea", WELLS[1]]
    assert made.plate


@pytest.mark.parametrize("name", ["plate.res", "plate.mea"])
def test_one_of_the_two_is_not_used(tmp_path: Path, name: str) -> None:
    make_flex(tmp_path / "run")
    (tmp_path / "run" / name).unlink()
    assert sets(tmp_path / "run")[WELLS[0]] == WELLS


def test_a_flex_of_another_name_is_a_plate_of_its_own(tmp_path: Path) -> None:
    make_flex(tmp_path / "run")
    (tmp_path / "run" / WELLS[0]).rename(tmp_path / "run/copy.flex")
    made = sets(tmp_path / "run")
    assert made["copy.flex"] == ["copy.flex"]
    assert made[WELLS[1]] == [WELLS[1], "plate.res", "plate.mea"]


def test_another_flex_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.flex").write_text("hello")
    assert not only_set(tmp_path).plate
