"""MRC, made in code."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from tests.support.local_images import Opener, opener
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import numbers, write_mrc
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import TileRegion

__all__ = ["opener"]

pytest.importorskip("mrcfile", reason="needs the extra 'readers'")


@pytest.mark.parametrize(
    ("dtype", "shown"),
    [
        ("|i1", "int8"),
        ("|u1", "uint8"),
        ("<i2", "int16"),
        (">i2", "int16"),
        ("<u2", "uint16"),
        ("<f4", "float32"),
        (">f4", "float32"),
        ("<f2", "float32"),
    ],
)
def test_numbers_are_those_of_the_file_and_rows_in_its_order(
    opener: Opener, tmp_path: Path, dtype: str, shown: str
) -> None:
    written = numbers((3, 5, 7), dtype)
    image = opener.only_image(write_mrc(tmp_path / "a.mrc", written)[0])
    assert image.header.dtype == shown
    assert image.header.pixel_size_um == pytest.approx((0.001, 0.001, 0.001))
    assert np.array_equal(planes_of(image)[0, 0], written.astype(shown))


def test_a_region_behind_an_extended_header(opener: Opener, tmp_path: Path) -> None:
    written = numbers((3, 50, 70), "<i2")
    [path] = write_mrc(tmp_path / "a.st", written, extended=b"SERI" * 100)
    image = opener.only_image(path)
    part = image.read(TileRegion(0, 0, 0, 2, 11, 20, 30, 40))
    assert np.array_equal(part, written[2, 11:41, 20:60])


def test_pixel_sizes_are_those_of_the_axes_that_rows_run_along(
    opener: Opener, tmp_path: Path
) -> None:
    # Columns run along z of the cell, rows along x, sections along y.
    written, cell = numbers((4, 5, 7), "<f4"), (5 * 20.0, 4 * 30.0, 7 * 10.0)
    [path] = write_mrc(tmp_path / "a.map", written, axes=(3, 1, 2), cell=cell)
    image = opener.only_image(path)
    assert image.header.pixel_size_um == pytest.approx((0.003, 0.002, 0.001))


@pytest.mark.parametrize("edge", [0.0, -40.0])
def test_a_cell_without_a_size_reports_none(
    opener: Opener, tmp_path: Path, edge: float
) -> None:
    [path] = write_mrc(tmp_path / "a.mrc", numbers((1, 4, 4), "<i2"), cell=(edge, edge, edge))
    assert opener.only_image(path).header.pixel_size_um == (None, None, None)


def test_complex_numbers_and_old_forms_are_refused(opener: Opener, tmp_path: Path) -> None:
    [path] = write_mrc(tmp_path / "a.mrc", numbers((1, 4, 4), "<f4").astype("<c8"))
    with pytest.raises(UnsupportedFile, match="stored in mode 4"):
        opener(path)
    [old] = write_mrc(tmp_path / "old.mrc", numbers((1, 4, 4), "<i2"), mark=bytes(4))
    with pytest.raises(UnsupportedFile, match="cannot be read here"):
        opener(old)
    packed = tmp_path / "packed.mrc"
    packed.write_bytes(gzip.compress(path.read_bytes(), 0))
    with pytest.raises(UnsupportedFile, match=r"packed\.mrc"):
        opener(packed)


@pytest.mark.parametrize("length", [300, 1024, 1024 + 3 * 5 * 7 * 2 - 1])
def test_a_file_that_was_cut_short_is_damaged(
    opener: Opener, tmp_path: Path, length: int
) -> None:
    [path] = write_mrc(tmp_path / "cut.mrc", numbers((3, 5, 7), "<i2"))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises((DamagedFile, UnsupportedFile), match=r"cut\.mrc") as caught:
        opener(path)
    assert str(tmp_path) not in caught.value.message


def test_a_header_of_nonsense_is_damage(opener: Opener, tmp_path: Path) -> None:
    [path] = write_mrc(tmp_path / "a.mrc", numbers((3, 5, 7), "<i2"))
    content = path.read_bytes()
    path.write_bytes((-7).to_bytes(4, "little", signed=True) + content[4:])
    with pytest.raises(DamagedFile, match="makes no sense"):
        opener(path)
    path.write_bytes(content[:92] + (-9000).to_bytes(4, "little", signed=True) + content[96:])
    with pytest.raises(DamagedFile, match=r"a\.mrc"):
        opener(path)
