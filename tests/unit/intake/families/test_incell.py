"""IN Cell Analyzer's plates, in the order of Bio-Formats 7.3.1 (InCellReader)."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_incell

#: Column, field, channel, plane.
IMAGES = [
    f"A - {c}(fld {f} wv W{w} z {z}).tif"
    for c in (1, 2)
    for f in (1, 2)
    for w in (0, 1)
    for z in (0, 1)
]


def test_the_index_is_opened_and_the_images_follow_by_well(tmp_path: Path) -> None:
    make_incell(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == ["plate.xdce", *IMAGES]
    assert made.plate
    assert not made.doubts


def test_files_that_the_index_does_not_name_are_not_used(tmp_path: Path) -> None:
    make_incell(tmp_path / "run")
    (tmp_path / "run/plate.xlog").write_text("<x/>")
    assert len(sets(tmp_path / "run")["plate.xdce"]) == 17


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_incell(tmp_path)
    (tmp_path / IMAGES[0]).unlink()
    assert f"'{IMAGES[0]}' is missing" in only_set(tmp_path).doubts[0]


def test_renamed_images_stay_together_and_are_refused(tmp_path: Path) -> None:
    """Bio-Formats does not find a .tiff that the index calls .tif, and shows black."""
    for name in make_incell(tmp_path):
        (tmp_path / name).rename(tmp_path / f"{name}f")
    made = only_set(tmp_path)
    assert len(made.files) == 17
    assert "none of them is there" in made.problems[0].message


def test_a_broken_index_tears_nothing_apart(tmp_path: Path) -> None:
    make_incell(tmp_path)
    text = (tmp_path / "plate.xdce").read_text()
    (tmp_path / "plate.xdce").write_text(text[:-200])
    made = only_set(tmp_path)
    assert len(made.files) == 17
    assert "no complete XML" in made.problems[0].message


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / IMAGES[0])).doubts
    assert "its .xdce file is missing" in doubt


def test_another_xdce_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.xdce").write_text("hello")
    assert not only_set(tmp_path).plate
