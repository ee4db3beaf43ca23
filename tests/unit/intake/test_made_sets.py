"""No whole set of any family is refused for OMERO."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import pair_sets, plate_sets, vendor_sets
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.judging import is_other
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

_PLANES = [f"c_z{z}_c{c}.tif" for z in (0, 1) for c in (0, 1)]
#: Sets that lack a file, or whose pixels are called otherwise than the header says.
_NOT_WHOLE = ("ics-2-beside-ids", "ics-alone", "ics-other-case")
_SETTINGS = PreflightSettings(still_writing_s=0.0, target=omero_formats())


def _parts(folder: Path) -> None:
    for part, name in enumerate(("x.czi", "x (1).czi")):
        vendor_sets.write_czi_part(folder / name, part, part)


MADE: dict[str, Callable[[Path], object]] = {
    "pattern": lambda top: vendor_sets.write_pattern(top, "c_z<0-1>_c<0-1>.tif", _PLANES),
    "metamorph": lambda top: vendor_sets.write_nd(
        top, ["exp1_w1a.tif", "exp1_w2b.tif"], waves=("a", "b")
    ),
    "micromanager": vendor_sets.write_micromanager,
    "micromanager-stack": vendor_sets.write_stack,
    "oif": vendor_sets.write_oif,
    "vsi": vendor_sets.write_vsi,
    "xlef": vendor_sets.write_xlef,
    # Not NDPIS: the made NDPI files have no offsets of 64 bits, as real ones have.
    "afi": vendor_sets.write_afi,
    "vms": vendor_sets.write_vms,
    "czi-parts": _parts,
    "operetta": plate_sets.make_operetta,
    "columbus": plate_sets.make_columbus,
    "yokogawa": plate_sets.make_yokogawa,
    "incell": plate_sets.make_incell,
    "metaxpress": plate_sets.make_metaxpress,
    "metaxpress-times": lambda top: plate_sets.make_metaxpress(top, 2),
    "scanr": plate_sets.make_scanr,
    "cellvoyager": plate_sets.make_cellvoyager,
    "bd-pathway": plate_sets.make_bd_pathway,
    "flex": plate_sets.make_flex,
    **{name: made.make for name, made in pair_sets.SETS.items() if name not in _NOT_WHOLE},
}


@pytest.mark.parametrize("name", MADE)
def test_a_whole_set_is_not_refused(name: str, tmp_path: Path) -> None:
    MADE[name](tmp_path)
    judged = [(made, preflight(made, _SETTINGS)) for made in group(scan([tmp_path]))]
    results = [result for made, result in judged if not is_other(made, result)]
    assert results
    assert [v.sentence for v in results if v.level is Severity.BLOCKED] == []
