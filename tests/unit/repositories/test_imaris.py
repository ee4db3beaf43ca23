"""Imaris 5.5, made in code."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("h5py", reason="needs the extra 'readers'")

import h5py

from tests.support.imaris_files import write_imaris
from tests.support.local_images import Opener, opener, whole_plane
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import numbers
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion

__all__ = ["opener"]


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<u4", "<f4"])
@pytest.mark.parametrize("fill_to", [1, 16])
def test_pixels_sizes_and_channels(
    opener: Opener, tmp_path: Path, dtype: str, fill_to: int
) -> None:
    written = numbers((2, 3, 4, 20, 30), dtype)
    [path] = write_imaris(tmp_path / "a.ims", [written], fill_to=fill_to)
    image = opener.only_image(path)
    header = image.header
    assert header.dtype == np.dtype(dtype).newbyteorder("=").name
    assert header.levels == (Level(20, 30),)
    assert header.pixel_size_um == pytest.approx((0.5, 0.25, 0.25))
    assert header.acquired_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    hints = [(hint.name, hint.color, hint.window) for hint in header.channels]
    assert hints == [
        ("dye 0", "00FF00", (10, 4000)),
        ("dye 1", "FF7F00", (10, 4000)),
        ("dye 2", "0000FF", (10, 4000)),
    ]
    assert np.array_equal(planes_of(image), written)


def test_levels_are_those_that_have_all_slices(opener: Opener, tmp_path: Path) -> None:
    whole = numbers((1, 2, 4, 64, 96), "<u2")
    half, joined = whole[..., ::2, ::2], whole[..., ::2, ::4, ::4]
    [path] = write_imaris(tmp_path / "a.ims", [whole, half, joined])
    image = opener.only_image(path)
    assert image.header.levels == (Level(64, 96), Level(32, 48))
    assert np.array_equal(whole_plane(image, c=1, z=3, level=1), half[0, 1, 3])
    part = image.read(TileRegion(1, 0, 1, 3, 7, 11, 20, 30))
    assert np.array_equal(part, half[0, 1, 3, 7:27, 11:41])


def test_what_is_not_stated_is_not_known(opener: Opener, tmp_path: Path) -> None:
    stated: dict[str, object] = {"Unit": "pixel", "ExtMin2": "nothing"}
    written = numbers((1, 1, 2, 4, 4), "u1")
    [path] = write_imaris(tmp_path / "a.ims", [written], stated=stated, date="once")
    with h5py.File(path, "r+") as file:
        del file["DataSetInfo/Channel 0"]
    header = opener.only_image(path).header
    assert header.pixel_size_um == (None, None, None)
    assert header.acquired_at is None
    assert [(hint.name, hint.color) for hint in header.channels] == [("", None)]


def test_other_hdf5_is_refused(opener: Opener, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.ims", "w") as file:
        file["DataSet"] = numbers((4, 4), "u1")
    with pytest.raises(UnsupportedFile, match="none of Imaris"):
        opener(tmp_path / "a.ims")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.95])
def test_a_file_that_was_cut_short_is_damaged(
    opener: Opener, tmp_path: Path, keep: float
) -> None:
    [path] = write_imaris(tmp_path / "cut.ims", [numbers((2, 2, 4, 64, 96), "<u2")])
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile, match=r"cut\.ims") as caught:
        opener.only_image(path)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize(
    "place", ["DataSet/ResolutionLevel 0/TimePoint 1/Channel 1", "DataSet/ResolutionLevel 0"]
)
def test_missing_datasets_are_damage(opener: Opener, tmp_path: Path, place: str) -> None:
    [path] = write_imaris(tmp_path / "a.ims", [numbers((2, 2, 4, 8, 8), "<u2")])
    with h5py.File(path, "r+") as file:
        del file[place]
    with pytest.raises(DamagedFile, match=r"a\.ims"):
        opener.only_image(path)


def test_a_channel_that_is_smaller_is_damage(opener: Opener, tmp_path: Path) -> None:
    [path] = write_imaris(tmp_path / "a.ims", [numbers((1, 2, 4, 8, 8), "<u2")])
    place = "DataSet/ResolutionLevel 0/TimePoint 0/Channel 1/Data"
    with h5py.File(path, "r+") as file:
        del file[place]
        file[place] = numbers((4, 8, 7), "<u2")
    with pytest.raises(DamagedFile, match="smaller than the others"):
        opener.only_image(path)
