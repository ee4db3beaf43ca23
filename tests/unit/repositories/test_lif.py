"""Leica LIF, made in code: every number is the one that was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.support.lif_files import LifPicture, folder, write_lif_of
from tests.support.local_images import Opener, opener
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import numbers
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import TileRegion

__all__ = ["opener"]

pytest.importorskip("liffile", reason="needs the extra 'readers'")


@pytest.mark.parametrize("dtype", ["u1", "<u2", "<u4", "<f4"])
@pytest.mark.parametrize("version", [1, 2])
def test_pixels_sizes_and_channels(
    opener: Opener, tmp_path: Path, dtype: str, version: int
) -> None:
    written = numbers((2, 3, 6, 8), dtype)
    path = tmp_path / "a.lif"
    write_lif_of(path, LifPicture("cells", written, dyes=("DAPI", "GFP")), version=version)
    [image] = opener(path).images
    assert image.header.name == "cells"
    assert image.header.dtype == np.dtype(dtype).name
    assert image.header.pixel_size_um == pytest.approx((1.0, 0.25, 0.25))
    hints = [(hint.name, hint.color) for hint in image.header.channels]
    assert hints == [("DAPI", "00FF00"), ("GFP", "FF0000")]
    assert np.array_equal(planes_of(image)[0], written)


@pytest.mark.parametrize("axes", ["TZCYX", "ZTCYX", "CTZYX", "TCZYX"])
def test_axes_in_any_order(opener: Opener, tmp_path: Path, axes: str) -> None:
    written = numbers((2, 3, 4, 6, 8), "<u2")
    path = tmp_path / "a.lif"
    write_lif_of(path, LifPicture("a", written, axes))
    image = opener.only_image(path)
    wanted = np.transpose(written, [axes.index(axis) for axis in "TCZYX"])
    assert np.array_equal(planes_of(image), wanted)


def test_wavelengths_follow_in_time(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.lif"
    alone, in_times = numbers((5, 6, 8), "<u2"), numbers((3, 5, 6, 8), "<u2")
    in_slices = numbers((2, 5, 6, 8), "<u2")
    write_lif_of(
        path,
        LifPicture("alone", alone, "LYX"),
        LifPicture("times", in_times, "TLYX"),
        LifPicture("slices", in_slices, "ZLYX"),
    )
    images = opener(path).images
    assert np.array_equal(planes_of(images[0])[:, 0, 0], alone)
    assert np.array_equal(planes_of(images[1])[:, 0, 0], in_times.reshape(15, 6, 8))
    assert np.array_equal(planes_of(images[2])[:, 0], np.swapaxes(in_slices, 0, 1))


def test_tiles_are_images_of_their_own(opener: Opener, tmp_path: Path) -> None:
    written = numbers((3, 2, 6, 8), "u1")
    write_lif_of(tmp_path / "a.lif", LifPicture("mosaic", written, "MCYX"))
    images = opener(tmp_path / "a.lif").images
    assert [image.header.name for image in images] == ["mosaic"] * 3
    for image, tile in zip(images, written, strict=True):
        assert np.array_equal(planes_of(image)[0, :, 0], tile)


def test_names_report_the_folders_and_may_be_the_same(opener: Opener, tmp_path: Path) -> None:
    plane = numbers((1, 1, 6, 8), "u1")
    inner = folder("deep", LifPicture("c", plane))
    write_lif_of(
        tmp_path / "a.lif",
        folder("sub", LifPicture("a", plane), inner),
        LifPicture("z", plane),
        LifPicture("z", plane + np.uint8(1)),
    )
    images = opener(tmp_path / "a.lif").images
    assert [image.header.name for image in images] == ["sub/a", "sub/deep/c", "z", "z"]
    assert np.array_equal(planes_of(images[3])[0], plane + np.uint8(1))


@pytest.mark.parametrize("dtype", ["u1", "<u2"])
def test_colours_are_red_first(opener: Opener, tmp_path: Path, dtype: str) -> None:
    blue_first = numbers((2, 6, 8, 3), dtype)
    write_lif_of(tmp_path / "a.lif", LifPicture("a", blue_first, "ZYXS"))
    image = opener.only_image(tmp_path / "a.lif")
    assert [hint.name for hint in image.header.channels] == ["Red", "Green", "Blue"]
    wanted = np.moveaxis(blue_first[..., ::-1], -1, 0)
    assert np.array_equal(planes_of(image)[0], wanted)


def test_a_section_through_z_has_rows_of_z(opener: Opener, tmp_path: Path) -> None:
    written = numbers((5, 8), "<u2")
    write_lif_of(tmp_path / "a.lif", LifPicture("xz", written, "ZX"))
    image = opener.only_image(tmp_path / "a.lif")
    assert image.header.pixel_size_um == pytest.approx((None, 1.0, 0.25))
    assert np.array_equal(planes_of(image)[0, 0, 0], written)


def test_rows_of_time_have_no_length(opener: Opener, tmp_path: Path) -> None:
    write_lif_of(tmp_path / "a.lif", LifPicture("xt", numbers((5, 8), "<u2"), "TX"))
    image = opener.only_image(tmp_path / "a.lif")
    assert image.header.pixel_size_um == pytest.approx((None, None, 0.25))


def test_lengths_may_be_in_inches(opener: Opener, tmp_path: Path) -> None:
    write_lif_of(tmp_path / "a.lif", LifPicture("a", numbers((1, 1, 6, 8), "u1"), unit="inch"))
    image = opener.only_image(tmp_path / "a.lif")
    assert image.header.pixel_size_um == pytest.approx((None, 0.00635, 0.00635))


def test_the_date_is_the_first_planes(opener: Opener, tmp_path: Path) -> None:
    # 100 ns since 1601, of 2021-01-30 11:33:20.
    stamps = 132_564_800_000_000_000, 132_564_801_000_000_000
    path = tmp_path / "a.lif"
    write_lif_of(path, LifPicture("a", numbers((1, 1, 6, 8), "u1"), stamps=stamps))
    image = opener.only_image(path)
    assert image.header.acquired_at == datetime(2021, 1, 30, 11, 33, 20, tzinfo=UTC)


def test_a_region_costs_a_region(opener: Opener, tmp_path: Path) -> None:
    written = numbers((2, 3, 50, 70), "<u2")
    write_lif_of(tmp_path / "a.lif", LifPicture("a", written))
    image = opener.only_image(tmp_path / "a.lif")
    part = image.read(TileRegion(0, 0, 1, 2, 11, 20, 30, 40))
    assert np.array_equal(part, written[1, 2, 11:41, 20:60])


@pytest.mark.parametrize("cut", [1, 47, 3000])
def test_a_file_that_was_cut_short_is_damaged(opener: Opener, tmp_path: Path, cut: int) -> None:
    written = numbers((1, 1, 60, 80), "u1")
    path = tmp_path / "cut.lif"
    write_lif_of(path, LifPicture("a", written), LifPicture("b", written))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedFile, match=r"cut\.lif") as caught:
        opener(path)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('NumberOfElements="8"', 'NumberOfElements="-8"'),
        ('NumberOfElements="8"', 'NumberOfElements="9999999"'),
        ('DimID="2"', 'DimID="1"'),
        ('DimID="1"', 'DimID="7"'),
        ('Resolution="16"', 'Resolution="0"'),
        ('BytesInc="16"', 'BytesInc="-16"'),
        ("MemoryBlockID=", "NoBlockID="),
        ("</Channels>", ""),
    ],
)
def test_nonsense_is_damage(opener: Opener, tmp_path: Path, was: str, now: str) -> None:
    path = tmp_path / "a.lif"
    write_lif_of(path, LifPicture("a", numbers((1, 1, 6, 8), "<u2")))
    content, old = path.read_bytes(), was.encode("utf-16-le")
    assert old in content
    path.write_bytes(content.replace(old, now.ljust(len(was)).encode("utf-16-le")))
    with pytest.raises(DamagedFile, match=r"a\.lif"):
        opener(path)


def test_other_leica_files_are_refused(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.lif"
    content = "<LMSDataContainerEnhancedHeader Version='2'/>".encode("utf-16-le")
    head = b"\x70\0\0\0" + (len(content) + 5).to_bytes(4, "little") + b"\x2a"
    path.write_bytes(head + (len(content) // 2).to_bytes(4, "little") + content)
    with pytest.raises(UnsupportedFile, match="another kind of Leica file"):
        opener(path)
