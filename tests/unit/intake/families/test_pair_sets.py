"""Sets whose files belong together by a header or a name: grouped as Bio-Formats does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import paths
from tests.support.pair_sets import SETS
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

OMERO = PreflightSettings(still_writing_s=0, bio_formats=True)


@pytest.mark.parametrize("name", SETS)
def test_filesets_are_those_of_bio_formats(tmp_path: Path, name: str) -> None:
    recorded = SETS[name]
    recorded.make(tmp_path)
    found = [
        paths(made, tmp_path)
        for made in group(scan([tmp_path]))
        if not preflight(made, OMERO).blocked
    ]
    assert found == (recorded.theirs if recorded.ours is None else recorded.ours)


@pytest.mark.parametrize("name", SETS)
def test_the_embedded_repository_refuses_them(tmp_path: Path, name: str) -> None:
    SETS[name].make(tmp_path)
    verdicts = [
        preflight(m, PreflightSettings(still_writing_s=0)) for m in group(scan([tmp_path]))
    ]
    assert verdicts
    assert all(verdict.blocked for verdict in verdicts)
