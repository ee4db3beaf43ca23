"""The pixel types that can be shown: one table for preflight, readers and previews."""

from __future__ import annotations

from transferapp.errors import UnsupportedFile

#: Bits of the two widest integers.
_HALF, _WHOLE = 16, 32
_AS_THEY_ARE = (
    "int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64",
)  # fmt: skip
#: numpy's names of a type in a file and of the type it is shown as. They are the pixel types
#: of the OME model (2016-06) without its complex ones; the last two are widened
#: (of one bit the numbers are 0 and 1).
SHOWN_AS = {name: name for name in _AS_THEY_ARE} | {"bool": "uint8", "float16": "float32"}


def type_name(name: str, bits: object) -> str:
    """Return what ``why_not_shown`` and ``shown_as`` call a type: numpy's name where it fits.

    Integers of 17 to 31 bits lie in 32 by numpy's name. tifffile 2026.3 swaps the bytes of 24
    bits or leaves a foreign one in, and Bio-Formats 7.3.1 shows noise.
    """
    odd = isinstance(bits, int) and _HALF < bits < _WHOLE and not name.startswith("float")
    return f"{bits}-bit" if odd or not name else name


def shown_as(name: str) -> str:
    """Return numpy's name of the type that pixels of the type ``name`` are shown as.

    Raises UnsupportedFile for a type that cannot be shown.
    """
    if why := why_not_shown(name):
        raise UnsupportedFile(f"It {why}")
    return SHOWN_AS[name]


def why_not_shown(name: str) -> str:
    """Say why pixels of a type cannot be shown, as a sentence without its subject; or "".

    No image repository shows these: Bio-Formats 7.3.1 refuses 64-bit integers and 64-bit
    complex numbers, and reads 128-bit ones as noise.
    """
    if name in SHOWN_AS:
        return ""
    if name in {"int64", "uint64"}:
        what = "64-bit integers"
        remedy = "Save labels as 32-bit integers, and measurements as 32-bit floating point"
    elif name.startswith("complex"):
        what = "complex numbers"
        remedy = "Save amplitude and phase as two channels of 32-bit floating point"
    elif name.endswith("-bit"):
        what = f"integers of {name.removesuffix('-bit')} bits"
        remedy = "Save them as 16 or 32-bit integers"
    else:
        what = f"pixels of the type '{name}'"
        remedy = "Save them as 8, 16 or 32-bit integers or 32-bit floating point"
    return f"has {what}, which the image repository cannot show. {remedy}, then import that."
