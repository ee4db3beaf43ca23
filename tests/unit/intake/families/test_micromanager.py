"""Micro-Manager's sets; Bio-Formats 7.3.1 (MicromanagerReader) gave these in this order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths, sets, touched_tiff
from tests.support.vendor_sets import MM_IMAGES, write_micromanager, write_stack


@pytest.mark.parametrize("named", [True, False])
def test_the_first_by_name_is_opened_and_the_text_comes_second(
    named: bool, tmp_path: Path
) -> None:
    made = only_set(write_micromanager(tmp_path, named=named))
    assert paths(made, tmp_path) == [MM_IMAGES[0], "metadata.txt", *MM_IMAGES[1:]]
    assert not made.doubts


def test_a_text_with_a_longer_name_is_opened_itself(tmp_path: Path) -> None:
    made = only_set(write_micromanager(tmp_path, "run_metadata.txt"))
    assert paths(made, tmp_path) == ["run_metadata.txt", *MM_IMAGES]


def test_acquisition_xml_is_used_and_other_files_are_not(tmp_path: Path) -> None:
    write_micromanager(tmp_path)
    for name in ("Acqusition.xml", "comments.txt", "display_settings.json"):
        (tmp_path / name).write_text("{}")
    touched_tiff(tmp_path / "mask.tif")
    made = sets(tmp_path)
    assert made["metadata.txt"][:3] == [MM_IMAGES[0], "metadata.txt", "Acqusition.xml"]
    assert made["mask.tif"] == ["mask.tif"]
    assert len(made) == 4


def test_each_position_is_a_set(tmp_path: Path) -> None:
    for position in ("Pos0", "Pos1"):
        write_micromanager(tmp_path / position)
    assert [len(files) for files in sets(tmp_path).values()] == [5, 5]


def test_the_images_may_be_called_by_their_planes(tmp_path: Path) -> None:
    names = [f"img_channel00{c}_position000_time000000000_z000.tif" for c in (0, 1)]
    planes = ["Summary", *(f"Metadata-Default/{name}" for name in names)]
    text = {plane: {"Width": 4} for plane in planes}
    (tmp_path / "metadata.txt").write_text(json.dumps(text, indent=2))
    for name in names:
        touched_tiff(tmp_path / name)
    assert paths(only_set(tmp_path), tmp_path) == [names[0], "metadata.txt", names[1]]


def test_absent_images_are_reported(tmp_path: Path) -> None:
    write_micromanager(tmp_path)
    (tmp_path / MM_IMAGES[0]).unlink()
    made = only_set(tmp_path)
    assert paths(made, tmp_path)[:2] == [MM_IMAGES[1], "metadata.txt"]
    assert MM_IMAGES[0] in made.doubts[0]


def test_a_text_without_images_is_refused(tmp_path: Path) -> None:
    (problem,) = only_set(write_micromanager(tmp_path, images=False)).problems
    assert "none of them is there" in problem.message


@pytest.mark.parametrize(
    "name", [MM_IMAGES[0], "img_channel000_position000_time000000000_z000.tif"]
)
def test_a_lone_member_is_reported(name: str, tmp_path: Path) -> None:
    touched_tiff(tmp_path / name)
    (doubt,) = only_set(tmp_path).doubts
    assert "its metadata.txt is missing" in doubt


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.txt", "owner: me\n"),
        ("metadata.txt", '{"owner": "me"}'),
        ("metadata.txt", '{"Summary": "of my notes"}'),
        ("METADATA.TXT", '{"Summary": {}, "FileName": "a.tif"}'),
        ("mymetadata.txt", '{"Summary": {}, "FileName": "a.tif"}'),
    ],
)
def test_other_texts_of_that_name_are_none(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    touched_tiff(tmp_path / "a.tif")
    assert sorted(sets(tmp_path)) == sorted([name, "a.tif"])


@pytest.mark.parametrize(
    ("name", "right"),
    [("METADATA.TXT", "metadata.txt"), ("run_Metadata.txt", "run_metadata.txt")],
)
def test_a_text_in_capitals_is_reported_to_be_renamed(
    name: str, right: str, tmp_path: Path
) -> None:
    """Bio-Formats takes no such text, and each image for one by itself."""
    write_micromanager(tmp_path, name)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [name, *MM_IMAGES]
    assert f"'{name}' must be called '{right}', in these letters" in made.problems[0].message


def test_a_name_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    touched_tiff(tmp_path / "secret.tif")
    run = write_micromanager(tmp_path / "run")
    text = (run / "metadata.txt").read_text().replace(MM_IMAGES[1], "../secret.tif")
    (run / "metadata.txt").write_text(text)
    made = [files for files in sets(run).values() if "metadata.txt" in files]
    assert made == [[MM_IMAGES[0], "metadata.txt", MM_IMAGES[2], MM_IMAGES[3]]]


def test_the_text_of_a_stack_rides_along_when_it_names_it(tmp_path: Path) -> None:
    made = only_set(write_stack(tmp_path))
    stack = "run_MMStack_Pos0"
    assert paths(made, tmp_path) == [f"{stack}.ome.tif", f"{stack}_metadata.txt"]


def test_a_text_that_names_nothing_stays_where_it_is(tmp_path: Path) -> None:
    assert len(sets(write_stack(tmp_path, named=False))) == 2
