"""Every page of a TIFF is read by its own tags, wherever in the file it lies.

tifffile looks at pages 0, 1, 7 and the last; the odd page here is number 5 of 12. What
Bio-Formats 7.3.1 makes of such files was asked with its jar.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.microscope_tiffs import write_lsm
from tests.support.ome_files import SHAPE, image as ome_image, ome
from transferapp.errors import DamagedFile, SourceProblem
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

HEIGHT, WIDTH, ODD, COUNT = 48, 64, 5, 12
GREY: dict[str, Any] = {"photometric": "minisblack"}
ZLIB: dict[str, Any] = {"compression": "zlib", **GREY}


def page(number: int, height: int = HEIGHT, width: int = WIDTH, dtype: str = "uint8") -> Any:
    return (np.full((height, width), number) + np.arange(width) // 2).astype(dtype)


def write(
    path: Path, odd: Any, odd_options: dict[str, Any], options: dict[str, Any], first: str = ""
) -> Path:
    with tifffile.TiffWriter(path) as out:
        for n in range(COUNT):
            pixels, how = (odd, odd_options) if n == ODD else (page(n), options)
            text = first if n == 0 and first else None
            out.write(pixels, metadata=None, contiguous=False, description=text, **how)
    return path


def plane(image: ReadImage, z: int, c: int = 0) -> Any:
    full = image.header.levels[0]
    return image.read(TileRegion(0, 0, c, z, 0, 0, full.size_y, full.size_x))


@pytest.mark.parametrize(
    ("odd", "others"),
    [
        (ZLIB, GREY),
        (GREY, ZLIB),
        ({"rowsperstrip": 5, **GREY}, GREY),
        ({"rowsperstrip": 5, **ZLIB}, ZLIB),
        ({"tile": (16, 16), **GREY}, GREY),
        ({"predictor": True, **ZLIB}, ZLIB),
        ({"photometric": "miniswhite"}, GREY),
    ],
)
@pytest.mark.parametrize("first", ["", "ImageJ=1.54f\nimages=12\nslices=12\n"])
def test_a_page_that_is_stored_otherwise_stays_in_its_stack(
    opener: Opener, tmp_path: Path, odd: dict[str, Any], others: dict[str, Any], first: str
) -> None:
    image = opener.only_image(write(tmp_path / "a.tif", page(ODD), odd, others, first))
    image.check()
    assert image.header.size_z == COUNT
    for n in range(COUNT):
        # Inverted grey becomes brightness, page by page.
        inverted = n == ODD and odd["photometric"] == "miniswhite"
        np.testing.assert_array_equal(plane(image, n), 255 - page(n) if inverted else page(n))


@pytest.mark.parametrize(
    "odd",
    [
        page(300, dtype="uint16"),
        page(ODD, 40, 64),
        page(ODD, 60, 80),
        np.dstack([page(1), page(2), page(3)]),
    ],
)
@pytest.mark.parametrize("first", ["", "ImageJ=1.54f\nimages=12\nslices=12\n"])
def test_a_page_that_is_something_else_is_an_image_of_its_own(
    opener: Opener, tmp_path: Path, odd: Any, first: str
) -> None:
    how = {"photometric": "rgb"} if odd.ndim == 3 else GREY
    fileset = opener(write(tmp_path / "a.tif", odd, how, GREY, first))
    stack, other = fileset.images
    for image in fileset.images:
        image.check()
    assert stack.header.size_z == COUNT - 1
    kept = [n for n in range(COUNT) if n != ODD]
    for z, n in enumerate(kept):
        np.testing.assert_array_equal(plane(stack, z), page(n))
    assert other.header.dtype == odd.dtype.name
    shown = odd if odd.ndim == 3 else odd[..., None]
    for c in range(other.header.size_c):
        np.testing.assert_array_equal(plane(other, 0, c), shown[..., c])


def test_axes_that_tifffile_wrote_do_not_hold_for_other_pages(
    opener: Opener, tmp_path: Path
) -> None:
    text = f'{{"shape": [{COUNT}, {HEIGHT}, {WIDTH}], "axes": "TYX"}}'
    path = write(tmp_path / "a.tif", page(ODD), {"predictor": True, **ZLIB}, ZLIB, text)
    image = opener.only_image(path)
    for n in range(COUNT):
        np.testing.assert_array_equal(plane(image, n), page(n))


def test_pages_that_alternate_are_two_stacks(opener: Opener, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for n in range(20):
            dtype = "uint16" if n % 2 else "uint8"
            out.write(page(n, dtype=dtype), metadata=None, contiguous=False, **GREY)
    one, two = opener(tmp_path / "a.tif").images
    assert (one.header.dtype, two.header.dtype) == ("uint8", "uint16")
    for n in range(20):
        np.testing.assert_array_equal(plane((one, two)[n % 2], n // 2)[0, 0], n)


def test_many_pages_cost_little_more_than_their_frames(opener: Opener, tmp_path: Path) -> None:
    """tifffile's own look at each page compares it with all pages before it."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for n in range(3000):
            how = ZLIB if n == 1500 else GREY
            out.write(page(n % 200, 4, 4), metadata=None, contiguous=False, **how)
    image: Any = opener.only_image(tmp_path / "a.tif")
    read = image._levels[0].pages  # what is kept of each page
    assert sum(isinstance(one, tifffile.TiffPage) for one in read) == 2
    np.testing.assert_array_equal(plane(image, 1500), page(100, 4, 4))


