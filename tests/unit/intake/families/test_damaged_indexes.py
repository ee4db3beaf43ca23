"""An index of any family that is damaged is told, and what belongs to it is never torn off
in silence.

That Bio-Formats reads what is not refused here is seen by ``-m oracle``
(tests/oracle/test_damaged_indexes.py).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.file_sets import paths, touched_tiff
from tests.support.indexed_sets import DAMAGES, INDEXED
from tests.support.vendor_sets import write_nd, write_oif, write_pattern, write_xlef
from transferapp.formats.omero import omero_formats
from transferapp.intake.families.table import FAMILIES
from transferapp.intake.grouping import group
from transferapp.intake.judging import is_other
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())
#: What holds their files together is their names, or what is in each of them.
_WITHOUT_INDEX = {
    "Opera FLEX": "names of nine digits",
    "Olympus OIF's preview": "one file",
    "3DHISTECH MRXS": "refused whatever it holds",
    "Zeiss CZI": "each part has its number",
    "NDTiff": "its index is not read",
    "DeltaVision": "logs by their names",
    "DICOMDIR": "its list is not read",
    "DICOM": "each file has its series",
}
#: Bio-Formats reads these indexes in UTF-16 (an OIF's is always), or looks at their front.
_STILL_READ = {
    ("oif", "utf-16"), ("xlef", "utf-16"), ("xlcf", "utf-16"), ("xlif", "utf-16"),
    ("vsi", "half zeros"), ("analyze", "half zeros"),
}  # fmt: skip


def test_every_family_with_an_index_is_here() -> None:
    names = {family.name for family in FAMILIES}
    assert {one.family for one in INDEXED.values()} == names - _WITHOUT_INDEX.keys()


def _judged(folder: Path) -> list[tuple[list[str], PreflightResult]]:
    found = [(made, preflight(made, _SETTINGS)) for made in group(scan([folder]))]
    return [(paths(made, folder), result) for made, result in found]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", INDEXED)
def test_nothing_of_its_set_is_fine(name: str, damage: str, tmp_path: Path) -> None:
    INDEXED[name].make(tmp_path)
    whole = {path for made in group(scan([tmp_path])) for path in paths(made, tmp_path)}
    assert len(whole) > 1
    INDEXED[name].damage(tmp_path, damage)
    if (name, damage) in _STILL_READ:
        return
    found = _judged(tmp_path)
    assert [files for files, result in found if result.level is Severity.OK] == []
    assert any(result.blocked for _, result in found)


@pytest.mark.parametrize("name", INDEXED)
def test_a_whole_one_is_fine(name: str, tmp_path: Path) -> None:
    """Else the test above could not fail."""
    INDEXED[name].make(tmp_path)
    if INDEXED[name].family == "Hamamatsu NDPIS":
        pytest.skip("the made NDPI files have no offsets of 64 bits, as real ones have")
    (one,) = [result for files, result in _judged(tmp_path) if INDEXED[name].index in files]
    assert (one.level, one.sentence) == (Severity.OK, "")


@pytest.mark.parametrize(("name", "damage"), sorted(_STILL_READ))
def test_what_is_still_read_stays_one_set(name: str, damage: str, tmp_path: Path) -> None:
    INDEXED[name].make(tmp_path)
    whole = [files for files, _ in _judged(tmp_path)]
    INDEXED[name].damage(tmp_path, damage)
    assert [files for files, _ in _judged(tmp_path)] == whole


@pytest.mark.parametrize("length", range(1, 19))
def test_a_pattern_may_be_cut_anywhere(length: int, tmp_path: Path) -> None:
    line = "c_z<0-1>_c<0-1>.tif"
    names = [f"c_z{z}_c{c}.tif" for z in (0, 1) for c in (0, 1)]
    write_pattern(tmp_path, line[:length], names)
    found = _judged(tmp_path)
    assert [files for files, result in found if result.level is Severity.OK] == []


def test_images_that_a_dead_index_may_name_are_doubted(tmp_path: Path) -> None:
    write_xlef(tmp_path / "project")
    (tmp_path / "project" / "p.xlef").write_bytes(b"")
    touched_tiff(tmp_path / "elsewhere" / "a.tif")
    found = {files[0]: result for files, result in _judged(tmp_path)}
    assert "'p.xlef' beside it" in found["project/a.tif"].sentence
    assert found["project/a.tif"].level is Severity.WARNING
    assert found["elsewhere/a.tif"].level is Severity.OK


def test_a_dead_index_takes_nothing_from_one_that_is_whole(tmp_path: Path) -> None:
    images = ["exp1_t1.TIF", "exp1_t2.TIF"]
    write_nd(tmp_path, images, times=2)
    (tmp_path / "EXP1.nd").write_bytes(bytes(100))
    if len(list(tmp_path.iterdir())) < 4:
        pytest.skip("The case of letters makes no difference here.")
    found = {tuple(files): result for files, result in _judged(tmp_path)}
    assert found["exp1_t1.TIF", "exp1.nd", "exp1_t2.TIF"].level is Severity.OK
    assert found[("EXP1.nd",)].blocked
    assert "'EXP1.nd' is damaged" in found[("EXP1.nd",)].sentence


def test_a_dead_pattern_takes_nothing_from_an_index(tmp_path: Path) -> None:
    write_nd(tmp_path, ["exp1_t1.TIF", "exp1_t2.TIF"], times=2)
    (tmp_path / "exp1.pattern").write_bytes(b"")
    found = {files[0]: result for files, result in _judged(tmp_path)}
    assert found["exp1_t1.TIF"].level is Severity.OK
    assert found["exp1.pattern"].blocked


def test_an_oif_without_its_last_section_is_doubted(tmp_path: Path) -> None:
    write_oif(tmp_path)
    index = tmp_path / "a.oif"
    text = index.read_bytes().decode("utf-16")
    index.write_bytes(text.partition("[Version Info]")[0].encode("utf-16"))
    (one,) = [result for files, result in _judged(tmp_path) if "a.oif" in files]
    assert one.level is Severity.WARNING
    assert "does not end as it should" in one.sentence


@pytest.mark.parametrize("name", ["metadata.txt", "a_metadata.txt"])
def test_a_text_of_a_person_takes_no_images(name: str, tmp_path: Path) -> None:
    INDEXED["micromanager"].make(tmp_path)
    (tmp_path / "metadata.txt").rename(tmp_path / "z_metadata.txt")
    (tmp_path / name).write_text("Staining by Anna, on Tuesday")
    found = [(made, preflight(made, _SETTINGS)) for made in group(scan([tmp_path]))]
    (whole,) = [made for made, result in found if not is_other(made, result)]
    assert len(whole.files) == 5
    assert not whole.problems
