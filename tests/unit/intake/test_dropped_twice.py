"""The same thing dropped by several ways: it is there once, and a set keeps its folders."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from tests.support import plate_sets, vendor_sets
from tests.support.file_sets import touched_tiff
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan


def _dropped(*paths: Path) -> list[FilesetCandidate]:
    return group(scan(paths))


def _oif(folder: Path) -> Path:
    vendor_sets.write_oif(folder)
    for name in ("s_Thumb.bmp", "notes.txt"):
        (folder / "a.oif.files" / name).unlink()
    return folder


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_a_file_and_its_folder_and_that_one_s(order: tuple[int, ...], tmp_path: Path) -> None:
    folder = _oif(tmp_path / "day" / "run")
    ways = (tmp_path / "day", folder, folder / "a.oif")
    (made,) = _dropped(*(ways[at] for at in order))
    assert made.files[0].client_path == "day/run/a.oif"
    assert {f.client_path.partition("/")[0] for f in made.files} == {"day"}


def test_files_of_two_folders_keep_their_places(tmp_path: Path) -> None:
    folder = _oif(tmp_path)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for some in (files, files[::-1], files[:2]):
        (made,) = [one for one in _dropped(*some) if len(one.files) > 1]
        assert made.files[0].client_path == "a.oif"
        for file in made.files[1:]:
            assert file.client_path == f"a.oif.files/{file.name}"


def test_images_beside_the_folder_of_their_index(tmp_path: Path) -> None:
    vendor_sets.write_xlef(tmp_path)
    meta = tmp_path / "Metadata"
    (made,) = _dropped(
        tmp_path / "p.xlef", meta / "c.xlcf", meta / "i 1.xlif", tmp_path / "a.tif"
    )
    assert {file.client_path for file in made.files} == {
        "p.xlef", "Metadata/c.xlcf", "Metadata/i 1.xlif", "a.tif", "b.tif",
    }  # fmt: skip


@pytest.mark.parametrize("way", ["run/../run", "./run", "run/.", "link", "run/../run/a.oif"])
def test_a_second_way_to_a_folder_is_the_same(way: str, tmp_path: Path) -> None:
    folder = _oif(tmp_path / "run")
    (tmp_path / "link").symlink_to("run")
    for paths in ((folder, tmp_path / way), (tmp_path / way, folder)):
        assert [len(made.files) for made in _dropped(*paths)] == [10]


@pytest.mark.parametrize("inside", ["0", "0/0", ".zattrs", "0/.zarray"])
@pytest.mark.parametrize("first", [True, False])
def test_a_part_of_a_zarr_and_the_zarr(inside: str, first: bool, tmp_path: Path) -> None:
    zarr = tmp_path / "cells.zarr"
    for path in (".zattrs", "0/.zarray", "0/0/0"):
        (zarr / path).parent.mkdir(parents=True, exist_ok=True)
        (zarr / path).write_text("{}")
    ways = [zarr / inside, tmp_path] if first else [tmp_path, zarr / inside]
    (made,) = _dropped(*ways)
    assert made.name == "cells.zarr"
    assert len(made.files) == 3


def test_a_plate_whose_index_was_dropped_as_well(tmp_path: Path) -> None:
    plate_sets.make_operetta(tmp_path / "plate")
    index = tmp_path / "plate" / "Images" / "Index.idx.xml"
    (made,) = _dropped(index, tmp_path / "plate")
    assert {f.client_path.rpartition("/")[0] for f in made.files} == {"plate/Images"}


def test_two_folders_of_one_name_stay_two(tmp_path: Path) -> None:
    for above in ("a", "b"):
        touched_tiff(tmp_path / above / "run" / "x.tif")
    made = _dropped(tmp_path / "a" / "run", tmp_path / "b" / "run")
    assert sorted(one.name for one in made) == ["a/run/x.tif", "b/run/x.tif"]
