"""Yokogawa's plates; Bio-Formats 7.3.1 gave these files in this order (CV7000Reader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.plate_sets import make_yokogawa
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

IMAGES = [f"plate_A0{c}_T0001F001L01A0{ch}Z01C0{ch}.tif" for c in (1, 2) for ch in (1, 2)]
BEFORE = ["1_x.wpp", "MeasurementData.mlf", "MeasurementDetail.mrf", "SC_1.tif", "SC_2.tif"]


def test_all_files_of_the_folder_follow_the_plate(tmp_path: Path) -> None:
    make_yokogawa(tmp_path / "run")
    made = only_set(tmp_path / "run")
    assert paths(made, tmp_path / "run") == ["plate.wpi", *BEFORE, *IMAGES, "run.mes"]
    assert made.plate
    assert not made.problems
    assert not made.doubts


def test_notes_and_images_without_a_record_are_used_but_no_folders(tmp_path: Path) -> None:
    make_yokogawa(tmp_path / "run")
    (tmp_path / "run/Zed").write_text("x")
    touched_tiff(tmp_path / "run/sub/a.tif")
    made = sets(tmp_path / "run")
    assert made["plate.wpi"][:7] == ["plate.wpi", *BEFORE, "Zed"]
    assert made["a.tif"] == ["sub/a.tif"]


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_yokogawa(tmp_path)
    (tmp_path / IMAGES[0]).unlink()
    assert f"'{IMAGES[0]}' is missing" in only_set(tmp_path).doubts[0]


def test_a_plate_without_images_is_refused(tmp_path: Path) -> None:
    for name in make_yokogawa(tmp_path):
        (tmp_path / name).unlink()
    assert "none of them is there" in only_set(tmp_path).problems[0].message


@pytest.mark.parametrize("name", ["MeasurementData.mlf", "MeasurementDetail.mrf", "run.mes"])
def test_what_a_plate_cannot_be_opened_without_is_reported(tmp_path: Path, name: str) -> None:
    make_yokogawa(tmp_path)
    (tmp_path / name).unlink()
    made = only_set(tmp_path)
    assert len(made.files) == 10
    assert f"'plate.wpi' needs '{name}'" in made.problems[0].message


@pytest.mark.parametrize(
    "name", ["plate.wpi", "MeasurementData.mlf", "MeasurementDetail.mrf", "run.mes"]
)
@pytest.mark.parametrize("part", [0.0, 0.9])
def test_a_broken_file_of_the_plate_tears_nothing_apart(
    tmp_path: Path, name: str, part: float
) -> None:
    """It is the one that is told."""
    make_yokogawa(tmp_path)
    whole = (tmp_path / name).read_text()
    (tmp_path / name).write_text(whole[: int(part * len(whole))] or "hello")
    made = only_set(tmp_path)
    assert len(made.files) == 11
    assert made.problems[0].message.startswith(f"'{name}' ")


def test_a_lone_member_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(touched_tiff(tmp_path / IMAGES[0])).doubts
    assert "its .wpi file is missing" in doubt


def test_another_wpi_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.wpi").write_text("hello")
    assert not only_set(tmp_path).plate


CORRECTIONS = ["SC_BP525-50_20x v2_M01_CH02.tif", "DC_DCAM#1_CAM3.tif"]


def test_every_image_of_a_plate_without_its_file_is_reported(tmp_path: Path) -> None:
    """Shading and dark images too: they look like any loose image."""
    make_yokogawa(tmp_path)
    for name in ("plate.wpi", "SC_1.tif", "SC_2.tif"):
        (tmp_path / name).unlink()
    for name in CORRECTIONS:
        touched_tiff(tmp_path / name)
    made = {one.name: one.doubts for one in group(scan([tmp_path]))}
    for name in (*CORRECTIONS, *IMAGES):
        assert "part of a Yokogawa CV7000 set, and its .wpi file is missing" in made[name][0]


@pytest.mark.parametrize("name", [*CORRECTIONS, "SC_cells.tif", "DC_mouse_3.tif"])
def test_one_correction_alone_is_reported(tmp_path: Path, name: str) -> None:
    doubts = only_set(touched_tiff(tmp_path / name)).doubts
    assert len(doubts) == (name in CORRECTIONS)
