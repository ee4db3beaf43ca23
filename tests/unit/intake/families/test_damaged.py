"""An index that is damaged is told, and what belongs to it is not torn off in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import plate_sets, vendor_sets
from tests.support.file_sets import paths
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import Level, PreflightSettings, preflight
from transferapp.intake.scanning import scan

_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())


def _pattern(folder: Path) -> object:
    vendor_sets.write_pattern(folder, "x_z<0-2>.tif", ["x_z0.tif", "x_z1.tif", "x_z2.tif"])
    return None


def _nd(folder: Path) -> object:
    names = [f"exp1_w{w}_s{s}_t{t}.TIF" for w in ("1a", "2b") for s in (1, 2) for t in (1, 2)]
    return vendor_sets.write_nd(folder, names, times=2, stages=("l", "r"), waves=("a", "b"))


#: How it is made, and its index.
INDEXES: dict[str, tuple[Callable[[Path], object], str]] = {
    "pattern": (_pattern, "x.pattern"),
    "afi": (vendor_sets.write_afi, "x.afi"),
    "metamorph": (_nd, "exp1.nd"),
    "micromanager": (vendor_sets.write_micromanager, "metadata.txt"),
    "oif": (vendor_sets.write_oif, "a.oif"),
    "vms": (vendor_sets.write_vms, "a.vms"),
    "columbus": (plate_sets.make_columbus, "MeasurementIndex.ColumbusIDX.xml"),
    "metaxpress": (plate_sets.make_metaxpress, "plate.htd"),
}


def _damage(content: bytes, how: str) -> bytes:
    cut = content[: len(content) // 2]
    return {"cut": cut, "empty": b"", "binary": bytes(range(128, 256)) * 20}[how]


@pytest.mark.parametrize("how", ["cut", "empty", "binary"])
@pytest.mark.parametrize("name", INDEXES)
def test_no_image_of_it_is_fine_by_itself(name: str, how: str, tmp_path: Path) -> None:
    make, index = INDEXES[name]
    make(tmp_path)
    path = tmp_path / index
    whole = [
        p
        for one in group(scan([tmp_path]))
        if not one.problems and len(one.files) > 1
        for p in paths(one, tmp_path)
    ]
    path.write_bytes(_damage(path.read_bytes(), how))
    fine = []
    for made in group(scan([tmp_path])):
        verdict = preflight(made, _SETTINGS)
        if index in paths(made, tmp_path) and (name, how) != ("oif", "cut"):
            assert verdict.level is Level.BLOCKED
            assert f"'{index}' is damaged" in verdict.sentence or name == "columbus"
        if verdict.level is Level.OK and len(made.files) == 1:
            fine += paths(made, tmp_path)
    assert len(whole) > 2
    assert not set(fine) & set(whole)


@pytest.mark.parametrize("how", ["cut", "empty", "binary"])
def test_a_leica_project_is_told_as_damaged(how: str, tmp_path: Path) -> None:
    vendor_sets.write_xlef(tmp_path)
    (index,) = tmp_path.glob("*.xlef")
    index.write_bytes(_damage(index.read_bytes(), how))
    (made,) = [one for one in group(scan([tmp_path])) if one.name == index.name]
    verdict = preflight(made, _SETTINGS)
    assert verdict.level is Level.BLOCKED
    assert "is damaged" in verdict.sentence
    assert "Leica XLEF" in verdict.sentence


def test_a_text_that_does_not_end_but_names_all_is_only_doubted(tmp_path: Path) -> None:
    vendor_sets.write_micromanager(tmp_path)
    path = tmp_path / "metadata.txt"
    path.write_text(path.read_text().rstrip().removesuffix("}"))
    (made,) = group(scan([tmp_path]))
    assert len(made.files) == 5
    assert not made.problems
    assert "does not end" in made.doubts[0]


def test_a_columbus_image_without_an_index_is_told(tmp_path: Path) -> None:
    plate_sets.make_columbus(tmp_path)
    for path in tmp_path.glob("*.xml"):
        path.unlink()
    for made in group(scan([tmp_path])):
        assert "a Columbus set" in made.doubts[0]


@pytest.mark.parametrize("end", [".pattern", ".afi"])
def test_a_second_index_of_the_same_images_is_told(end: str, tmp_path: Path) -> None:
    if end == ".pattern":
        _pattern(tmp_path)
    else:
        vendor_sets.write_afi(tmp_path)
    second = tmp_path / f"y{end}"
    second.write_bytes((tmp_path / f"x{end}").read_bytes())
    (made,) = [one for one in group(scan([tmp_path])) if one.name == second.name]
    verdict = preflight(made, _SETTINGS)
    assert verdict.level is Level.WARNING
    assert "are in another set" in verdict.sentence
    assert "does not know" not in verdict.sentence
