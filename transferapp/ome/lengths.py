"""OME's units of length in micrometres."""

from __future__ import annotations

import math
import unicodedata

_INCH_UM = 25_400.0
_ASTRONOMICAL_UNIT_UM = 149_597_870_700e6

#: Powers of ten of the prefixes; "" is the metre itself.
_PREFIXES = {
    "Y": 24,
    "Z": 21,
    "E": 18,
    "P": 15,
    "T": 12,
    "G": 9,
    "M": 6,
    "k": 3,
    "h": 2,
    "da": 1,
    "": 0,
    "d": -1,
    "c": -2,
    "m": -3,
    "u": -6,
    "\N{GREEK SMALL LETTER MU}": -6,
    "n": -9,
    "p": -12,
    "f": -15,
    "a": -18,
    "z": -21,
    "y": -24,
}

#: Micrometres of every unit of ``UnitsLength`` in the OME schema 2016-06 but "pixel" and
#: "reference frame", which have no length; and "um", which some programs write. The inch is
#: the international one of 1959, a line (li) 1/12 and a point (pt) 1/72 of it; the
#: astronomical unit (ua) is that of IAU 2012 resolution B2, light year and parsec follow.
MICROMETRES = {f"{prefix}m": float(f"1e{power + 6}") for prefix, power in _PREFIXES.items()} | {
    "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}": 1e-4,
    "thou": _INCH_UM / 1000,
    "li": _INCH_UM / 12,
    "in": _INCH_UM,
    "ft": _INCH_UM * 12,
    "yd": _INCH_UM * 36,
    "mi": _INCH_UM * 63_360,
    "pt": _INCH_UM / 72,
    "ua": _ASTRONOMICAL_UNIT_UM,
    "ly": 9_460_730_472_580_800e6,
    "pc": _ASTRONOMICAL_UNIT_UM * 648_000 / math.pi,
}


def micrometres(value: float | str, unit: str) -> float | None:
    """Return a length in micrometres; None for a unit without a length, and for text that is
    no number.
    """
    # The micro sign is a Greek mu, the angstrom sign a letter with a ring.
    factor = MICROMETRES.get(unicodedata.normalize("NFKC", unit.strip()))
    try:
        return None if factor is None else float(value) * factor
    except ValueError:
        return None
