"""OME's units of time in seconds."""

from __future__ import annotations

import unicodedata

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "\N{GREEK SMALL LETTER MU}": -6, "n": -9,
    "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
#: Seconds of every unit of ``UnitsTime`` in the OME schema 2016-06, and "us".
_SECONDS = {f"{prefix}s": float(f"1e{power}") for prefix, power in _PREFIXES.items()} | {
    "min": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
}


def seconds(value: float | str, unit: str) -> float | None:
    """Return seconds; None for an unknown unit, and for text that is no number."""
    factor = _SECONDS.get(unicodedata.normalize("NFKC", unit.strip()))
    try:
        return None if factor is None else float(value) * factor
    except ValueError:
        return None
