"""Sets that are sent to OMERO in tests, and their files as Bio-Formats 7.3.1 used them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

from tests.support import pair_sets, plate_sets, vendor_sets


def _nd(folder: Path) -> None:
    images = [f"e_w{w}_s{s}.TIF" for w in ("1a", "2b") for s in (1, 2)]
    vendor_sets.write_nd(folder, images, stages=("l", "r"), waves=("a", "b"), name="e.nd")


_OIF = "a.oif.files/s_"
_OPERETTA = [
    f"Images/r01c0{well}f0{field}p0{plane}-ch{channel}sk1fk1fl1.tiff"
    for well, field, plane, channel in product((1, 2), repeat=4)
]

#: How a set is made, and the files that Bio-Formats 7.3.1 uses, in its order.
SETS: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "lif": (lambda folder: vendor_sets.write_lif(folder / "a.lif"), ["a.lif"]),
    "oif": (
        vendor_sets.write_oif,
        [
            "a.oif",
            f"{_OIF}LUT1.lut",
            *(f"{_OIF}C00{c}Z00{z}.pty" for c, z in ((1, 1), (1, 2), (2, 2), (2, 1))),
            *(f"{_OIF}C00{c}Z00{z}.tif" for z in (1, 2) for c in (1, 2)),
        ],
    ),
    "operetta": (plate_sets.make_operetta, ["Images/Index.idx.xml", *_OPERETTA]),
    "metamorph": (
        _nd,
        ["e_w1a_s1.TIF", "e.nd", "e_w2b_s1.TIF", "e_w1a_s2.TIF", "e_w2b_s2.TIF"],
    ),
    "dicom": (
        pair_sets.SETS["dicom-by-number"].make,
        ["s0.dcm", "s3.dcm", "s2.dcm", "s1.dcm"],
    ),
    "ics": (pair_sets.SETS["ics-1"].make, ["a.ics", "a.ids"]),
}
