"""CellVoyager's plates, in the order of Bio-Formats 7.3.1 (CellVoyagerReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_cellvoyager

BEFORE = ["MeasurementResult.xml", "MeasurementResult.ome.xml"]
#: Well, area (two fields each), channel, field.
IMAGES = [
    f"Image/W{well}F00{field}T0001Z01C{channel}.tif"
    for well in (1, 2)
    for area in ((1, 2), (3, 4))
    for channel in (1, 2)
    for field in area
]


def test_images_follow_by_well_and_area(tmp_path: Path) -> None:
    make_cellvoyager(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [IMAGES[0], *BEFORE, *IMAGES[1:]]
    assert made.plate
    assert not made.problems
    assert not made.doubts


def test_images_that_no_well_has_are_left_out(tmp_path: Path) -> None:
    make_cellvoyager(tmp_path / "run")
    touched_tiff(tmp_path / "run/Image/W3F001T0001Z01C1.tif")
    made = sets(tmp_path / "run")
    assert made["MeasurementResult.xml"] == [IMAGES[0], *BEFORE, *IMAGES[1:]]
    assert len(made) == 2


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_cellvoyager(tmp_path)
    (tmp_path / IMAGES[0]).unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert doubt.startswith(f"'{Path(IMAGES[0]).name}' is missing")


def test_the_second_index_must_be_there(tmp_path: Path) -> None:
    make_cellvoyager(tmp_path)
    (tmp_path / BEFORE[1]).unlink()
    made = only_set(tmp_path)
    assert len(made.files) == 1 + len(IMAGES)
    assert f"needs '{BEFORE[1]}'" in made.problems[0].message


@pytest.mark.parametrize("name", BEFORE[:2])
def test_a_broken_index_tears_nothing_apart(tmp_path: Path, name: str) -> None:
    make_cellvoyager(tmp_path)
    text = (tmp_path / name).read_text()
    (tmp_path / name).write_text(text[: int(0.9 * len(text))])
    made = only_set(tmp_path)
    assert len(made.files) == 2 + len(IMAGES)
    assert made.problems[0].message.startswith(f"'{name}' is no complete XML")


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / Path(IMAGES[0]).name)).doubts
    assert "MeasurementResult.xml is missing" in doubt


def test_another_file_of_that_name_is_none(tmp_path: Path) -> None:
    (tmp_path / "MeasurementResult.xml").write_text("<results/>")
    assert not only_set(tmp_path).plate
