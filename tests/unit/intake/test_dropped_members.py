"""One image of a set is dropped without its index, which lies beside it on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import vendor_sets
from tests.support.file_sets import only_set, paths, touched_tiff
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

_PLANES = [f"c_z{z}.tif" for z in range(3)]


def test_the_set_is_taken_as_dropping_its_index_does(tmp_path: Path) -> None:
    vendor_sets.write_pattern(tmp_path, "c_z<0-2>.tif", _PLANES)
    made = only_set(tmp_path / _PLANES[1])
    assert paths(made, tmp_path) == ["x.pattern", *_PLANES]


@pytest.mark.parametrize("family", ["afi", "micromanager"])
def test_other_families(family: str, tmp_path: Path) -> None:
    if family == "afi":
        vendor_sets.write_afi(tmp_path)
        member = "x_DAPI.svs"
    else:
        vendor_sets.write_micromanager(tmp_path)
        member = vendor_sets.MM_IMAGES[1]
    assert paths(only_set(tmp_path / member), tmp_path) == paths(only_set(tmp_path), tmp_path)


def test_two_members_make_one_set(tmp_path: Path) -> None:
    vendor_sets.write_pattern(tmp_path, "c_z<0-2>.tif", _PLANES)
    (made,) = group(scan([tmp_path / name for name in _PLANES[:2]]))
    assert len(made.files) == 4


def test_an_image_that_the_index_does_not_name_stays_alone(tmp_path: Path) -> None:
    vendor_sets.write_pattern(tmp_path, "c_z<0-2>.tif", _PLANES)
    made = only_set(touched_tiff(tmp_path / "mask.tif"))
    assert paths(made, tmp_path) == ["mask.tif"]
    assert not made.doubts


def test_a_damaged_index_beside_it_is_named(tmp_path: Path) -> None:
    vendor_sets.write_micromanager(tmp_path)
    (tmp_path / "metadata.txt").write_bytes(b"")
    made = only_set(tmp_path / vendor_sets.MM_IMAGES[0])
    assert len(made.files) == 1
    (doubt,) = made.doubts
    assert "belongs to the set of 'metadata.txt' beside it" in doubt
    assert "is missing" not in doubt