def test_a_page_below_another_is_none_of_the_stack(opener: Opener, tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for n in range(3):
            out.write(page(n), subifds=1, metadata=None, contiguous=False, **GREY)
            out.write(page(100 + n), metadata=None, contiguous=False, **GREY)
    stack = opener(tmp_path / "a.tif").images[0]
    assert stack.header.size_z == 3
    for n in range(3):
        np.testing.assert_array_equal(plane(stack, n), page(n))


def change_tag(path: Path, number: int, name: str, value: int) -> None:
    with tifffile.TiffFile(path) as tif:
        at = tif.pages[number].aspage().tags[name].valueoffset
    content = bytearray(path.read_bytes())
    content[at : at + 2] = struct.pack("<H", value)
    path.write_bytes(content)


def test_an_lsm_whose_pages_differ_is_refused(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.lsm"
    write_lsm(path, np.ones((6, 1, 40, 48), np.uint8), ["Ch1"], [(0, 0, 255)])
    opener.only_image(path)
    change_tag(path, 4, "BitsPerSample", 4)
    with pytest.raises(DamagedFile, match="page 5"):
        opener(path)


@pytest.mark.parametrize(
    "odd", [page(300, *SHAPE, dtype="uint16"), page(1, 6, 16), np.dstack([page(1, *SHAPE)] * 3)]
)
def test_an_ome_tiff_whose_pages_differ_is_refused(
    opener: Opener, tmp_path: Path, odd: Any
) -> None:
    text = ome(ome_image(sizes=(COUNT, 1, 1)))
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path) as out:
        for n in range(COUNT):
            pixels = odd if n == ODD else page(n, *SHAPE)
            how = {"photometric": "rgb"} if pixels.ndim == 3 else GREY
            first = text if n == 0 else None
            out.write(pixels, metadata=None, contiguous=False, description=first, **how)
    (candidate,) = group(scan([path]))
    result = preflight(candidate, PreflightSettings(still_writing_s=-1))
    assert result.blocked
    assert "page 6 is of another size or pixel type" in result.sentence
    # Whoever uploads it all the same is told by the reader.
    (image,) = opener(path).images
    with pytest.raises(DamagedFile, match="Page 6"):
        image.check()
    with pytest.raises(DamagedFile, match="Page 6"):
        plane(image, ODD)


def test_pages_of_ome_tiff_may_be_packed_each_its_way(opener: Opener, tmp_path: Path) -> None:
    text = ome(ome_image(sizes=(2, 1, 1)))
    path = tmp_path / "a.ome.tif"
    with tifffile.TiffWriter(path) as out:
        pixels = page(1, *SHAPE), page(2, *SHAPE)
        out.write(pixels[0], metadata=None, contiguous=False, description=text, **ZLIB)
        out.write(pixels[1], metadata=None, contiguous=False, **GREY)
    image = opener.only_image(path)
    image.check()
    for z in range(2):
        np.testing.assert_array_equal(plane(image, z), pixels[z])


def test_broken_bytes_are_reported_as_damage(opener: Opener, tmp_path: Path) -> None:
    """Whatever bytes are wrong: a reader answers with pixels or in words."""
    path = tmp_path / "a.tif"
    write(path, page(ODD), {"predictor": True, **ZLIB}, ZLIB, "ImageJ=1.54f\nimages=12\n")
    whole = path.read_bytes()
    chance = np.random.default_rng(8)
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            content[chance.integers(len(content))] = int(chance.choice((0, 1, 5, 16, 255)))
        path.write_bytes(content)
        try:
            for image in opener(path).images:
                image.check()
        except SourceProblem:
            continue
