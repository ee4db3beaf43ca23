"""The files of OME-TIFF sets come in Bio-Formats' order, the one to open first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import paths
from tests.support.ome_orders import SETS
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan


@pytest.mark.parametrize("name", SETS)
def test_order_is_that_of_bio_formats(tmp_path: Path, name: str) -> None:
    SETS[name].make(tmp_path)
    made = group(scan([tmp_path]))
    assert [paths(one, tmp_path) for one in made] == SETS[name].theirs
    assert not [one for one in made if one.problems]
