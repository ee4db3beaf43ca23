"""Plates that are made in code: our sets and those of Bio-Formats, file for file, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support.file_sets import paths
from tests.support.plate_sets import PLATE_SETS
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]


@pytest.mark.parametrize("make", PLATE_SETS.values(), ids=PLATE_SETS)
def test_files_and_their_order_are_the_same(
    tmp_path: Path, bio_formats: BioFormats, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "run")
    theirs = bio_formats.ask(tmp_path / "run").sets
    ours = group(scan([tmp_path / "run"]))
    assert [(one.plate, paths(one, tmp_path / "run")) for one in ours] == [
        (one.plate, list(one.used)) for one in theirs
    ]
