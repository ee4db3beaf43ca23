"""MetaMorph's sets; Bio-Formats 7.3.1 gave these files in this order (MetamorphReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.vendor_sets import write_nd
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

WAVES, STAGES = ("491", "561"), ("left", "right")
IMAGES = [f"exp1_w{w}_s{s}_t{t}.TIF" for s in (1, 2) for t in (1, 2) for w in (1491, 2561)]


def dataset(folder: Path, images: list[str] = IMAGES, stages: tuple[str, ...] = STAGES) -> Path:
    return write_nd(folder / "run", images, times=2, stages=stages, waves=WAVES)


def test_the_first_image_is_opened_and_the_index_comes_second(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    made = only_set(run)
    assert made.name == "exp1.nd"
    assert paths(made, run) == [IMAGES[0], "exp1.nd", *IMAGES[1:]]
    assert not made.problems
    assert not made.doubts
    assert not made.plate


def test_the_first_by_text_is_opened(tmp_path: Path) -> None:
    images = [f"exp1_t{number}.TIF" for number in range(2, 13)]
    made = only_set(write_nd(tmp_path, images, times=12))
    others = [name for name in images if name != "exp1_t10.TIF"]
    assert paths(made, tmp_path) == ["exp1_t10.TIF", "exp1.nd", *others]


@pytest.mark.parametrize("suffix", [".tif", ".TIF", ".stk", ".STK"])
def test_axes_that_were_not_recorded_are_not_in_names(suffix: str, tmp_path: Path) -> None:
    images = [f"exp1_w{w}{suffix}" for w in ("1491", "2561")]
    made = only_set(write_nd(tmp_path, images, waves=WAVES))
    assert paths(made, tmp_path) == [images[0], "exp1.nd", images[1]]


def test_names_of_wavelengths_may_be_left_out(tmp_path: Path) -> None:
    images = [f"exp1_w{w}_t{t}.TIF" for t in (1, 2) for w in (1, 2)]
    made = only_set(write_nd(tmp_path, images, times=2, waves=WAVES, waves_in_names=False))
    assert paths(made, tmp_path) == [images[0], "exp1.nd", *images[1:]]
    assert not made.doubts


@pytest.mark.parametrize(
    ("wave", "in_name"), [("a/b", "a-b"), ("a_b", "a-b"), ("a(b)", "a-b-"), ("a b+c", "a b+c")]
)
def test_some_letters_are_dashes_in_names(wave: str, in_name: str, tmp_path: Path) -> None:
    made = only_set(write_nd(tmp_path, [f"exp1_w1{in_name}.TIF"], waves=[wave]))
    assert len(made.files) == 2
    assert not made.problems


def test_an_index_in_capitals(tmp_path: Path) -> None:
    made = only_set(write_nd(tmp_path, ["exp1_t1.TIF"], times=1, name="exp1.ND"))
    assert paths(made, tmp_path) == ["exp1_t1.TIF", "exp1.ND"]


@pytest.mark.parametrize(
    ("stages", "plate"),
    [
        (("A1", "A2"), True),
        (("Well B02", "b3"), True),
        (("A1_s1", "A2_s1"), True),
        (("A1", "A1"), False),
        (("A1", "left"), False),
        (("AA1", "AA2"), False),
        (("A1 Site 1", "A2 Site 1"), False),
        (("Position1", "Position2"), False),
    ],
)
def test_stages_called_like_wells_make_a_plate(
    stages: tuple[str, ...], plate: bool, tmp_path: Path
) -> None:
    assert only_set(dataset(tmp_path, stages=stages)).plate is plate


@pytest.mark.parametrize("name", [IMAGES[0], "exp2_w1491_s1_t1.stk", "exp2_w1491.stk"])
def test_a_lone_member_is_reported(name: str, tmp_path: Path) -> None:
    touched_tiff(tmp_path / name)
    (doubt,) = group(scan([tmp_path / name]))[0].doubts
    assert "its .nd file is missing" in doubt


def test_dropping_the_index_alone_takes_the_whole_set(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    assert len(only_set(run / "exp1.nd").files) == 9


def test_images_beyond_the_index_are_no_part(tmp_path: Path) -> None:
    write_nd(tmp_path, [f"exp1_t{t}.TIF" for t in (1, 2, 3)], times=2)
    assert sets(tmp_path)["exp1_t3.TIF"] == ["exp1_t3.TIF"]


def test_absent_images_are_reported(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    (run / IMAGES[3]).unlink()
    (doubt,) = only_set(run).doubts
    assert doubt.startswith("'exp1_w2561_s1_t2' is missing, though 'exp1.nd' names it.")


def test_an_index_without_images_is_refused(tmp_path: Path) -> None:
    (problem,) = only_set(dataset(tmp_path, [])).problems
    assert "none of them is there" in problem.message


@pytest.mark.parametrize(
    "images",
    [["EXP1_t1.TIF", "EXP1_t2.TIF"], ["exp1_t01.TIF", "exp1_t02.TIF"], ["exp1_t1.tiff"]],
)
def test_renamed_images_stay_together_and_are_refused(
    images: list[str], tmp_path: Path
) -> None:
    made = only_set(write_nd(tmp_path, images, times=2))
    assert "means names such as 'exp1_t1.tif'" in made.problems[0].message
    whose = "and Bio-Formats (which reads for OMERO) would not find its images"
    assert whose in made.problems[0].message
    assert len(made.files) == 1 + len(images)


def test_damaged_numbers_take_no_time(tmp_path: Path) -> None:
    write_nd(tmp_path, [], times=999_999_999)
    assert only_set(tmp_path).problems


def test_another_nd_file_is_reported_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "notes.nd").write_text("hello")
    (problem,) = only_set(tmp_path).problems
    assert "is damaged" in problem.message


def test_only_bio_formats_reads_the_set(tmp_path: Path) -> None:
    """The embedded repository would show its first image alone."""
    made = only_set(dataset(tmp_path))
    omero = PreflightSettings(still_writing_s=0, target=omero_formats())
    assert preflight(made, omero).level is Severity.OK
    reported = preflight(made, PreflightSettings(still_writing_s=0))
    assert reported.sentence.startswith("The embedded repository does not read MetaMorph")
