"""Endings in capitals, as old programs and some cameras write them.

Bio-Formats 7.3.1 takes most; where it does not, the set is refused with the name that it needs.
``-m oracle`` compares all (tests/oracle/test_capitals.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import paths
from tests.support.indexed_sets import IMAGE_ENDINGS, INDEXED, in_capitals
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())
_REFUSED = {
    "xlcf", "xlif", "columbus", "cellvoyager", "scanr", "big data viewer",
}  # fmt: skip
#: A file that the index names by its exact name is then another one.
_OTHERS = {
    "columbus, images", "yokogawa, records", "yokogawa, detail", "yokogawa, settings",
    "cellvoyager, ome", "micromanager", "micromanager, prefix", "ndpis", "ics", "analyze",
    "bd pathway",
}  # fmt: skip


def _of_index(name: str, folder: Path) -> tuple[list[str], PreflightResult]:
    index = Path(INDEXED[name].index)
    named = index.with_suffix(index.suffix.upper()).as_posix()
    judged = [(made, preflight(made, _SETTINGS)) for made in group(scan([folder]))]
    found = [(paths(one, folder), result) for one, result in judged]
    (own,) = [(files, result) for files, result in found if named in files]
    return own


@pytest.mark.parametrize("name", sorted(INDEXED.keys() - _OTHERS))
def test_an_index_in_capitals_is_read_or_reported(name: str, tmp_path: Path) -> None:
    INDEXED[name].make(tmp_path)
    in_capitals(tmp_path / INDEXED[name].index)
    files, result = _of_index(name, tmp_path)
    assert len(files) > 1
    if name in _REFUSED:
        assert result.blocked
        assert "Rename" in result.sentence
    else:
        assert (result.level, result.sentence) == (Severity.OK, "")


@pytest.mark.parametrize("name", ["xlef", "cellvoyager", "bd pathway"])
def test_images_in_capitals_are_reported_where_they_are_not_found(
    name: str, tmp_path: Path
) -> None:
    INDEXED[name].make(tmp_path)
    for path in [*tmp_path.rglob("*")]:
        if path.suffix in IMAGE_ENDINGS:
            in_capitals(path)
    judged = [preflight(made, _SETTINGS) for made in group(scan([tmp_path]))]
    assert [one for one in judged if one.level is Severity.OK] == []
    assert any("in capitals. Rename them" in one.sentence for one in judged)


def test_the_folder_of_an_oif_is_the_one_that_it_names(tmp_path: Path) -> None:
    INDEXED["oif"].make(tmp_path)
    (tmp_path / "a.oif").rename(tmp_path / "renamed.OIF")
    (made,) = [one for one in group(scan([tmp_path])) if one.name == "renamed.OIF"]
    assert len(made.files) == 10
    assert not made.problems
