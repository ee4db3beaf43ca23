"""What the embedded repository makes of files that it reads through Bio-Formats.

The numbers are those that were written; where Bio-Formats 7.3.1 shows others (MRC's rows),
the test says so. ``-m oracle`` compares with Bio-Formats itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.bio_formats_here import bio_formats, places
from tests.support.fluoview_files import write_oib
from tests.support.imaris_files import write_imaris
from tests.support.local_images import whole_plane
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import (
    numbers,
    write_dicom,
    write_ics,
    write_lif,
    write_metamorph,
    write_mrc,
    write_operetta,
)
from transferapp.bioformats.port import BioFormats
from transferapp.errors import DamagedFile, TransferAppError, UnsupportedFile
from transferapp.model.images import Level, TileRegion
from transferapp.repositories.local.readers.bio_formats import NAME
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.port import OpenFileset, WellPosition

__all__ = ["bio_formats", "places"]


_Opened = Callable[..., OpenFileset]


@pytest.fixture
def opened(bio_formats: BioFormats) -> Iterator[_Opened]:
    made: list[OpenFileset] = []

    def open_one(files: list[Path], reader: str | None = None) -> OpenFileset:
        made.append(open_fileset(files[0], files[0].parent, bio_formats, reader))
        return made[-1]

    yield open_one
    for fileset in made:
        fileset.close()


@pytest.mark.parametrize("dtype", ["|u1", "|i1", "<u2", ">u2", ">i2", "<f4", ">f8"])
@pytest.mark.parametrize("is_pair", [True, False])
def test_every_pixel_type_and_byte_order(
    opened: _Opened, tmp_path: Path, dtype: str, is_pair: bool
) -> None:
    written = numbers((2, 3, 5, 7), dtype)
    files = write_ics(tmp_path / "x.ics", written, is_pair=is_pair)
    [image] = opened(files).images
    assert image.header.dtype == np.dtype(dtype).newbyteorder("=").name
    assert image.header.pixel_size_um == (1.5, 0.25, 0.25)
    assert np.array_equal(planes_of(image), written[None])


@pytest.mark.parametrize("dtype", ["<i4", ">u4"])
def test_integers_of_32_bits_in_ics_are_as_bio_formats_has_them(
    opened: _Opened, tmp_path: Path, dtype: str
) -> None:
    """Their bytes are swapped, in either order: seen with Bio-Formats 7.3.1, ICSReader."""
    written = numbers((1, 1, 5, 7), dtype)
    [image] = opened(write_ics(tmp_path / "x.ics", written)).images
    assert np.array_equal(planes_of(image)[0], written.astype(image.header.dtype).byteswap())


def test_a_region_is_cut_out_of_its_plane(opened: _Opened, tmp_path: Path) -> None:
    written = numbers((2, 3, 50, 70), "<u2")
    [image] = opened(write_ics(tmp_path / "x.ics", written)).images
    part = image.read(TileRegion(0, 0, 1, 2, 11, 20, 30, 40))
    assert np.array_equal(part, written[1, 2, 11:41, 20:60])


@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<f4", "<u2"])
def test_mrc(opened: _Opened, tmp_path: Path, dtype: str) -> None:
    written = numbers((3, 5, 7), dtype)
    [image] = opened(write_mrc(tmp_path / "x.mrc", written), NAME).images
    assert image.header.pixel_size_um == (0.001, 0.001, 0.001)
    # The last row first: seen with Bio-Formats 7.3.1, MRCReader (docs/formats.md).
    assert np.array_equal(planes_of(image)[0, 0], written[:, ::-1])


def test_dicom_is_known_by_its_content(opened: _Opened, tmp_path: Path) -> None:
    # Bio-Formats looks at 2 kB to know a DICOM file that has no suffix.
    written = numbers((36, 48), "<i2")
    assert written.min() < 0
    [image] = opened(write_dicom(tmp_path / "IM000001", written), NAME).images
    assert image.header.pixel_size_um == (None, 2.0, 1.0)
    assert np.array_equal(planes_of(image)[0, 0, 0], written)


def test_colours_are_channels_red_first(opened: _Opened, tmp_path: Path) -> None:
    written = numbers((6, 8, 3), "u1")
    [image] = opened(write_dicom(tmp_path / "x.dcm", written), NAME).images
    assert [hint.name for hint in image.header.channels] == ["Red", "Green", "Blue"]
    assert np.array_equal(planes_of(image)[0, :, 0], np.moveaxis(written, -1, 0))


def test_a_palette_becomes_its_colours(opened: _Opened, tmp_path: Path) -> None:
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 200, 0, 10, 20, 30])
    picture.save(tmp_path / "x.gif")
    [image] = opened([tmp_path / "x.gif"]).images
    assert planes_of(image)[0, :, 0].tolist() == [
        [[255, 0], [10, 0]],
        [[0, 200], [20, 200]],
        [[0, 0], [30, 0]],
    ]
    assert [hint.color for hint in image.header.channels] == ["FF0000", "00FF00", "0000FF"]


def test_lif_holds_images_with_names_and_colours(opened: _Opened, tmp_path: Path) -> None:
    first, second = numbers((2, 3, 6, 8), "<u2"), numbers((1, 1, 6, 8), "u1")
    files = write_lif(tmp_path / "x.lif", {"cells": first, "overview": second})
    images = opened(files, NAME).images
    assert [image.header.name for image in images] == ["cells", "overview"]
    assert [hint.color for hint in images[0].header.channels] == ["00FF00", "FF0000"]
    assert images[0].header.pixel_size_um == pytest.approx((0.5, 0.5, 0.5))
    assert np.array_equal(planes_of(images[0])[0], first)
    assert np.array_equal(planes_of(images[1])[0], second)


def test_oib(opened: _Opened, tmp_path: Path) -> None:
    written = numbers((2, 20, 30), "<u2")
    [image] = opened(write_oib(tmp_path / "x.oib", written), NAME).images
    assert image.header.pixel_size_um[1:] == (0.25, 0.25)
    assert np.array_equal(planes_of(image)[0, :, 0], written)


def test_imaris(opened: _Opened, tmp_path: Path) -> None:
    written = numbers((1, 2, 3, 20, 30), "<u2")
    [image] = opened(write_imaris(tmp_path / "x.ims", [written]), NAME).images
    assert np.array_equal(planes_of(image), written)


def test_levels_of_a_pyramid(opened: _Opened, tmp_path: Path) -> None:
    whole = np.tile(numbers((64, 96), "u1"), (4, 4))
    Image.fromarray(whole).save(tmp_path / "x.jp2", num_resolutions=3, irreversible=False)
    [image] = opened([tmp_path / "x.jp2"]).images
    # Seen with Bio-Formats 7.3.1, JPEG2000Reader.
    assert image.header.levels[:3] == (Level(256, 384), Level(128, 192), Level(64, 96))
    assert np.array_equal(whole_plane(image), whole)
    assert whole_plane(image, level=2).shape == (64, 96)


def test_a_plate(opened: _Opened, tmp_path: Path) -> None:
    planes = {
        (row, column, field, channel): numbers((8, 9), "u2") + 1000 * field + 100 * column + row
        for row, column in ((1, 1), (2, 3))
        for field in (1, 2)
        for channel in (1, 2)
    }
    fileset = opened(write_operetta(tmp_path, planes))
    assert fileset.plates == ["P7"]
    places = [image.header.well for image in fileset.images]
    assert places == [WellPosition(*at) for at in ((0, 0, 0), (0, 0, 1), (1, 2, 0), (1, 2, 1))]
    last = fileset.images[-1]
    assert [hint.name for hint in last.header.channels] == ["dye 1", "dye 2"]
    assert np.array_equal(whole_plane(last, c=1), planes[2, 3, 2, 2])


def test_what_ours_refuses_is_read_by_bio_formats(opened: _Opened, tmp_path: Path) -> None:
    """An MRC of before the mark: ours opens what it knows, Bio-Formats the rest."""
    written = numbers((3, 5, 7), "<i2")
    fileset = opened(write_mrc(tmp_path / "x.mrc", written, mark=bytes(4)))
    assert fileset.reader == NAME
    assert np.array_equal(planes_of(fileset.images[0])[0, 0], written[:, ::-1])


def test_what_ours_reads_is_not_asked_of_bio_formats(opened: _Opened, tmp_path: Path) -> None:
    fileset = opened(write_mrc(tmp_path / "x.mrc", numbers((3, 5, 7), "<i2")))
    assert fileset.reader == ""


def test_a_set_that_its_first_tiff_opens_is_not_that_tiff_alone(
    opened: _Opened, tmp_path: Path
) -> None:
    files = write_metamorph(tmp_path, [numbers((8, 9), "u2"), numbers((8, 9), "u2") + 1])
    [image] = opened(files).images
    assert [hint.name for hint in image.header.channels] == ["491", "561"]
    assert planes_of(image)[0, :, 0, 0, 1].tolist() == [7, 8]
    lone = tmp_path / "lone"
    lone.mkdir()
    [alone] = opened([files[0].rename(lone / files[0].name)]).images
    assert alone.header.size_c == 1


def test_a_file_outside_of_the_fileset_is_not_shown(opened: _Opened, tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    for z in range(2):
        Image.fromarray(numbers((4, 4), "u1")).save(others / f"z{z}.tif")
    own = tmp_path / "own"
    own.mkdir()
    (own / "x.pattern").write_text(f"{others}/z<0-1>.tif")
    with pytest.raises(UnsupportedFile, match="outside of its own folder"):
        opened([own / "x.pattern"])


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("x.xyz", b"no image" * 20, UnsupportedFile),
        ("x.lif", b"p\0\0\0\x10\0\0\0*\x02\0\0\0x\0", TransferAppError),
        ("x.ics", b"\t\nics_version\t1.0\nend\n", TransferAppError),
        ("x.png", b"no image" * 20, DamagedFile),
        ("Index.xml", b"<?xml version='1.0'?><a/>", DamagedFile),
    ],
)
def test_what_nobody_reads_is_an_error_with_a_name(
    opened: _Opened, tmp_path: Path, name: str, content: bytes, error: type[Exception]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=name):
        opened([path])


def test_without_bio_formats_its_formats_are_refused(tmp_path: Path) -> None:
    files = write_ics(tmp_path / "x.ics", numbers((1, 1, 2, 2), "<i2"), is_pair=False)
    with pytest.raises(UnsupportedFile, match=r"No reader knows the format of 'x\.ics'"):
        open_fileset(files[0], tmp_path)
