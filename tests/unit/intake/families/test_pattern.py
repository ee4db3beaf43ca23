"""File patterns; Bio-Formats 7.3.1 gave these files in this order (FilePatternReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets
from tests.support.vendor_sets import write_pattern
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

PLANES = [f"c_z{z}_c{c}.tif" for c in (0, 1) for z in (0, 1, 2)]
BY_TEXT = sorted(PLANES)


@pytest.mark.parametrize(
    ("line", "images"),
    [
        ("c_z<0-2>_c<0-1>.tif\r\n", PLANES),
        ("\n\nc_z<0-2>_c<0,1>.tif", PLANES),
        (r"c_z\d_c\d.tif", BY_TEXT),
        (r"c_z.*_c.*\.tif", BY_TEXT),
        ("t_<008-011>.tif", [f"t_{number:03}.tif" for number in range(8, 12)]),
        ("t_<8-11>.tif", [f"t_{number}.tif" for number in range(8, 12)]),
        ("t_<0-4:2>.tif", ["t_0.tif", "t_2.tif", "t_4.tif"]),
        ("t_<A-C>.tif", ["t_A.tif", "t_B.tif", "t_C.tif"]),
        ("t_.*.tif", ["t_1.tif", "t_10.tif", "t_2.tif"]),
        (
            "<DAPI,GFP>_z<1-2>.tif",
            ["DAPI_z1.tif", "GFP_z1.tif", "DAPI_z2.tif", "GFP_z2.tif"],
        ),
        ("one.tif", ["one.tif"]),
        ("a(1)<1-2>.tif", ["a(1)1.tif", "a(1)2.tif"]),
    ],
)
def test_the_pattern_is_opened_and_the_first_block_runs_fastest(
    line: str, images: list[str], tmp_path: Path
) -> None:
    made = only_set(write_pattern(tmp_path, line, images))
    assert paths(made, tmp_path) == ["x.pattern", *images]
    assert not made.problems
    assert not made.doubts


def test_files_that_it_does_not_name_are_no_part(tmp_path: Path) -> None:
    write_pattern(tmp_path, "t_<1-2>.tif", ["t_1.tif", "t_2.tif", "t_3.tif"])
    assert sets(tmp_path)["t_3.tif"] == ["t_3.tif"]


def test_one_missing_image_forbids_it(tmp_path: Path) -> None:
    made = only_set(write_pattern(tmp_path, "c_z<0-2>_c<0-1>.tif", PLANES[1:]))
    (problem,) = made.problems
    assert "'c_z0_c0.tif' is missing: 'x.pattern' names it" in problem.message
    assert len(made.files) == 6


def test_without_any_image_it_is_refused(tmp_path: Path) -> None:
    (problem,) = only_set(write_pattern(tmp_path, "c_<0-2>.tif", [])).problems
    assert "none of them is there" in problem.message


@pytest.mark.parametrize("front", ["/data/here/", "./", "C:\\data\\"])
def test_a_folder_before_the_names_is_reported(front: str, tmp_path: Path) -> None:
    made = only_set(write_pattern(tmp_path, f"{front}c_z<0-2>_c<0-1>.tif", PLANES))
    assert "with the folder" in made.problems[0].message
    whose = "and Bio-Formats (which reads for OMERO) would not find its images"
    assert whose in made.problems[0].message
    assert len(made.files) == 7


@pytest.mark.parametrize(
    "line",
    [
        "hello world",
        "c_z<0-2>_c0.tif\nc_z<0-2>_c1.tif",
        "c_z<2-0>_c<0-1>.tif",
        "c_z<0-1,2>_c<0-1>.tif",
        "c_z",
        "((a+)+)+$",
        "c_z<0-999999999>_c<0-99999999>.tif",
        "",
    ],
)
def test_what_bio_formats_does_not_read_is_no_pattern(line: str, tmp_path: Path) -> None:
    write_pattern(tmp_path, line, PLANES)
    (made,) = [one for one in group(scan([tmp_path])) if one.name == "x.pattern"]
    assert made.problems


def test_names_in_other_case_are_missing(tmp_path: Path) -> None:
    (problem,) = only_set(write_pattern(tmp_path, "T_<1-1>.tif", [])).problems
    assert "'T_1.tif'" in problem.message


def test_a_pattern_does_not_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x")
    run = tmp_path / "run"
    run.mkdir()
    (run / "x.pattern").write_text("<..,.>/secret.txt")
    assert all(file.path.parent == run for file in only_set(run).files)
