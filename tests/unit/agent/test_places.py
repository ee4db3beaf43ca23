"""Where an export's files go."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.agent.downloading import must_be_writable, place_files
from transferapp.errors import DestinationUnwritable, NameNotAllowed


def test_one_file_goes_right_there(tmp_path: Path) -> None:
    assert place_files(tmp_path, "x", ["lab/day/a.ome.tif"]) == [tmp_path / "a.ome.tif"]


def test_several_files_stay_together_and_meet_nothing_old(tmp_path: Path) -> None:
    paths = ["lab/e.zarr/zarr.json", "lab/e.zarr/0/c/0"]
    assert place_files(tmp_path, "x", paths) == [
        tmp_path / "e.zarr" / "zarr.json",
        tmp_path / "e.zarr" / "0" / "c" / "0",
    ]
    (tmp_path / "e.zarr").mkdir()
    assert place_files(tmp_path, "x", paths)[0] == tmp_path / "e (2).zarr" / "zarr.json"
    assert place_files(tmp_path, "a/b", ["a.tif", "b.tif"])[1] == tmp_path / "a_b" / "b.tif"


@pytest.mark.parametrize(
    "paths", [["../evil.tif", "x.tif"], ["a/..", "a/b"], ["a/../../b", "a/c"], [".."]]
)
def test_no_path_leads_outside(tmp_path: Path, paths: list[str]) -> None:
    with pytest.raises(NameNotAllowed):
        place_files(tmp_path, "x", paths)


def test_writable_or_not(tmp_path: Path) -> None:
    must_be_writable(tmp_path / "made" / "on demand")
    assert list((tmp_path / "made" / "on demand").iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DestinationUnwritable):
        must_be_writable(tmp_path / "file")
