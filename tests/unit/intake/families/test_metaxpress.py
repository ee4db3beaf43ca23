"""MetaXpress' plates, in the order of Bio-Formats 7.3.1 (MetaxpressTiffReader)."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_metaxpress

GUID = "1A2B3C4D-1234-1234-1234-1234567890AB"
PARTS = [f"{well}_s{s}_w{w}" for well in ("A01", "B02") for s in (1, 2) for w in (1, 2)]
IMAGES = [f"plate_{part}.TIF" for part in PARTS]
THUMBS = [f"plate_{part}_thumb.TIF" for part in PARTS]


def test_thumbnails_come_last(tmp_path: Path) -> None:
    make_metaxpress(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == ["plate.htd", *IMAGES, *THUMBS]
    assert made.plate
    assert not made.doubts


def test_time_points_lie_in_folders_and_go_with_their_well(tmp_path: Path) -> None:
    make_metaxpress(tmp_path, times=2)
    assert paths(only_set(tmp_path), tmp_path) == [
        "plate.htd",
        *(f"TimePoint_{t}/{name}" for t in (1, 2) for name in IMAGES[:4]),
        *(f"TimePoint_{t}/{name}" for t in (1, 2) for name in IMAGES[4:]),
    ]


def test_a_guid_may_follow_the_wavelength(tmp_path: Path) -> None:
    for name in make_metaxpress(tmp_path):
        (tmp_path / name).rename(tmp_path / name.replace(".TIF", f"{GUID}.tif"))
    names = paths(only_set(tmp_path), tmp_path)
    assert names[1:9] == [name.replace(".TIF", f"{GUID}.tif") for name in IMAGES]


def test_images_that_the_plate_does_not_have_are_left_out(tmp_path: Path) -> None:
    make_metaxpress(tmp_path / "run")
    others = ("H12_s1_w1", "A01_s3_w1", "A01_s1_w3", "A01")
    for part in others:
        touched_tiff(tmp_path / "run" / f"plate_{part}.TIF")
    made = sets(tmp_path / "run")
    assert made["plate.htd"] == ["plate.htd", *IMAGES, *THUMBS]
    assert len(made) == 1 + len(others)


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_metaxpress(tmp_path, times=2)
    (tmp_path / "TimePoint_2" / IMAGES[0]).unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert doubt.startswith(f"'TimePoint_2/{IMAGES[0]}' is missing")


def test_a_plate_without_images_is_refused(tmp_path: Path) -> None:
    make_metaxpress(tmp_path)
    for name in (*IMAGES, *THUMBS):
        (tmp_path / name).unlink()
    assert "none of them is there" in only_set(tmp_path).problems[0].message


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / IMAGES[0])).doubts
    assert "its .HTD file is missing" in doubt


def test_another_htd_file_is_reported_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "notes.htd").write_text("hello")
    (problem,) = only_set(tmp_path).problems
    assert "is damaged" in problem.message
