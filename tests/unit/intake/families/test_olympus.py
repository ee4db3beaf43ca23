"""Olympus' sets; Bio-Formats 7.3.1 gave these files (FV1000Reader, CellSensReader)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.file_sets import only_set, sets, touched_tiff
from tests.support.vendor_sets import write_oif, write_vsi
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.intake.grouping import group
from transferapp.intake.judging import apart, judge
from transferapp.intake.preflight import PreflightSettings
from transferapp.intake.scanning import scan

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


@pytest.mark.parametrize("target", [omero_formats(), embedded_formats()])
def test_the_preview_picture_is_no_image(tmp_path: Path, target: RepositoryFormats) -> None:
    """Also where the embedded repository, which reads no BMP, gets the set."""
    write_oif(tmp_path)
    settings = PreflightSettings(still_writing_s=0, target=target)
    found = apart(one for some in judge(scan([tmp_path]), settings) for one in some)
    assert [(made.name, result.level) for made, result in found.filesets] == [("a.oif", "ok")]
    stated = {made.name: result.sentence for made, result in found.others}
    assert stated.keys() == {"s_Thumb.bmp", "notes.txt"}
    assert "only the small preview picture of 'a.oif'" in stated["s_Thumb.bmp"]


def test_a_preview_picture_is_reported_by_the_settings_beside_it(tmp_path: Path) -> None:
    for folder, names in {"moved": ["s_Thumb.pty"], "mine": []}.items():
        for name in ("s_Thumb.bmp", *names):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(b"BM")
    made = {one.files[0].client_path: one.no_image for one in group(scan([tmp_path]))}
    root = tmp_path.name
    assert "preview picture of an Olympus OIF" in made[f"{root}/moved/s_Thumb.bmp"]
    assert made[f"{root}/mine/s_Thumb.bmp"] == ""


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
def test_a_lone_image_of_an_oif_is_reported(name: str, tmp_path: Path) -> None:
    touched_tiff(tmp_path / name)
    (doubt,) = only_set(tmp_path).doubts
    assert "its .oif file is missing" in doubt


def test_another_oif_is_reported_as_damaged(tmp_path: Path) -> None:
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


def test_a_vsi_without_its_folder_is_reported(tmp_path: Path) -> None:
    (doubt,) = only_set(write_vsi(tmp_path, stacks=())).doubts
    assert "only the label and the overview" in doubt


def test_a_lone_ets_is_reported(tmp_path: Path) -> None:
    write_vsi(tmp_path, stacks=("stack1",))
    (tmp_path / "a.vsi").unlink()
    (doubt,) = only_set(tmp_path).doubts
    assert "its .vsi file is missing" in doubt
