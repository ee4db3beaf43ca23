"""What can be read of pixels that an OME-XML holds itself, in BinData elements."""

from __future__ import annotations

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.ome.document import OmeImage

#: numpy's names of the schema's pixel types (2016-06), as far as they can be shown.
PIXEL_TYPES = {
    name: name for name in ("int8", "uint8", "int16", "uint16", "int32", "uint32")
} | {"float": "float32", "double": "float64"}
#: The schema's compressions (2016-06).
PACKINGS = frozenset({"none", "zlib", "bzip2"})


def check_bin_data(image: OmeImage) -> None:
    """Raise UnsupportedFile or DamagedFile when the planes of an image cannot be read.

    There is an element for each plane, or one for all. Colours are left to OME-TIFF: the
    schema does not say how they lie, and Bio-Formats 7.3.1 shows one for all three.
    """
    if image.samples > 1 or image.dtype not in PIXEL_TYPES:
        kind = "Colours" if image.samples > 1 else f"Pixels of the type '{image.dtype}'"
        raise UnsupportedFile(f"{kind} in OME-XML cannot be read. Export it as OME-TIFF.")
    if not image.packings <= PACKINGS:
        raise UnsupportedFile(
            "Its pixels are packed in a way that is not known. Export it as OME-TIFF."
        )
    planes = image.layout(1).planes
    if image.bin_data not in {1, planes}:
        raise DamagedFile(
            f"{image.bin_data} of the {planes} planes that it describes are there. Copy or"
            " export it again."
        )
