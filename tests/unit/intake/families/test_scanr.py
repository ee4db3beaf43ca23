"""ScanR's plates; Bio-Formats 7.3.1 gave these files in this order (ScanrReader)."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, paths, touched_tiff
from tests.support.plate_sets import make_scanr

BEFORE = ["experiment_descriptor.xml", "experiment_descriptor.dat", "AcquisitionLog.dat"]
#: The descriptor names FITC before DAPI.
IMAGES = [
    f"data/{well}--P0000{position}--Z00000--T00000--{channel}.tif"
    for well in ("B2--W00001", "A1--W00002")
    for position in (1, 2)
    for channel in ("FITC", "DAPI")
]


def test_the_descriptor_is_opened_and_wells_go_by_number(tmp_path: Path) -> None:
    make_scanr(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [*BEFORE, *IMAGES]
    assert made.plate
    assert not made.doubts


def test_without_dat_files_the_descriptor_is_opened(tmp_path: Path) -> None:
    make_scanr(tmp_path)
    for name in BEFORE[1:]:
        (tmp_path / name).unlink()
    assert paths(only_set(tmp_path), tmp_path) == [BEFORE[0], *IMAGES]


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_scanr(tmp_path)
    for name in IMAGES[:2]:
        (tmp_path / name).unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert "'W00001--P00001--Z00000--T00000--FITC.tif'" in doubt
    assert "are missing" in doubt


def test_a_descriptor_without_images_is_refused(tmp_path: Path) -> None:
    for name in make_scanr(tmp_path):
        (tmp_path / name).unlink()
    assert "none of them is there" in only_set(tmp_path).problems[0].message


def test_a_folder_that_bio_formats_does_not_find_is_reported(tmp_path: Path) -> None:
    make_scanr(tmp_path / "run", "Data")
    for name in BEFORE[1:]:
        (tmp_path / "run" / name).unlink()
    made = only_set(tmp_path / "run")
    assert len(made.files) == 9
    assert "must be called 'data'" in made.problems[0].message


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / Path(IMAGES[0]).name)).doubts
    assert "experiment_descriptor.xml is missing" in doubt


def test_another_descriptor_is_none(tmp_path: Path) -> None:
    (tmp_path / "experiment_descriptor.xml").write_text("<experiment/>")
    assert not only_set(tmp_path).plate
