"""What no reader of ours can show in a CZI is told before the upload."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.support.czi_files import Tile, write_czi
from transferapp.formats.embedded import embedded_formats
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, preflight
from transferapp.intake.scanning import scan


def judge(path: Path, *, bio_formats: bool = False) -> PreflightResult:
    (candidate,) = group(scan([path]))
    target = omero_formats() if bio_formats else embedded_formats()
    return preflight(candidate, PreflightSettings(still_writing_s=0, target=target))


def test_a_file_whose_pixels_are_cut_off_behind_its_directory(tmp_path: Path) -> None:
    tiles = [Tile(np.zeros((40, 50), np.uint16), {"C": c}) for c in range(2)]
    path = write_czi(tmp_path / "a.czi", tiles, directory_first=True)
    assert judge(path, bio_formats=True).level == "ok"
    os.truncate(path, path.stat().st_size - 1)
    result = judge(path, bio_formats=True)
    assert result.code == "damaged-file"
    assert "its pixels are cut off" in result.sentence


@pytest.mark.parametrize("directory_first", [False, True])
@pytest.mark.parametrize(
    ("shape", "dtype", "name"),
    [
        ((4, 5), "uint8", ""),
        ((4, 5), "float32", ""),
        ((4, 5, 3), "uint16", ""),
        ((4, 5, 4), "uint8", "Bgra32"),
        ((4, 5), "int32", "Gray32"),
    ],
)
def test_pixel_types(
    tmp_path: Path, shape: tuple[int, ...], dtype: str, name: str, directory_first: bool
) -> None:
    tiles = [
        Tile(np.zeros((4, 5), np.uint16), {"C": 0}),
        Tile(np.zeros(shape, dtype), {"C": 1}),
    ]
    path = write_czi(tmp_path / "a.czi", tiles, directory_first=directory_first)
    result = judge(path)
    assert result.code == ("unsupported-file" if name else "")
    assert f"({name})" in result.sentence or not name
    # Bio-Formats 7.3.1 shows four channels of Bgra32.
    assert not judge(path, bio_formats=True).blocked


def test_smaller_versions_alone_are_reported(tmp_path: Path) -> None:
    small = Tile(np.zeros((4, 5), np.uint16), {"C": 0}, size=(8, 10))
    result = judge(write_czi(tmp_path / "a.czi", [small]))
    assert result.code == "unsupported-file"
    assert "smaller versions" in result.sentence
    full = Tile(np.zeros((8, 10), np.uint16), {"C": 1})
    assert not judge(write_czi(tmp_path / "a.czi", [small, full])).sentence


@pytest.mark.parametrize("keep", [100, 600, -100])
def test_a_broken_directory_is_not_scanned_into(tmp_path: Path, keep: int) -> None:
    path = write_czi(tmp_path / "a.czi", [Tile(np.zeros((4, 5, 4), np.uint8))])
    path.write_bytes(path.read_bytes()[:keep])
    assert judge(path).code in {"damaged-file", ""}
