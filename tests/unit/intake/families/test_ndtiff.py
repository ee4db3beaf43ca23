"""NDTiff: Bio-Formats 7.3.1 took each TIFF for a plain one, and no other file."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, sets, touched_tiff

STACKS = ["run_NDTiffStack.tif", "run_NDTiffStack_1.tif"]


def test_each_stack_stands_by_itself_and_what_is_lost_is_reported(tmp_path: Path) -> None:
    for name in STACKS:
        touched_tiff(tmp_path / name)
    (tmp_path / "NDTiff.index").write_bytes(b"x")
    made = sets(tmp_path)
    assert [made[name] for name in STACKS] == [[name] for name in STACKS]
    (doubt,) = only_set(tmp_path / STACKS[1]).doubts
    assert "in OMERO all planes become time points, in the embedded repository slices" in doubt


def test_without_an_index_it_is_a_plain_tiff(tmp_path: Path) -> None:
    touched_tiff(tmp_path / STACKS[0])
    assert not only_set(tmp_path).doubts
