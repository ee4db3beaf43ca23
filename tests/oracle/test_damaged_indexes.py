"""A set whose index is damaged, and that is not refused here: Bio-Formats reads it, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support.file_sets import paths
from tests.support.indexed_sets import DAMAGES, INDEXED
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())
#: Of these Bio-Formats reads none that is made in code.
_NOT_MADE = ("Leica", "cellSens VSI", "Hamamatsu VMS", "BigDataViewer")


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", INDEXED)
def test_what_is_not_refused_is_read(
    name: str, damage: str, tmp_path: Path, bio_formats: BioFormats
) -> None:
    if INDEXED[name].family in _NOT_MADE:
        pytest.skip("Bio-Formats reads none that is made in code")
    INDEXED[name].make(tmp_path)
    INDEXED[name].damage(tmp_path, damage)
    kept = {
        tuple(sorted(paths(made, tmp_path)))
        for made in group(scan([tmp_path]))
        if len(made.files) > 1 and not preflight(made, _SETTINGS).blocked
    }
    assert kept <= {tuple(sorted(files)) for files in bio_formats.files(tmp_path)}
