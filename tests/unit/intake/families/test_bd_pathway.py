"""BD Pathway's plates; Bio-Formats 7.3.1 gave these files in this order (BDReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_bd_pathway

BEFORE = ["Experiment.exp", "DAPI.dye", "FITC.dye", "Well A01/log.txt", "plate.plt"]
IMAGES = [
    f"Well {well}/{dye} - n00000{time}.tif"
    for well in ("A01", "B02")
    for dye in ("DAPI", "FITC")
    for time in (0, 1)
]


def test_settings_come_before_the_images(tmp_path: Path) -> None:
    make_bd_pathway(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [*BEFORE, *IMAGES]
    assert made.plate
    assert not made.problems
    assert not made.doubts


def test_other_files_are_not_used(tmp_path: Path) -> None:
    make_bd_pathway(tmp_path / "run")
    touched_tiff(tmp_path / "run/Well A01/overview.tif")
    (tmp_path / "run/notes.pdf").write_text("x")
    made = sets(tmp_path / "run")
    assert made["Experiment.exp"] == [*BEFORE, *IMAGES]
    assert len(made) == 3


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_bd_pathway(tmp_path)
    (tmp_path / IMAGES[0]).unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert doubt.startswith(f"'{IMAGES[0]}' is missing")


@pytest.mark.parametrize(("name", "stated"), [("DAPI.dye", "DAPI.dye"), ("plate.plt", ".plt")])
def test_what_an_experiment_cannot_be_opened_without_is_reported(
    tmp_path: Path, name: str, stated: str
) -> None:
    make_bd_pathway(tmp_path)
    (tmp_path / name).unlink()
    made = only_set(tmp_path)
    assert len(made.files) == 12
    assert stated in made.problems[0].message


def test_an_experiment_without_images_is_refused(tmp_path: Path) -> None:
    for name in make_bd_pathway(tmp_path):
        (tmp_path / name).unlink()
    assert "none of them is there" in only_set(tmp_path).problems[0].message


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    touched_tiff(tmp_path / "run" / IMAGES[0])
    (doubt,) = only_set(tmp_path / "run").doubts
    assert "Experiment.exp is missing" in doubt


def test_another_file_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "Experiment.exp").write_text("hello")
    assert not only_set(tmp_path).plate
