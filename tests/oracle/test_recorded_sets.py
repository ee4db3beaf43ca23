"""What is recorded of Bio-Formats beside sets made in code is what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support import arriving_sets, ome_orders, pair_sets

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

SETS = pair_sets.SETS | ome_orders.SETS


@pytest.mark.parametrize("name", SETS)
def test_files_are_those_recorded(tmp_path: Path, bio_formats: BioFormats, name: str) -> None:
    SETS[name].make(tmp_path)
    assert bio_formats.files(tmp_path) == SETS[name].theirs


@pytest.mark.parametrize("name", arriving_sets.SETS)
def test_files_that_are_sent_to_omero_are_those_used(
    tmp_path: Path, bio_formats: BioFormats, name: str
) -> None:
    make, files = arriving_sets.SETS[name]
    make(tmp_path)
    assert files in bio_formats.files(tmp_path)
