"""JPEG-compressed TIFF pages: the first tile as any other."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.microscope_tiffs import write_svs
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

_LAYOUTS: list[dict[str, Any]] = [
    {"tile": (64, 64)},
    {"rowsperstrip": 16},
    {"rowsperstrip": 150},
]


def ramp(height: int = 150, width: int = 200) -> Any:
    """Return colours that change slowly: JPEG keeps them within a few numbers."""
    y, x = np.mgrid[:height, :width]
    return np.stack(
        [x * 180 // width + 20, y * 150 // height + 50, (x + y) // 3], axis=-1
    ).astype(np.uint8)


def check_regions(image: ReadImage, pixels: Any, tolerance: int) -> None:
    """Compare the first tile, regions across tile borders and the whole with (y, x, c)."""
    height, width = pixels.shape[:2]
    for y, x, h, w in (
        (0, 0, 9, 9),
        (60, 60, 70, 70),
        (140, 190, 10, 10),
        (0, 0, height, width),
    ):
        for c in range(pixels.shape[2]):
            found = image.read(TileRegion(0, 0, c, 0, y, x, h, w)).astype(int)
            assert np.abs(found - pixels[y : y + h, x : x + w, c]).max() <= tolerance


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize("layout", _LAYOUTS)
def test_colour(opener: Opener, tmp_path: Path, name: str, layout: dict[str, Any]) -> None:
    options = {"compression": "jpeg", "compressionargs": {"level": 98}, **layout}
    tifffile.imwrite(tmp_path / name, ramp(), photometric="rgb", subsampling=(1, 1), **options)
    image = opener.only_image(tmp_path / name)
    check_regions(image, ramp(), 8)
    assert [hint.name for hint in image.header.channels] == ["Red", "Green", "Blue"]


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize("layout", [{"tile": (64, 64)}, {"rowsperstrip": 16}])
def test_shared_chroma(
    opener: Opener, tmp_path: Path, name: str, layout: dict[str, Any]
) -> None:
    # Whole tiles: what tifffile adds to others would show in the chroma of their edges.
    pixels = ramp(192, 256)
    options = {"compression": "jpeg", "compressionargs": {"level": 98}, **layout}
    tifffile.imwrite(tmp_path / name, pixels, photometric="rgb", subsampling=(2, 2), **options)
    check_regions(opener.only_image(tmp_path / name), pixels, 8)


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
@pytest.mark.parametrize("layout", _LAYOUTS)
def test_grey(opener: Opener, tmp_path: Path, name: str, layout: dict[str, Any]) -> None:
    pixels = ramp()[..., 0]
    options = {"compression": "jpeg", "compressionargs": {"level": 98}, **layout}
    tifffile.imwrite(tmp_path / name, pixels, photometric="minisblack", **options)
    check_regions(opener.only_image(tmp_path / name), pixels[..., None], 4)


def test_planes_packed_apart(opener: Opener, tmp_path: Path) -> None:
    pixels = ramp()
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.moveaxis(pixels, -1, 0),
        photometric="rgb",
        planarconfig="separate",
        compression="jpeg",
        compressionargs={"level": 98},
        tile=(64, 64),
    )
    check_regions(opener.only_image(tmp_path / "a.tif"), pixels, 6)


def test_white_is_zero_in_jpeg(opener: Opener, tmp_path: Path) -> None:
    stored = ramp()[..., 0]
    tifffile.imwrite(
        tmp_path / "a.tif",
        stored,
        photometric="miniswhite",
        compression="jpeg",
        compressionargs={"level": 98},
        tile=(64, 64),
    )
    check_regions(opener.only_image(tmp_path / "a.tif"), 255 - stored[..., None], 4)


def test_tables_that_the_page_keeps_for_its_tiles(opener: Opener, tmp_path: Path) -> None:
    pixels = ramp(64, 128)
    whole = [
        bytes(imagecodecs.jpeg_encode(pixels[:, x : x + 64], level=98, subsampling="444"))
        for x in (0, 64)
    ]
    tables, bodies = _parted(whole[0])[0], [_parted(one)[1] for one in whole]
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as out:
        out.write(
            iter(bodies),
            shape=pixels.shape,
            dtype=np.uint8,
            tile=(64, 64),
            compression=7,
            photometric="ycbcr",
            jpegtables=tables,
            metadata=None,
        )
    with tifffile.TiffFile(path) as tif:
        assert tif.pages.first.jpegtables == tables
    image = opener.only_image(path)
    for c in range(3):
        found = image.read(TileRegion(0, 0, c, 0, 0, 0, 64, 128)).astype(int)
        assert np.abs(found - pixels[..., c]).max() <= 8


def test_slide_with_label_and_macro(opener: Opener, tmp_path: Path) -> None:
    slide = ramp(160, 200)
    path = tmp_path / "a.svs"
    stated = "AppMag = 20|MPP = 0.499"
    write_svs(path, slide, stated, levels=[slide[::2, ::2].copy()])
    images = opener(path).images
    for image in images:
        image.check()
    check_regions(images[0], slide, 8)
    # The thumbnail is a copy of the slide; label and macro picture are none.
    assert [image.header.name for image in images] == ["Baseline", "Label", "Macro"]
    assert [len(image.header.levels) for image in images] == [2, 1, 1]
    label = images[1].read(TileRegion(0, 0, 0, 0, 0, 0, 40, 50))
    assert (label.min(), label.max()) == (146, 146)
    smaller = images[0].read(TileRegion(1, 0, 1, 0, 0, 0, 80, 100)).astype(int)
    assert np.abs(smaller - slide[::2, ::2, 1]).max() <= 8


def test_reading_leaves_tags_that_are_read_late(opener: Opener, tmp_path: Path) -> None:
    # Two files of one fileset, turn about: each has its own decoder and pointer.
    images = []
    for n in (1, 2):
        path = tmp_path / f"{n}.tif"
        tifffile.imwrite(
            path, ramp() // n, photometric="rgb", compression="jpeg", tile=(64, 64)
        )
        images.append(opener.only_image(path))
    for c in range(3):
        for n, image in enumerate(images, start=1):
            found = image.read(TileRegion(0, 0, c, 0, 0, 0, 64, 64)).astype(int)
            assert np.abs(found - ramp()[:64, :64, c] // n).max() <= 12


def test_garbage_in_a_jpeg_tile_is_damaged(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp(), photometric="rgb", compression="jpeg", tile=(64, 64))
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages.first.dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[offset : offset + 20] = b"\0" * 20
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"a\.tif"):
        opener.only_image(path).read(TileRegion(0, 0, 0, 0, 0, 0, 9, 9))


@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_a_compression_that_nobody_unpacks_is_no_damage(
    opener: Opener, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    tifffile.imwrite(path, ramp()[..., 0], compression="zlib", photometric="minisblack")
    _set_compression(path, 64999)
    with pytest.raises(UnsupportedFile, match="OME-TIFF"):
        opener.only_image(path)


def test_old_jpeg_is_no_damage(opener: Opener, tmp_path: Path) -> None:
    # Compression 6 keeps the parts of the picture in tags of its own; nobody unpacks it.
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, ramp()[..., 0], photometric="minisblack", metadata=None)
    _set_compression(path, 6)
    with pytest.raises(UnsupportedFile, match="JPEG"):
        opener.only_image(path)


def test_old_jpeg_that_is_a_whole_picture_is_read(opener: Opener, tmp_path: Path) -> None:
    pixels = ramp()[..., 0]
    packed = bytes(imagecodecs.jpeg_encode(np.ascontiguousarray(pixels), level=98))
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(
            iter([packed]),
            shape=pixels.shape,
            dtype=np.uint8,
            rowsperstrip=150,
            compression=7,
            photometric="minisblack",
            metadata=None,
        )
    _set_compression(tmp_path / "a.tif", 6)
    check_regions(opener.only_image(tmp_path / "a.tif"), pixels[..., None], 4)


def _set_compression(path: Path, code: int) -> None:
    content = bytearray(path.read_bytes())
    at = content.index(struct.pack("<HHI", 259, 3, 1)) + 8
    content[at : at + 2] = struct.pack("<H", code)
    path.write_bytes(content)


def _parted(jpeg: bytes) -> tuple[bytes, bytes]:
    """Part a JPEG's tables from its picture, as TIFF keeps them."""
    tables, body, at = b"", b"", 2
    while jpeg[at + 1] != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2 : at + 4])
        marker = jpeg[at : at + length]
        if jpeg[at + 1] in {0xDB, 0xC4}:
            tables += marker
        elif jpeg[at + 1] != 0xE0:
            body += marker
        at += length
    return b"\xff\xd8" + tables + b"\xff\xd9", b"\xff\xd8" + body + jpeg[at:]
