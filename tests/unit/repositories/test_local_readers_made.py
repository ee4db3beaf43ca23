"""Readers on files made for the purpose: every layout that a TIFF or picture may have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.support.local_images import Opener, opener
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.imports.names import image_names
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

RANDOM = np.random.default_rng(7)


def numbers(shape: tuple[int, ...], dtype: str = "uint16") -> Any:
    return RANDOM.integers(0, 200, shape).astype(dtype)


def check_planes(image: ReadImage, pixels: Any) -> None:
    """Compare an odd region of all planes with ``pixels``, (t, c, z, y, x)."""
    header = image.header
    assert (header.size_t, header.size_c, header.size_z) == pixels.shape[:3]
    height, width = pixels.shape[3:]
    y, x = height // 3, width // 4
    for t, c, z in np.ndindex(*pixels.shape[:3]):
        found = image.read(TileRegion(0, t, c, z, y, x, height - y - 1, width - x))
        np.testing.assert_array_equal(found, pixels[t, c, z, y : height - 1, x:])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"compression": "zlib", "rowsperstrip": 7, "predictor": True},
        {"compression": "lzw"},
        {"tile": (32, 48)},
        {"tile": (16, 16), "compression": "zstd"},
        {"byteorder": ">"},
        {"byteorder": ">", "compression": "zlib", "tile": (16, 32)},
        {"bigtiff": True},
    ],
)
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_tiff_layouts(
    opener: Opener, tmp_path: Path, options: dict[str, Any], dtype: str
) -> None:
    pixels = numbers((53, 71), dtype)
    tifffile.imwrite(tmp_path / "a.tif", pixels, **options)
    image = opener.only_image(tmp_path / "a.tif")
    assert image.header.dtype == dtype
    check_planes(image, pixels[None, None, None])


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}, {"compression": "zlib"}])
def test_rgb_is_three_channels(
    opener: Opener, tmp_path: Path, planar: str, options: dict[str, Any]
) -> None:
    pixels = numbers((3, 40, 50), "uint8")
    stored = np.moveaxis(pixels, 0, -1) if planar == "contig" else pixels
    tifffile.imwrite(
        tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, **options
    )
    check_planes(opener.only_image(tmp_path / "a.tif"), pixels[None, :, None])


def test_imagej_hyperstack_with_pixel_size(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((2, 3, 4, 20, 30))  # t, z, c
    metadata = {"axes": "TZCYX", "unit": "um", "spacing": 0.5}
    resolution = (4.0, 2.0)
    tifffile.imwrite(
        tmp_path / "a.tif", pixels, imagej=True, metadata=metadata, resolution=resolution
    )
    image = opener.only_image(tmp_path / "a.tif")
    assert image.header.pixel_size_um == (0.5, 0.5, 0.25)
    check_planes(image, np.moveaxis(pixels, 1, 2))


def test_one_page_that_stands_for_many(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((2, 3, 20, 30))
    metadata = {"axes": "CZYX"}
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, pixels, metadata=metadata, truncate=True, photometric="minisblack")
    check_planes(opener.only_image(path), pixels[None])
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFile, match=r"a\.tif"):
        opener.only_image(path)


@pytest.mark.parametrize("order", ["TCZYX", "ZTCYX", "CTZYX"])
def test_ome_tiff_dimension_orders(opener: Opener, tmp_path: Path, order: str) -> None:
    pixels = numbers((2, 3, 4, 20, 30))  # t, c, z
    stored = np.transpose(pixels, ["TCZYX".index(axis) for axis in order])
    tifffile.imwrite(
        tmp_path / "a.ome.tif", stored, metadata={"axes": order}, photometric="minisblack"
    )
    check_planes(opener.only_image(tmp_path / "a.ome.tif"), pixels)


def test_ome_tiff_renamed_after_it_was_written(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((2, 20, 30))
    path = tmp_path / "new.ome.tif"
    uuid = "urn:uuid:713a2cad-eae2-51bf-a944-4db4bccdfdf9"
    text = (
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{uuid}">'
        '<Image ID="Image:0" Name="renamed"><Pixels ID="Pixels:0" DimensionOrder="XYCZT"'
        ' Type="uint16" SizeX="30" SizeY="20" SizeZ="1" SizeC="2" SizeT="1">'
        '<Channel ID="Channel:0:0" Color="-16776961"/><Channel ID="Channel:0:1"/>'
        '<TiffData IFD="0" PlaneCount="2"><UUID FileName="old.ome.tif">'
        f"{uuid}</UUID></TiffData>"
        "</Pixels></Image></OME>"
    )
    tifffile.imwrite(path, pixels, description=text, metadata=None, photometric="minisblack")
    image = opener.only_image(path)
    assert (image.header.name, image.header.channels[0].color) == ("renamed", "FF0000")
    check_planes(image, pixels[None, :, None])


def test_several_series_are_several_images(opener: Opener, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(numbers((20, 30)), metadata=None)
        out.write(numbers((40, 50), "uint8"), metadata=None)
    images = opener(tmp_path / "a.tif", tmp_path).images
    assert [image.header.dtype for image in images] == ["uint16", "uint8"]
    names = image_names("a.tif", [image.header.name for image in images])
    assert len(set(names)) == 2


@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (1, 1)])
@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif", "a.png"])
def test_images_of_one_pixel_height_or_width(
    opener: Opener, tmp_path: Path, shape: tuple[int, int], name: str
) -> None:
    pixels = numbers(shape, "uint8")
    path = tmp_path / name
    if name.endswith("png"):
        Image.fromarray(pixels).save(path)
    else:
        tifffile.imwrite(path, pixels, metadata={"axes": "YX"})
    image = opener.only_image(path)
    found = image.read(TileRegion(0, 0, 0, 0, 0, 0, *shape))
    np.testing.assert_array_equal(found, pixels)


def test_jpeg_in_colour(opener: Opener, tmp_path: Path) -> None:
    red = np.zeros((32, 48, 3), np.uint8)
    red[..., 0] = 250
    Image.fromarray(red).save(tmp_path / "a.jpg")
    image = opener.only_image(tmp_path / "a.jpg")
    means = [image.read(TileRegion(0, 0, c, 0, 0, 0, 32, 48)).mean() for c in range(3)]
    assert means[0] > 240
    assert max(means[1:]) < 10


@pytest.mark.parametrize(
    "name", ["Zelle 🔬 µm.tif", "細胞/核.tif", f"{'a' * 120}/{'b' * 180}.tif"]
)
def test_names_of_all_kinds(opener: Opener, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, numbers((8, 9)))
    assert opener.only_image(path).header.levels[0] == Level(8, 9)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.8, 0.99])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (64, 64)}])
def test_truncated_stacks_are_damaged(
    opener: Opener, tmp_path: Path, keep: float, options: dict[str, Any]
) -> None:
    whole = io.BytesIO()
    with tifffile.TiffWriter(whole) as out:
        for _ in range(5):
            out.write(numbers((100, 120)), metadata=None, contiguous=False, **options)
    content = whole.getvalue()
    path = tmp_path / "cut.tif"
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile):
        opener.only_image(path)


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_truncated_ome_tiff_is_damaged(opener: Opener, tmp_path: Path, keep: float) -> None:
    path = tmp_path / "cut.ome.tif"
    tifffile.imwrite(
        path, numbers((6, 64, 64)), metadata={"axes": "ZYX"}, photometric="minisblack"
    )
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile, match=r"cut\.ome\.tif|incomplete|completely"):
        opener.only_image(path)


def test_garbage_in_compressed_data_is_damaged(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, numbers((100, 100)), compression="zlib")
    with tifffile.TiffFile(path) as tif:
        offset, count = tif.pages[0].dataoffsets[0], tif.pages[0].databytecounts[0]
    content = bytearray(path.read_bytes())
    content[offset : offset + count] = b"\xff" * count
    path.write_bytes(content)
    image = opener.only_image(path)
    with pytest.raises(DamagedFile, match=r"a\.tif"):
        image.read(TileRegion(0, 0, 0, 0, 0, 0, 100, 100))


def test_complex_pixels_are_unsupported(opener: Opener, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", numbers((8, 8), "complex64"))
    with pytest.raises(UnsupportedFile):
        opener.only_image(tmp_path / "a.tif")
