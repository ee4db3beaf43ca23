"""Olympus' sets; Bio-Formats 7.3.1 gave these files (FV1000Reader, CellSensReader)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.file_sets import only_set, sets, touched_tiff
from tests.support.vendor_sets import write_oif, write_vsi

FOLDER = "a.oif.files"
#: The axis that comes first in names runs fastest.
IMAGES = [f"{FOLDER}/s_C00{c}Z00{z}.tif" for z in (1, 2) for c in (1, 2)]
SIDES = {f"{FOLDER}/s_LUT1.lut", *(name.replace(".tif", ".pty") for name in IMAGES)}


def test_an_oif_its_side_files_and_its_images(tmp_path: Path) -> None:
    made = sets(write_oif(tmp_path))["a.oif"]
    assert made[0] == "a.oif"
    assert set(made[1:6]) == SIDES
    assert made[6:] == IMAGES


def test_side_files_come_as_the_file_system_lists_them(tmp_path: Path) -> None:
    write_oif(tmp_path)
    with os.scandir(tmp_path / FOLDER) as listing:
        here = [f"{FOLDER}/{entry.name}" for entry in listing]
    assert sets(tmp_path)["a.oif"][1:6] == [name for name in here if name in SIDES]


def test_the_preview_picture_is_an_image_of_its_own_and_told(tmp_path: Path) -> None:
    write_oif(tmp_path)
    (doubt,) = only_set(tmp_path / FOLDER / "s_Thumb.bmp").doubts
    assert "only the small preview picture of 'a.oif'" in doubt
    assert sets(tmp_path)["s_Thumb.bmp"] == [f"{FOLDER}/s_Thumb.bmp"]
    assert sets(tmp_path)["notes.txt"] == [f"{FOLDER}/notes.txt"]


def test_dropping_the_oif_alone_takes_its_folder(tmp_path: Path) -> None:
    write_oif(tmp_path)
    assert len(only_set(tmp_path / "a.oif").files) == 10


def test_side_files_may_be_absent_and_images_may_not(tmp_path: Path) -> None:
    write_oif(tmp_path)
    (tmp_path / FOLDER / "s_C001Z001.pty").unlink()
    assert not only_set(tmp_path / "a.oif").problems
    (tmp_path / IMAGES[0]).unlink()
    (problem,) = only_set(tmp_path / "a.oif").problems
    assert "'s_C001Z001.tif' is missing" in problem.message


def test_an_oif_whose_folder_is_called_otherwise_is_refused(tmp_path: Path) -> None:
    write_oif(tmp_path)
    (tmp_path / FOLDER).rename(tmp_path / "other")
    (problem,) = only_set(tmp_path / "a.oif").problems
    assert f"'{FOLDER}/s_C001Z001.tif'" in problem.message


@pytest.mark.parametrize("name", ["s_C001.tif", "x.oif.files/s_C001Z002T003.tif"])
def test_a_lone_image_of_an_oif_is_told(name: str, tmp_path: Path) -> None:
    touched_tiff(tmp_path / name)
    (doubt,) = only_set(tmp_path).doubts
    assert "its .oif file is missing" in doubt


def test_another_oif_is_told_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.oif").write_text("hello")
    (problem,) = only_set(tmp_path).problems
    assert "is damaged" in problem.message


def test_a_vsi_and_the_folders_of_its_folder(tmp_path: Path) -> None:
    write_vsi(tmp_path)
    (tmp_path / "_a_" / "stack1" / "blob.bin").write_text("x")
    (tmp_path / "_a_" / "notes.txt").write_text("x")
    made = sets(tmp_path)
    assert made["a.vsi"] == [
        "a.vsi",
        "_a_/stack1/blob.bin",
        "_a_/stack1/frame_t.ets",
        "_a_/stack10000/frame_t.ets",
        "_a_/stack2/frame_t.ets",
    ]
    assert made["notes.txt"] == ["_a_/notes.txt"]


def test_a_vsi_without_its_folder_is_told(tmp_path: Path) -> None:
    (doubt,) = only_set(write_vsi(tmp_path, stacks=())).doubts
    assert "only the label and the overview" in doubt


def test_a_lone_ets_is_told(tmp_path: Path) -> None:
    write_vsi(tmp_path, stacks=("stack1",))
    (tmp_path / "a.vsi").unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert "its .vsi file is missing" in doubt
