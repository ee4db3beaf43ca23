"""Sets of files as Bio-Formats makes them: our grouping gives the same files in its order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.bio_formats import BioFormats
from tests.support import vendor_sets as made
from tests.support.file_sets import paths, touched_tiff
from transferapp.intake.grouping import group
from transferapp.intake.scanning import scan

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

_PLANES = [f"c_z{z}_c{c}.tif" for z in range(3) for c in range(2)]
_ND = [f"e_w{w}_s{s}_t{t}.TIF" for w in ("1a", "2b-c") for s in (1, 2) for t in (1, 2)]


def _pattern(line: str) -> Callable[[Path], object]:
    return lambda folder: made.write_pattern(folder, line, _PLANES)


def _nd(folder: Path) -> None:
    waves, stages = ("a", "b_c"), ("left", "right")
    made.write_nd(folder, _ND, times=2, stages=stages, waves=waves, name="e.nd")


def _nd_plate(folder: Path) -> None:
    images = [f"e_s{s}_t{t}.stk" for s in (1, 2) for t in (1, 2)]
    made.write_nd(folder, images[1:], times=2, stages=("A01", "Well B2"), name="e.nd")


def _nd_ten(folder: Path) -> None:
    images = [f"e_t{number}.tif" for number in range(2, 12)]
    made.write_nd(folder, images, times=11, name="e.nd")


def _with_options(folder: Path) -> None:
    touched_tiff(folder / "a.tif")
    (folder / "a.tif.bfoptions").write_text("a.b=c\n")


def _czi_parts(folder: Path) -> None:
    for part, name in enumerate(("x.czi", "x (1).czi", "x (2).czi")):
        made.write_czi_part(folder / name, part, part)


SETS: dict[str, Callable[[Path], object]] = {
    "pattern": _pattern("c_z<0-2>_c<0-1>.tif\r\n"),
    "pattern-step": _pattern("c_z<0-2:2>_c<0,1>.tif"),
    "pattern-expression": _pattern(r"c_z\d_c.*\.tif"),
    "metamorph": _nd,
    "metamorph-plate": _nd_plate,
    "metamorph-ten": _nd_ten,
    "micromanager": made.write_micromanager,
    "micromanager-prefix": lambda folder: made.write_micromanager(folder, "a_metadata.txt"),
    "micromanager-nameless": lambda folder: made.write_micromanager(folder, named=False),
    "oif": made.write_oif,
    "xlef": made.write_xlef,
    "afi": made.write_afi,
    "ndpis": made.write_ndpis,
    "czi-parts": _czi_parts,
    "bfoptions": _with_options,
}


@pytest.mark.parametrize("name", SETS)
def test_the_same_files_in_the_same_order(
    name: str, tmp_path: Path, bio_formats: BioFormats
) -> None:
    SETS[name](tmp_path)
    theirs = {
        tuple(one["used"]): one["plate"]
        for one in bio_formats.ask_in_full(tmp_path)["filesets"]
    }
    ours = {tuple(paths(one, tmp_path)): one.plate for one in group(scan([tmp_path]))}
    assert theirs
    assert theirs.items() <= ours.items()
