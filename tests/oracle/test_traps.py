"""What intake tells of Bio-Formats' silent mistakes is what Bio-Formats does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bioformats_jar import VERSION
from tests.oracle.answers import Picture, hash_of
from tests.oracle.bio_formats import BioFormats
from tests.support.trap_files import MAKERS, PLANE
from transferapp.intake.traps import TRAPS

pytestmark = pytest.mark.oracle


class Seen:
    """What Bio-Formats makes of a trap and of its harmless neighbour."""

    def __init__(self, oracle: BioFormats, folder: Path) -> None:
        self._oracle, self._folder = oracle, folder

    def of(self, name: str, trap: bool) -> Picture | None:
        folder = self._folder / f"{name}-{trap}"
        folder.mkdir()
        MAKERS[name](folder, trap)
        answer = self._oracle.ask(folder)
        if answer.version != VERSION:
            pytest.skip(f"the traps are about Bio-Formats {VERSION}")
        return answer.sets[0].pictures[0] if answer.sets else None


@pytest.fixture
def seen(bio_formats: BioFormats, tmp_path: Path) -> Seen:
    return Seen(bio_formats, tmp_path)


def first(picture: Picture | None) -> str:
    return picture.planes["first"] if picture else "not read"


def test_all_ome_xml_is_ignored_for_a_unit_in_ascii(seen: Seen) -> None:
    right, wrong = seen.of("ome-xml-unit", False), seen.of("ome-xml-unit", True)
    assert right
    assert wrong
    assert (right.sizes["z"], right.sizes["t"]) == (3, 2)
    assert (wrong.sizes["z"], wrong.sizes["t"]) == (1, 6)


def test_a_name_in_ascii_is_changed(seen: Seen) -> None:
    wrong = seen.of("ome-xml-name", True)
    assert wrong
    assert wrong.names == (" #945;-tubulin",)


def test_the_depth_of_an_imagej_stack_is_taken_for_micrometres(seen: Seen) -> None:
    right, wrong = seen.of("imagej-depth", False), seen.of("imagej-depth", True)
    assert right
    assert wrong
    assert right.pixel_size == (500.0, 250.0, 250.0)
    assert wrong.pixel_size[0] == 500.0
    assert wrong.pixel_size[1] == pytest.approx(0.25)


def test_a_float_predictor_is_not_read(seen: Seen) -> None:
    expected = hash_of(PLANE.astype(np.float32))
    assert first(seen.of("float-predictor", False)) == expected
    assert first(seen.of("float-predictor", True)) != expected


def test_monochrome1_is_inverted(seen: Seen) -> None:
    assert first(seen.of("dicom-monochrome1", False)) == hash_of(PLANE)
    assert first(seen.of("dicom-monochrome1", True)) == hash_of(-PLANE)


def test_a_narrow_nrrd_becomes_channels(seen: Seen) -> None:
    right, wrong = seen.of("nrrd-narrow", False), seen.of("nrrd-narrow", True)
    assert right
    assert wrong
    assert (right.sizes["x"], right.sizes["c"]) == (17, 1)
    assert (wrong.sizes["x"], wrong.sizes["c"]) == (20, 16)


def test_the_bytes_of_a_wide_pgm_are_swapped(seen: Seen) -> None:
    assert first(seen.of("pgm-16-bit", True)) == hash_of(PLANE.byteswap())


def test_the_bytes_of_wide_integers_of_ics_are_swapped(seen: Seen) -> None:
    assert first(seen.of("ics-32-bit", False)) == hash_of(PLANE)
    assert first(seen.of("ics-32-bit", True)) == hash_of(PLANE.astype(np.int32).byteswap())


def test_the_zero_point_of_fits_is_ignored(seen: Seen) -> None:
    shown = first(seen.of("fits-bzero", True))
    assert shown not in {hash_of(PLANE), hash_of(PLANE[::-1])}


def test_the_first_row_of_mrc_is_shown_at_the_bottom(seen: Seen) -> None:
    """The maker writes the last row of its plane first."""
    assert first(seen.of("mrc-rows", True)) == hash_of(PLANE)


def test_signed_bytes_and_half_floats_of_mrc_are_taken_for_others(seen: Seen) -> None:
    signed, half = seen.of("mrc-signed-bytes", True), seen.of("mrc-half-floats", True)
    assert signed
    assert half
    assert (signed.dtype, half.dtype) == ("uint8", "int8")


def test_every_trap_is_tried() -> None:
    tried = {name for name in MAKERS if name != "bdv-views"}
    # The views of BigDataViewer need h5py: findings/bdv-tiles-with-two-channels.sh.
    assert {trap.name for trap in TRAPS} == tried | {"bdv-views"}
