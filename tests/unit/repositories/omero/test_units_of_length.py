"""Every unit of length of OMERO against its length in the SI, and no other unit is there."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp.repositories.omero.catalogue.mapping import micrometres
from transferapp.repositories.omero.ice_imports import omero

_INCH, _AU = Fraction("0.0254"), Fraction(149_597_870_700)
#: In metres: SI brochure (9th edition) for the prefixes and the astronomical unit, the yard
#: and pound agreement of 1959 for the inch, IAU 2015 resolution B2 for the parsec.
METRES = {
    "YOTTAMETER": Fraction(10) ** 24,
    "ZETTAMETER": Fraction(10) ** 21,
    "EXAMETER": Fraction(10) ** 18,
    "PETAMETER": Fraction(10) ** 15,
    "TERAMETER": Fraction(10) ** 12,
    "GIGAMETER": Fraction(10) ** 9,
    "MEGAMETER": Fraction(10) ** 6,
    "KILOMETER": Fraction(1000),
    "HECTOMETER": Fraction(100),
    "DECAMETER": Fraction(10),
    "METER": Fraction(1),
    "DECIMETER": Fraction("0.1"),
    "CENTIMETER": Fraction("0.01"),
    "MILLIMETER": Fraction("0.001"),
    "MICROMETER": Fraction(1, 10**6),
    "NANOMETER": Fraction(1, 10**9),
    "PICOMETER": Fraction(1, 10**12),
    "FEMTOMETER": Fraction(1, 10**15),
    "ATTOMETER": Fraction(1, 10**18),
    "ZEPTOMETER": Fraction(1, 10**21),
    "YOCTOMETER": Fraction(1, 10**24),
    "ANGSTROM": Fraction(1, 10**10),
    "THOU": _INCH / 1000,
    "LINE": _INCH / 12,
    "POINT": _INCH / 72,
    "INCH": _INCH,
    "FOOT": _INCH * 12,
    "YARD": _INCH * 36,
    "MILE": _INCH * 12 * 5280,
    "ASTRONOMICALUNIT": _AU,
    "LIGHTYEAR": Fraction(299_792_458 * 86_400 * 36_525, 100),
    "PARSEC": _AU * Fraction(648_000) / Fraction(math.pi),
}
NO_LENGTHS = {"PIXEL", "REFERENCEFRAME"}
#: A pixel's size that any microscope may have.
SIZE_M = Fraction(65, 10**8)


def unit(name: str) -> object:
    return getattr(omero.model.enums.UnitsLength, name)


def test_no_unit_is_left_out() -> None:
    names = {name for name in dir(omero.model.enums.UnitsLength) if name.isupper()}
    assert names == METRES.keys() | NO_LENGTHS


@pytest.mark.parametrize("name", sorted(METRES))
def test_its_length(name: str) -> None:
    written = omero.model.LengthI(float(SIZE_M / METRES[name]), unit(name))
    assert micrometres(written) == pytest.approx(0.65, rel=1e-9)


@pytest.mark.parametrize("name", sorted(NO_LENGTHS))
def test_what_has_no_length(name: str) -> None:
    assert micrometres(omero.model.LengthI(0.65, unit(name))) is None


def test_why_omero_py_is_not_asked() -> None:
    """A later omero-py may be right; then docs/omero-sandbox.md is to be changed."""
    wrong = {}
    for name, metres in METRES.items():
        one = omero.model.LengthI(1.0, unit(name))
        factor = omero.model.LengthI(one, "METER").getValue() / float(metres)
        if not math.isclose(factor, 1.0, rel_tol=1e-3):
            wrong[name] = round(math.log10(factor))
    assert wrong == {"THOU": 6}
