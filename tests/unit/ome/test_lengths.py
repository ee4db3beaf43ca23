"""Every unit of length of the schema."""

from __future__ import annotations

import pytest

from transferapp.ome.lengths import MICROMETRES, micrometres

#: UnitsLength of the schema 2016-06, but "pixel" and "reference frame".
SCHEMA = (
    *("Ym", "Zm", "Em", "Pm", "Tm", "Gm", "Mm", "km", "hm", "dam", "m", "dm", "cm", "mm", "µm"),
    *(
        "nm",
        "pm",
        "fm",
        "am",
        "zm",
        "ym",
        "Å",
        "thou",
        "li",
        "in",
        "ft",
        "yd",
        "mi",
        "ua",
        "ly",
    ),
    *("pc", "pt"),
)


@pytest.mark.parametrize("unit", SCHEMA)
def test_every_unit_of_the_schema_is_a_length(unit: str) -> None:
    assert micrometres("2.5", unit)


@pytest.mark.parametrize(
    ("value", "unit", "um"),
    [
        ("250", "nm", 0.25),
        ("162.5", "nm", 0.1625),
        ("1", "in", 25_400.0),
        ("1", "thou", 25.4),
        ("12", "li", 25_400.0),
        ("72", "pt", 25_400.0),
        ("1", "ft", 304_800.0),
        ("1", "yd", 914_400.0),
        ("1", "mi", 1_609_344_000.0),
        ("1", "dam", 1e7),
        ("1", "ua", 1.495978707e17),
        ("1", "ly", 9.4607304725808e21),
        ("1", "pc", 3.0856775814913673e22),
        ("1", "Å", 1e-4),
        ("1", "\N{ANGSTROM SIGN}", 1e-4),
        ("1", "\N{GREEK SMALL LETTER MU}m", 1.0),
        ("1", "\N{MICRO SIGN}m", 1.0),
        ("1", "um", 1.0),
    ],
)
def test_factors(value: str, unit: str, um: float) -> None:
    assert micrometres(value, unit) == pytest.approx(um, rel=1e-12)


@pytest.mark.parametrize("unit", ["pixel", "reference frame", "", "furlong", "MM"])
def test_what_is_no_length_is_unknown(unit: str) -> None:
    assert micrometres("1.5", unit) is None
    assert unit not in MICROMETRES


def test_text_is_no_number() -> None:
    assert micrometres("wide", "µm") is None
    assert micrometres("", "µm") is None
