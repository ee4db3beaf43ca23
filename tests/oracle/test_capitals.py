"""Endings in capitals: what we call fine, Bio-Formats reads as the same set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support.file_sets import paths
from tests.support.indexed_sets import IMAGE_ENDINGS, INDEXED, in_capitals
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())
#: Of these Bio-Formats reads none that is made in code.
_NOT_MADE = ("Leica", "cellSens VSI", "Hamamatsu VMS", "BigDataViewer")


@pytest.mark.parametrize("what", ["index", "images"])
@pytest.mark.parametrize("name", INDEXED)
def test_what_is_fine_is_read(
    name: str, what: str, tmp_path: Path, bio_formats: BioFormats
) -> None:
    if INDEXED[name].family in _NOT_MADE:
        pytest.skip("Bio-Formats reads none that is made in code")
    INDEXED[name].make(tmp_path)
    index = tmp_path / INDEXED[name].index
    for path in [index] if what == "index" else [*tmp_path.rglob("*")]:
        if what == "index" or (path.suffix in IMAGE_ENDINGS and path != index):
            in_capitals(path)
    fine = {
        tuple(sorted(paths(made, tmp_path)))
        for made in group(scan([tmp_path]))
        if preflight(made, _SETTINGS).level is Severity.OK
    }
    assert fine <= {tuple(sorted(files)) for files in bio_formats.files(tmp_path)}
