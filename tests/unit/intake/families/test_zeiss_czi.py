"""CZI in several files; Bio-Formats 7.3.1 gave these in this order (ZeissCZIReader), and took
copies for parts as well.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets
from tests.support.vendor_sets import write_czi_part


def parts(folder: Path, count: int = 3, form: str = "x ({}).czi") -> Path:
    write_czi_part(folder / "x.czi", 0, own=0)
    for part in range(1, count):
        write_czi_part(folder / form.format(part), part, own=part)
    return folder


@pytest.mark.parametrize("form", ["x ({}).czi", "x({}).czi", "x ({}).CZI"])
def test_parts_are_one_set_by_their_numbers(form: str, tmp_path: Path) -> None:
    made = only_set(parts(tmp_path, 12, form))
    names = ["x.czi", *(form.format(part) for part in range(1, 12))]
    assert paths(made, tmp_path) == names
    assert made.name == "x.czi"
    assert not made.doubts


@pytest.mark.parametrize("dropped", ["x.czi", "x (2).czi"])
def test_dropping_one_part_takes_all(dropped: str, tmp_path: Path) -> None:
    assert len(only_set(parts(tmp_path) / dropped).files) == 3


def test_a_browsers_copy_is_no_part_and_reported(tmp_path: Path) -> None:
    write_czi_part(tmp_path / "x.czi", 0, own=7)
    shutil.copy(tmp_path / "x.czi", tmp_path / "x (1).czi")
    assert sets(tmp_path) == {"x (1).czi": ["x (1).czi"], "x.czi": ["x.czi"]}
    made = only_set(tmp_path / "x (1).czi")
    assert "looks like a second copy of 'x.czi'" in made.doubts[0]


def test_a_copy_of_a_part_is_reported(tmp_path: Path) -> None:
    parts(tmp_path)
    shutil.copy(tmp_path / "x (1).czi", tmp_path / "x (1) (1).czi")
    made = sets(tmp_path)
    assert made["x.czi"] == ["x.czi", "x (1).czi", "x (2).czi"]
    assert made["x (1) (1).czi"] == ["x (1) (1).czi"]


def test_another_image_of_that_name_is_no_part(tmp_path: Path) -> None:
    write_czi_part(tmp_path / "x.czi", 0, own=1)
    for name in ("x (1).czi", "x (treated).czi"):
        write_czi_part(tmp_path / name, 0, own=2)
    assert all(len(files) == 1 for files in sets(tmp_path).values())
    assert not only_set(tmp_path / "x (1).czi").doubts


def test_a_lone_part_is_reported(tmp_path: Path) -> None:
    write_czi_part(tmp_path / "x (1).czi", 1, own=1)
    (doubt,) = only_set(tmp_path).doubts
    assert "'x.czi' is missing" in doubt


def test_a_missing_part_is_reported(tmp_path: Path) -> None:
    parts(tmp_path, 4)
    (tmp_path / "x (2).czi").unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert "numbers 2 are missing" in doubt


def test_what_is_no_czi_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.czi").write_text("hello")
    (tmp_path / "x (1).czi").write_text("hello")
    assert len(sets(tmp_path)) == 2
