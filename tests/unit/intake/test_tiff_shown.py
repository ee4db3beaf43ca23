"""What no image repository can show of a TIFF is told before the upload."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from transferapp.errors import SourceProblem
from transferapp.formats.omero import omero_formats
from transferapp.intake import tiff_shown
from transferapp.intake.grouping import group
from transferapp.intake.preflight import (
    PreflightResult,
    PreflightSettings,
    Severity,
    preflight,
)
from transferapp.intake.scanning import scan

__all__ = ["opener"]

UNSUPPORTED = (Severity.BLOCKED, "unsupported-file")
FINE, DOUBTFUL = (Severity.OK, ""), (Severity.WARNING, "")

OMERO = omero_formats()


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def judge(path: Path, **settings: Any) -> PreflightResult:
    (candidate,) = group(scan([path]))
    return preflight(candidate, PreflightSettings(**settings), Later())


def code(result: PreflightResult) -> tuple[Severity, str]:
    return result.level, result.code


def change_tag(path: Path, name: str, value: int) -> None:
    """Write another value into a tag of one short."""
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages.first.tags[name].valueoffset
    content = bytearray(path.read_bytes())
    content[offset : offset + 2] = struct.pack("<H", value)
    path.write_bytes(content)


def check_refused_on_both_sides(opener: Opener, path: Path) -> str:
    result = judge(path)
    assert code(result) == code(judge(path, target=OMERO)) == UNSUPPORTED
    # The reader would say so too, after the upload.
    with pytest.raises(SourceProblem):
        opener(path).images[0].check()
    return result.sentence


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("int64", "'a.tif' has 64-bit integers, which"),
        ("uint64", "Save labels as 32-bit integers"),
        ("complex64", "'a.tif' has complex numbers, which"),
        ("complex128", "Save amplitude and phase"),
    ],
)
def test_pixel_types_that_nobody_shows(
    opener: Opener, tmp_path: Path, dtype: str, text: str
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 8), dtype))
    assert text in check_refused_on_both_sides(opener, tmp_path / "a.tif")


def test_pixel_types_of_ome_tiff(opener: Opener, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", np.ones((8, 8), "complex64"))
    assert "complex" in check_refused_on_both_sides(opener, tmp_path / "a.ome.tif")


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "uint16", "int32", "float16", "float32", "float64"]
)
def test_pixel_types_that_are_shown(opener: Opener, tmp_path: Path, dtype: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((8, 8), dtype))
    assert code(judge(path)) == code(judge(path, target=OMERO)) == FINE
    shown = "float32" if dtype == "float16" else dtype
    assert opener.only_image(path).header.dtype == shown


def test_a_mask_among_good_pages_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        for dtype in ("uint8", "uint8", "int64"):
            tiff.write(np.ones((8, 8), dtype), metadata=None)
    assert code(judge(path)) == UNSUPPORTED


@pytest.mark.parametrize("bits", [17, 24, 31, 33, 48])
def test_depths_that_nobody_reads(opener: Opener, tmp_path: Path, bits: int) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((8, 8), np.uint16))
    change_tag(path, "BitsPerSample", bits)
    assert f"has integers of {bits} bits, which" in check_refused_on_both_sides(opener, path)


@pytest.mark.parametrize("bits", [1, 3, 10, 12, 14])
def test_depths_that_are_unpacked(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((8, 8), np.uint32))
    change_tag(path, "BitsPerSample", bits)
    assert code(judge(path)) == FINE


def test_volumes_inside_pages(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    volume = np.ones((16, 32, 32), np.uint16)
    tifffile.imwrite(path, volume, volumetric=True, tile=(16, 16, 16), photometric="minisblack")
    assert "has volumes inside its pages" in check_refused_on_both_sides(opener, path)


def plain(path: Path, compression: int) -> Path:
    tifffile.imwrite(path, np.ones((8, 8), np.uint8))
    change_tag(path, "Compression", compression)
    return path


@pytest.mark.parametrize(
    ("compression", "name"),
    [(34661, "JBIG"), (32809, "THUNDERSCAN"), (34713, "NIKON_NEF"), (12345, "method 12345")],
)
def test_compressions_that_nobody_unpacks(tmp_path: Path, compression: int, name: str) -> None:
    result = judge(plain(tmp_path / "a.tif", compression))
    assert code(result) == UNSUPPORTED
    assert f"'a.tif' is compressed by {name}, which" in result.sentence


@pytest.mark.parametrize("compression", ["lzma", "png", "jpegxl", "webp", "lerc", "jpegxr"])
def test_compressions_that_omero_may_not_know_are_a_doubt(
    opener: Opener, tmp_path: Path, compression: str
) -> None:
    for name in ("a.tif", "b.tif"):
        pixels = np.ones((16, 16, 3), np.uint8)
        tifffile.imwrite(tmp_path / name, pixels, photometric="rgb", compression=compression)
    path = tmp_path / "a.tif"
    assert code(judge(path)) == FINE
    opener.only_image(path)
    result = judge(path, target=OMERO)
    assert code(result) == DOUBTFUL
    assert f"compressed by {compression.upper()}, which OMERO may" in result.sentence


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "jpeg", "jpeg2000", "packbits"])
def test_compressions_that_both_know(tmp_path: Path, compression: str) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((16, 16), np.uint8), compression=compression)
    assert code(judge(path, target=OMERO)) == FINE


def test_the_table_of_compressions_is_tifffiles() -> None:
    known = set()
    for compression in tifffile.COMPRESSION:
        try:
            tifffile.TIFF.DECOMPRESSORS[compression]
        except KeyError:
            continue
        known.add(int(compression))
    assert known == tiff_shown.EMBEDDED
