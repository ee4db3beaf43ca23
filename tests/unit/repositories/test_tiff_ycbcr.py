"""YCbCr pages that no codec turns into light."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from transferapp.errors import UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

#: Red, green, blue and grey, and what JPEG's full-range formula makes of them.
_LIGHT = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)], np.uint8)
_YCBCR = np.array([(76, 85, 255), (150, 44, 21), (29, 255, 107), (128, 128, 128)], np.uint8)


def seen(image: ReadImage) -> Any:
    size = image.header.levels[0]
    region = (0, 0, size.size_y, size.size_x)
    return np.stack([image.read(TileRegion(0, 0, c, 0, *region)) for c in range(3)], axis=-1)


def blocks(colours: Any, edge: int, columns: int) -> Any:
    """Lay colours out as squares in two rows."""
    return colours.reshape(2, 2, 3).repeat(edge, 0).repeat(edge, 1)[:, :columns]


def write_subsampled(path: Path, ycbcr: Any, sharing: tuple[int, int], **more: Any) -> None:
    """Write a classic TIFF of one strip whose pixels share chroma (across, down)."""
    across, down = sharing
    height, width = ycbcr.shape[:2]
    pad = ((0, -height % down), (0, -width % across), (0, 0))
    full = np.pad(ycbcr, pad, mode="edge")
    data = b""
    for y in range(0, full.shape[0], down):
        for x in range(0, full.shape[1], across):
            unit = full[y : y + down, x : x + across]
            data += unit[..., 0].tobytes() + unit[0, 0, 1:].tobytes()
    compression = more.get("compression", 1)
    if compression == 5:
        data = bytes(imagecodecs.lzw_encode(data))
    extra = 8 + len(data)
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 3, extra),
        (259, 3, 1, compression),
        (262, 3, 1, 6),
        (273, 4, 1, 8),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
        (284, 3, 1, 1),
        (530, 3, 2, across | down << 16),
    ]
    tail = struct.pack("<3H", 8, 8, 8)
    for code, fractions in more.get("ratios", {}).items():
        tags.append((code, 5, len(fractions), extra + len(tail)))
        tail += b"".join(struct.pack("<2I", *fraction) for fraction in fractions)
    page = struct.pack("<H", len(tags))
    page += b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    path.write_bytes(b"II*\0" + struct.pack("<I", extra + len(tail)) + data + tail + page)


def test_full_chroma(opener: Opener, tmp_path: Path) -> None:
    stored = blocks(_YCBCR, 8, 16)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="ycbcr", metadata=None)
    image = opener.only_image(tmp_path / "a.tif")
    assert [hint.name for hint in image.header.channels] == ["Red", "Green", "Blue"]
    assert np.abs(seen(image).astype(int) - blocks(_LIGHT, 8, 16)).max() <= 2


@pytest.mark.parametrize("sharing", [(1, 1), (2, 1), (2, 2), (4, 2)])
@pytest.mark.parametrize("compression", [1, 5])
@pytest.mark.parametrize("columns", [16, 13])
def test_shared_chroma(
    opener: Opener, tmp_path: Path, sharing: tuple[int, int], compression: int, columns: int
) -> None:
    path = tmp_path / "a.tif"
    write_subsampled(path, blocks(_YCBCR, 8, columns), sharing, compression=compression)
    found = seen(opener.only_image(path))
    assert np.abs(found.astype(int) - blocks(_LIGHT, 8, columns)).max() <= 2


def test_reference_black_and_white_of_video(opener: Opener, tmp_path: Path) -> None:
    reference = [(16, 1), (235, 1), (128, 1), (240, 1), (128, 1), (240, 1)]
    black_grey_white = np.array(
        [(16, 128, 128), (126, 128, 128), (235, 128, 128)] * 2, np.uint8
    )
    path = tmp_path / "a.tif"
    stored = black_grey_white[:4].reshape(1, 4, 3)
    write_subsampled(path, stored, (1, 1), ratios={532: reference})
    assert seen(opener.only_image(path))[0, :3, 1].tolist() == [0, 128, 255]


def test_coefficients_of_the_file_count(opener: Opener, tmp_path: Path) -> None:
    rec_709 = [(2126, 10000), (7152, 10000), (722, 10000)]
    path = tmp_path / "a.tif"
    write_subsampled(path, np.array([[(54, 99, 255)]], np.uint8), (1, 1), ratios={529: rec_709})
    assert seen(opener.only_image(path))[0, 0].tolist() == pytest.approx([254, 0, 0], abs=2)


def test_planes_of_shared_chroma_are_reported(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    write_subsampled(path, blocks(_YCBCR, 8, 16), (2, 2))
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHII", 284, 3, 1, 1))
    content[at + 8] = 2
    path.write_bytes(content)
    with pytest.raises(UnsupportedFile, match="OME-TIFF"):
        opener.only_image(path)


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
@pytest.mark.parametrize(("compression", "converted"), [(33003, True), (33005, False)])
def test_jpeg_2000_of_slides(
    opener: Opener, tmp_path: Path, photometric: str, compression: int, converted: bool
) -> None:
    # Aperio's first kind holds YCbCr whatever the page says, its second RGB.
    stored = blocks(_YCBCR if converted else _LIGHT, 16, 32)
    tile = bytes(imagecodecs.jpeg2k_encode(stored, level=0, codecformat="j2k", mct=False))
    with tifffile.TiffWriter(tmp_path / "a.svs") as out:
        out.write(
            iter([tile]),
            shape=stored.shape,
            dtype=np.uint8,
            tile=(32, 32),
            compression=compression,
            photometric=photometric,
            # Said of tiles whose codec shares nothing; tifffile refuses them therefore.
            extratags=[(530, 3, 2, (2, 2), True)] if photometric == "rgb" else [],
            metadata=None,
            description="Aperio Image Library v11.2.1",
        )
    found = seen(opener.only_image(tmp_path / "a.svs"))
    assert np.abs(found.astype(int) - blocks(_LIGHT, 16, 32)).max() <= 2
