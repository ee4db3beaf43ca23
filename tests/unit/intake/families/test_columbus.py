"""Columbus' plates; Bio-Formats 7.3.1 gave these files in this order (ColumbusReader)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import only_set, paths
from tests.support.plate_sets import make_columbus
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

#: Row, column, time point, channel, plane.
IMAGES = [
    f"00100{c}-1-00{t}00{p}00{ch}.tif"
    for c in (1, 2)
    for t in (1, 2)
    for ch in (1, 2)
    for p in (1, 2)
]
INDEXES = ["MeasurementIndex.ColumbusIDX.xml", "ImageIndex.ColumbusIDX.xml"]


def test_both_indexes_come_first(tmp_path: Path) -> None:
    make_columbus(tmp_path)
    made = only_set(tmp_path)
    assert paths(made, tmp_path) == [*INDEXES, *IMAGES]
    assert made.plate
    assert not made.doubts


def test_absent_images_are_reported(tmp_path: Path) -> None:
    make_columbus(tmp_path)
    (tmp_path / IMAGES[0]).unlink()
    assert f"'{IMAGES[0]}' is missing" in only_set(tmp_path).doubts[0]


@pytest.mark.parametrize("content", [None, "<EvaluationInputData><Images>"])
def test_without_the_list_of_images_the_folder_is_kept_together(
    tmp_path: Path, content: str | None
) -> None:
    make_columbus(tmp_path)
    listed = tmp_path / INDEXES[1]
    listed.unlink()
    if content:
        listed.write_text(content)
    # The broken list itself is no image; it stays beside the set.
    made = next(made for made in group(scan([tmp_path])) if made.plate)
    assert len(made.files) == 1 + len(IMAGES)
    assert made.problems
