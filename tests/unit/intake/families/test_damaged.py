"""Indexes that lack their end, images without an index, and a second index of the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import plate_sets, vendor_sets
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())


def _pattern(folder: Path) -> object:
    vendor_sets.write_pattern(folder, "x_z<0-2>.tif", ["x_z0.tif", "x_z1.tif", "x_z2.tif"])
    return None


def test_a_text_that_does_not_end_but_names_all_is_only_doubted(tmp_path: Path) -> None:
    vendor_sets.write_micromanager(tmp_path)
    path = tmp_path / "metadata.txt"
    path.write_text(path.read_text().rstrip().removesuffix("}"))
    (made,) = group(scan([tmp_path]))
    assert len(made.files) == 5
    assert not made.problems
    assert "does not end" in made.doubts[0]


def test_a_columbus_image_without_an_index_is_reported(tmp_path: Path) -> None:
    plate_sets.make_columbus(tmp_path)
    for path in tmp_path.glob("*.xml"):
        path.unlink()
    for made in group(scan([tmp_path])):
        assert "a Columbus set" in made.doubts[0]


@pytest.mark.parametrize("end", [".pattern", ".afi"])
def test_a_second_index_of_the_same_images_is_reported(end: str, tmp_path: Path) -> None:
    if end == ".pattern":
        _pattern(tmp_path)
    else:
        vendor_sets.write_afi(tmp_path)
    second = tmp_path / f"y{end}"
    second.write_bytes((tmp_path / f"x{end}").read_bytes())
    (made,) = [one for one in group(scan([tmp_path])) if one.name == second.name]
    result = preflight(made, _SETTINGS)
    assert result.level is Severity.WARNING
    assert "are in another set" in result.sentence
    assert "does not know" not in result.sentence
