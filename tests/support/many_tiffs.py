"""Small TIFFs of many kinds, whole and spoilt, as bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import tifffile

OME = '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"/>'
GREY = np.arange(16 * 16, dtype=np.uint16).reshape(16, 16)
RGB = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)


def written(data: np.ndarray[Any, Any] = GREY, **options: Any) -> bytes:
    """Return a TIFF as tifffile writes it."""
    made = BytesIO()
    kinds = {name: options.pop(name) for name in ("bigtiff", "byteorder", "imagej", "ome")
             if name in options}  # fmt: skip
    with tifffile.TiffWriter(made, **kinds) as writer:
        writer.write(data, **options)
    return made.getvalue()


def simple() -> dict[str, bytes]:
    """TIFFs that cameras write: nothing is wrong with them, and one look is enough."""
    return {
        "plain": written(metadata=None),
        "words": written(description="a camera's words"),
        "big endian": written(byteorder=">"),
        "BigTIFF": written(bigtiff=True),
        "big endian BigTIFF": written(bigtiff=True, byteorder=">"),
        "RGB": written(RGB, photometric="rgb"),
        "signed": written(GREY.astype(np.int16)),
        "floating": written(GREY.astype(np.float32)),
        "deflated": written(compression="zlib"),
        "several strips": written(rowsperstrip=2),
        "tiles": written(tile=(16, 16)),
        "several tiles": written(np.tile(GREY, (3, 3)), tile=(16, 16)),
        "planar": written(np.moveaxis(RGB, 2, 0), photometric="rgb", planarconfig="separate"),
        "ImageJ": written(imagej=True),
        "index last": _index_last(written(metadata=None)),
    }


def other() -> dict[str, bytes]:
    """TIFFs that need a look of their own, fine or not."""
    return {
        "pages": written(np.stack([GREY] * 3), photometric="minisblack"),
        "OME-XML": written(description=OME, metadata=None),
        "BigTIFF OME-XML": written(description=OME, metadata=None, bigtiff=True),
        "OME-XML after blanks": written(description=" " * 3000 + OME, metadata=None),
        "complex": written(GREY.astype(np.complex64)),
        "64 bits": written(GREY.astype(np.int64)),
        "half": written(GREY.astype(np.float16)),
        "sub-pages": _with_sub_pages(),
        "bits": written(GREY > 9),
        "LERC": written(GREY.astype(np.float32), compression="lerc"),
        "many strips": written(np.zeros((3000, 1), np.uint8), rowsperstrip=1),
        "long words": written(description="x" * 9000),
        "predictor of floats": written(
            GREY.astype(np.float32), compression="zlib", predictor=3
        ),
        "ImageJ's depth": written(
            description="ImageJ=1.54\nslices=9\nunit=nm\nspacing=3\n", metadata=None
        ),
        "24 bits": _changed(written(metadata=None), 258, 24),
        "volume": written(np.stack([GREY] * 16), volumetric=True, tile=(16, 16, 16)),
        "2064 bits": _changed(written(metadata=None), 258, 2064),
        "other bits each": _patched(written(RGB, photometric="rgb", metadata=None), 258),
        "index at the end of the file": _index_last(written(description=OME, metadata=None)),
    }


def spoilt(seed: int = 1) -> Iterator[bytes]:
    """Yield TIFFs that are cut off at any place, or have any byte of their index changed."""
    chance = random.Random(seed)  # noqa: S311 - the same files each time
    whole = simple() | other()
    for name in ("plain", "big endian", "BigTIFF", "RGB", "several strips", "words"):
        data = whole[name]
        for length in (*range(0, 420, 3), len(data) - 1, len(data) - 2):
            yield data[:length]
    for data in whole.values():
        for _ in range(90):
            spoiled = bytearray(data)
            for _ in range(chance.choice((1, 1, 1, 2, 3))):
                at = chance.randrange(min(len(data), 330))
                spoiled[at] = chance.choice(
                    (0, 1, 2, 3, 4, 8, 12, 16, 0x7F, 0xFF, spoiled[at] ^ 1)
                )
            yield bytes(spoiled)


def tag_places(data: bytes) -> dict[int, int]:
    """Return where each tag of a classic little-endian TIFF's first page is."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    places = [at + 2 + 12 * number for number in range(count)]
    return {struct.unpack_from("<H", data, place)[0]: place for place in places}


def _changed(data: bytes, tag: int, value: int) -> bytes:
    """Change the value of a tag."""
    changed = bytearray(data)
    struct.pack_into("<H", changed, tag_places(data)[tag] + 8, value)
    return bytes(changed)


def _patched(data: bytes, tag: int) -> bytes:
    """Change the last of the values that a tag leads to."""
    _, count, place = struct.unpack_from("<HII", data, tag_places(data)[tag] + 2)
    changed = bytearray(data)
    struct.pack_into("<H", changed, place + 2 * (count - 1), 16)
    return bytes(changed)


def _index_last(data: bytes) -> bytes:
    """Write the first page's index behind the pixels, as libtiff does."""
    (at,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, at)
    index = data[at : at + 2 + 12 * count + 4]
    changed = bytearray(data)
    changed += bytes(len(changed) % 2 + 6000)
    struct.pack_into("<I", changed, 4, len(changed))
    return bytes(changed + index)


def _with_sub_pages() -> bytes:
    made = BytesIO()
    with tifffile.TiffWriter(made) as writer:
        writer.write(GREY, subifds=1)
        writer.write(GREY[::2, ::2], subfiletype=1)
    return made.getvalue()
