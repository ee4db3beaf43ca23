"""OME-XML with its pixels in it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.local_images import Opener, opener
from tests.support.ome_files import PACKED, SHAPE, bin_data, image, ome
from transferapp.errors import DamagedFile, TransferAppError, UnsupportedFile
from transferapp.model.images import TileRegion

__all__ = ["opener"]

PLANES = np.arange(3 * SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(3, *SHAPE)


def write(path: Path, pixels: str, **more: Any) -> Path:
    options: dict[str, Any] = {"dtype": "uint16", **more}
    path.write_text(ome(image(pixels, sizes=(3, 1, 1), **options)))
    return path


@pytest.mark.parametrize("compression", sorted(PACKED))
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("name", ["a.ome", "a.ome.xml"])
def test_every_packing(
    opener: Opener, tmp_path: Path, compression: str, big: bool, name: str
) -> None:
    each = "\n".join(bin_data(plane, compression, big=big) for plane in PLANES)
    found = opener.only_image(write(tmp_path / name, each))
    assert (found.header.dtype, found.header.size_z) == ("uint16", 3)
    for z in range(3):
        region = TileRegion(0, 0, 0, z, 2, 3, 5, 7)
        np.testing.assert_array_equal(found.read(region), PLANES[z, 2:7, 3:10])


def test_one_element_for_all_planes_and_tiffdata_beside(opener: Opener, tmp_path: Path) -> None:
    # Bio-Formats leaves its TiffData in, without a file.
    pixels = '<TiffData IFD="0" PlaneCount="3"/>' + bin_data(PLANES)
    found = opener.only_image(write(tmp_path / "a.ome", pixels))
    np.testing.assert_array_equal(found.read(TileRegion(0, 0, 0, 2, 0, 0, *SHAPE)), PLANES[2])


def test_old_namespace(opener: Opener, tmp_path: Path) -> None:
    pixels = bin_data(PLANES).replace("BinData", "Bin:BinData")
    pixels = pixels.replace("<Bin:BinData", '<Bin:BinData xmlns:Bin="http://x/BinaryFile"')
    assert opener.only_image(write(tmp_path / "a.ome", pixels)).header.size_z == 3


@pytest.mark.parametrize(
    ("pixels", "more", "error"),
    [
        (bin_data(PLANES[0]) + bin_data(PLANES[1]), {}, DamagedFile),
        (bin_data(PLANES[:2]), {}, DamagedFile),
        ("<BinData>!</BinData>", {}, DamagedFile),
        ('<BinData Compression="zlib">AAAA</BinData>', {}, DamagedFile),
        ('<BinData Compression="J2K">AAAA</BinData>', {}, UnsupportedFile),
        (bin_data(PLANES), {"dtype": "complex"}, UnsupportedFile),
        (bin_data(PLANES), {"samples": [3]}, UnsupportedFile),
        ("", {}, UnsupportedFile),
    ],
)
def test_what_cannot_be_read_is_stated(
    opener: Opener,
    tmp_path: Path,
    pixels: str,
    more: dict[str, Any],
    error: type[TransferAppError],
) -> None:
    path = write(tmp_path / "a.ome", pixels, **more)
    with pytest.raises(error):
        opener.only_image(path)


@pytest.mark.parametrize(
    "beside",
    [
        '<!-- <Pixels><BinData Length="4">AAAA</BinData> -->',
        "<XMLAnnotation><![CDATA[<Pixels><BinData>AAAA</BinData>]]></XMLAnnotation>",
        "<ROI><Union><Mask><BinData>AAAA</BinData></Mask></Union></ROI>",
        "<FileAnnotation><BinaryFile><BinData>AAAA</BinData></BinaryFile></FileAnnotation>",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_bytes_outside_of_pixels_are_no_planes(
    opener: Opener, tmp_path: Path, beside: str, before: bool
) -> None:
    pixels = image("".join(map(bin_data, PLANES)), sizes=(3, 1, 1), dtype="uint16")
    inside = (beside, pixels) if before else (pixels, beside)
    (tmp_path / "a.ome.xml").write_text(ome(*inside))
    found = opener.only_image(tmp_path / "a.ome.xml")
    found.check()
    np.testing.assert_array_equal(found.read(TileRegion(0, 0, 0, 2, 0, 0, *SHAPE)), PLANES[2])


@pytest.mark.parametrize("big", ["true", "false"])
def test_bytes_in_the_order_that_old_schemas_show(
    opener: Opener, tmp_path: Path, big: str
) -> None:
    stored = PLANES.astype(PLANES.dtype.newbyteorder(">" if big == "true" else "<"))
    pixels = "".join(
        f"<BinData>{base64.b64encode(plane.tobytes()).decode()}</BinData>" for plane in stored
    )
    path = write(tmp_path / "a.ome", pixels, attributes=f'BigEndian="{big}"')
    found = opener.only_image(path)
    np.testing.assert_array_equal(found.read(TileRegion(0, 0, 0, 1, 0, 0, *SHAPE)), PLANES[1])
