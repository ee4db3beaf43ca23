"""Which pages of a TIFF are images, which are levels, and which only thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.microscope_tiffs import write_lsm, write_stk
from transferapp.errors import DamagedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import OpenFileset, ReadImage

__all__ = ["opener"]

RANDOM = np.random.default_rng(3)
_REDUCED = 1


def numbers(shape: tuple[int, ...], dtype: str = "uint16") -> Any:
    return RANDOM.integers(0, 200, shape).astype(dtype)


def sizes(fileset: OpenFileset) -> list[list[tuple[int, int]]]:
    for image in fileset.images:
        image.check()
    return [[(n.size_y, n.size_x) for n in image.header.levels] for image in fileset.images]


def plane(image: ReadImage, c: int = 0, z: int = 0, t: int = 0, level: int = 0) -> Any:
    size = image.header.levels[level]
    return image.read(TileRegion(level, t, c, z, 0, 0, size.size_y, size.size_x))


def check_planes(image: ReadImage, pixels: Any) -> None:
    """Compare all planes with ``pixels``, (t, z, c, y, x) of which the first may lack."""
    wanted = pixels.reshape((1,) * (5 - pixels.ndim) + pixels.shape)
    header = image.header
    assert (header.size_t, header.size_z, header.size_c) == wanted.shape[:3]
    for t, z, c in np.ndindex(*wanted.shape[:3]):
        np.testing.assert_array_equal(plane(image, c, z, t), wanted[t, z, c])


def write(path: Path, *pages: tuple[Any, dict[str, Any]]) -> Path:
    with tifffile.TiffWriter(path) as out:
        for pixels, options in pages:
            out.write(pixels, metadata=None, contiguous=False, **options)
    return path


def test_lsm_is_one_image_of_named_channels(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((2, 3, 40, 48), "uint8")
    colors = [(0, 0, 255), (255, 0, 0), (255, 255, 255)]
    write_lsm(tmp_path / "a.lsm", pixels, ["Ch1-T1", "Ch2-T2", "T PMT"], colors)
    image = opener.only_image(tmp_path / "a.lsm")
    header = image.header
    assert (header.size_t, header.size_c, header.size_z) == (1, 3, 2)
    assert [(hint.name, hint.color) for hint in header.channels] == [
        ("Ch1-T1", "0000FF"),
        ("Ch2-T2", "FF0000"),
        ("T PMT", "FFFFFF"),
    ]
    check_planes(image, pixels)


@pytest.mark.parametrize("axes", ["CYX", "ZCYX", "TZCYX", "QYX"])
@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)}])
def test_separate_samples_are_channels_whatever_their_letter(
    opener: Opener, tmp_path: Path, axes: str, photometric: Any, options: dict[str, Any]
) -> None:
    edges = {"T": 2, "Z": 4, "C": 3, "Q": 3, "Y": 20, "X": 30}
    pixels = numbers(tuple(edges[axis] for axis in axes))
    tifffile.imwrite(
        tmp_path / "a.tif",
        pixels,
        photometric=photometric,
        planarconfig="separate",
        metadata={"axes": axes},
        **options,
    )
    check_planes(opener.only_image(tmp_path / "a.tif"), pixels)


@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
def test_separate_samples_of_ome_tiff(opener: Opener, tmp_path: Path, photometric: Any) -> None:
    pixels = numbers((3, 20, 30))
    tifffile.imwrite(
        tmp_path / "a.ome.tif", pixels, photometric=photometric, planarconfig="separate"
    )
    check_planes(opener.only_image(tmp_path / "a.ome.tif"), pixels)


@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
@pytest.mark.parametrize("stated", [1, 3])
def test_samples_are_counted_by_the_page_not_by_the_xml(
    opener: Opener, tmp_path: Path, photometric: Any, stated: int
) -> None:
    channel = '<Channel ID="Channel:0:{0}" Name="c{0}" SamplesPerPixel="{1}"/>'
    text = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint16" SizeX="30" SizeY="20"'
        ' SizeZ="2" SizeC="3" SizeT="1">'
        + "".join(channel.format(c, stated) for c in range(3 // stated))
        + "<TiffData/></Pixels></Image></OME>"
    )
    pixels = numbers((2, 3, 20, 30))
    options = {"photometric": photometric, "planarconfig": "separate"}
    pages = [(pixels[0], {"description": text, **options}), (pixels[1], options)]
    image = opener.only_image(write(tmp_path / "a.ome.tif", *pages))
    check_planes(image, pixels)
    names = [hint.name for hint in image.header.channels]
    lights = ["Red", "Green", "Blue"] if photometric == "rgb" else ["1", "2", "3"]
    own = lights if photometric == "rgb" else ["c0", "c1", "c2"]
    assert names == (own if stated == 1 else [f"c0: {light}" for light in lights])


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}])
def test_imagej_stack_of_planar_colours(
    opener: Opener, tmp_path: Path, options: dict[str, Any]
) -> None:
    # As Bio-Formats writes them: the samples of a page are what ImageJ calls channels.
    pixels = numbers((2, 3, 20, 30), "uint8")
    text = "ImageJ=1.53t\nimages=2\nchannels=3\nslices=2\nhyperstack=true\n"
    options = {"photometric": "rgb", "planarconfig": "separate", **options}
    pages = [(pixels[0], {"description": text, **options}), (pixels[1], options)]
    image = opener.only_image(write(tmp_path / "a.tif", *pages))
    check_planes(image, pixels)


def test_imagej_stack_of_colours(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((4, 20, 30, 3), "uint8")
    tifffile.imwrite(tmp_path / "a.tif", pixels, imagej=True, metadata={"axes": "ZYXS"})
    image = opener.only_image(tmp_path / "a.tif")
    assert (image.header.size_c, image.header.size_z) == (3, 4)
    np.testing.assert_array_equal(plane(image, c=2, z=3), pixels[3, ..., 2])


def test_stk_planes_that_one_page_describes(opener: Opener, tmp_path: Path) -> None:
    pixels = numbers((3, 20, 30))
    write_stk(tmp_path / "a.stk", pixels, "Cy5", 0.645)
    image = opener.only_image(tmp_path / "a.stk")
    assert image.header.size_z == 3
    np.testing.assert_array_equal(plane(image, z=2), pixels[2])
    content = (tmp_path / "a.stk").read_bytes()
    (tmp_path / "cut.stk").write_bytes(content[:3000])
    with pytest.raises(DamagedFile):
        opener.only_image(tmp_path / "cut.stk")


@pytest.mark.parametrize("metadata", [None, {}])
@pytest.mark.parametrize("options", [{}, {"tile": (16, 16)}])
def test_a_page_of_half_the_size_is_an_image(
    opener: Opener, tmp_path: Path, metadata: Any, options: dict[str, Any]
) -> None:
    large, small = numbers((64, 80)), numbers((32, 40))
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for pixels in (large, small):
            out.write(pixels, metadata=metadata, contiguous=False, **options)
    fileset = opener(tmp_path / "a.tif")
    assert sizes(fileset) == [[(64, 80)], [(32, 40)]]
    np.testing.assert_array_equal(plane(fileset.images[1]), small)


@pytest.mark.parametrize("metadata", [None, {}])
def test_the_tag_makes_it_a_level(opener: Opener, tmp_path: Path, metadata: Any) -> None:
    pages = [numbers((65, 81)), numbers((32, 40)), numbers((16, 20)), numbers((4, 5))]
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        for n, pixels in enumerate(pages):
            out.write(pixels, metadata=metadata, contiguous=False, subfiletype=min(n, _REDUCED))
    fileset = opener(tmp_path / "a.tif")
    assert sizes(fileset) == [[(65, 81), (32, 40), (16, 20), (4, 5)]]
    np.testing.assert_array_equal(plane(fileset.images[0], level=3), pages[3])


@pytest.mark.parametrize("metadata", [None, {}])
@pytest.mark.parametrize("subfiletype", [0, _REDUCED])
def test_sub_pages_are_levels(
    opener: Opener, tmp_path: Path, metadata: Any, subfiletype: int
) -> None:
    stack = numbers((3, 64, 80))
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(stack, subifds=1, metadata=metadata, photometric="minisblack")
        out.write(
            stack[:, ::2, ::2],
            subfiletype=subfiletype,
            metadata=metadata,
            photometric="minisblack",
        )
    fileset = opener(tmp_path / "a.tif")
    assert sizes(fileset) == [[(64, 80), (32, 40)]]
    np.testing.assert_array_equal(plane(fileset.images[0], z=2, level=1), stack[2, ::2, ::2])


def test_two_pyramids_in_one_file(opener: Opener, tmp_path: Path) -> None:
    reduced = {"subfiletype": _REDUCED}
    path = write(
        tmp_path / "a.tif",
        (numbers((64, 80)), {}),
        (numbers((32, 40)), reduced),
        (numbers((128, 160)), {}),
        (numbers((64, 80)), reduced),
    )
    # tifffile joins pages of one size in one series: the levels would change places.
    assert sizes(opener(path)) == [[(64, 80), (32, 40)], [(128, 160), (64, 80)]]


def test_a_thumbnail_is_no_image(opener: Opener, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tif",
        (numbers((400, 600)), {}),
        (numbers((30, 40), "uint8"), {"subfiletype": _REDUCED}),
    )
    assert sizes(opener(path)) == [[(400, 600)]]


def test_a_lone_page_is_an_image_whatever_it_states(opener: Opener, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (numbers((40, 60)), {"subfiletype": _REDUCED}))
    assert sizes(opener(path)) == [[(40, 60)]]
