"""What rides along; Bio-Formats 7.3.1 used these files."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.vendor_sets import write_czi_part, write_nd, write_pattern


def options(path: Path) -> None:
    path.with_name(f"{path.name}.bfoptions").write_text("a.b=c\n")


def test_options_come_last_with_the_file_that_is_opened(tmp_path: Path) -> None:
    touched_tiff(tmp_path / "a.tif")
    touched_tiff(tmp_path / "b.tif")
    options(tmp_path / "a.tif")
    assert sets(tmp_path) == {"a.tif": ["a.tif", "a.tif.bfoptions"], "b.tif": ["b.tif"]}


def test_options_of_a_czi_in_parts(tmp_path: Path) -> None:
    for part, name in enumerate(("x.czi", "x (1).czi")):
        write_czi_part(tmp_path / name, part, own=part)
    options(tmp_path / "x.czi")
    assert paths(only_set(tmp_path), tmp_path) == ["x.czi", "x (1).czi", "x.czi.bfoptions"]


def test_options_of_a_file_that_is_not_opened_stay(tmp_path: Path) -> None:
    write_nd(tmp_path, ["exp1_t1.TIF"], times=1)
    options(tmp_path / "exp1.nd")
    options(tmp_path / "exp1_t1.TIF")
    made = sets(tmp_path)
    assert made["exp1.nd"] == ["exp1_t1.TIF", "exp1.nd", "exp1_t1.TIF.bfoptions"]
    assert made["exp1.nd.bfoptions"] == ["exp1.nd.bfoptions"]


def test_options_of_a_pattern_or_of_nothing_stay(tmp_path: Path) -> None:
    write_pattern(tmp_path, "t_<1-2>.tif", ["t_1.tif", "t_2.tif"])
    options(tmp_path / "x.pattern")
    options(tmp_path / "gone.tif")
    made = sets(tmp_path)
    assert made["x.pattern"] == ["x.pattern", "t_1.tif", "t_2.tif"]
    assert len(made) == 3
