"""PNG and JPEG keep the numbers that they store."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.support.local_images import Opener, opener
from tests.support.png_files import GREY, GREY_ALPHA, PALETTE, RGB, RGBA, chunk, write_png
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers import pictures
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

RANDOM = np.random.default_rng(5)
_NAMES = ["Red", "Green", "Blue", "Alpha"]


def read_all(image: ReadImage) -> Any:
    size = image.header.levels[0]
    region = (0, 0, size.size_y, size.size_x)
    planes = [image.read(TileRegion(0, 0, c, 0, *region)) for c in range(image.header.size_c)]
    return np.stack(planes, axis=-1)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("width", [30, 31])
def test_grey_keeps_its_numbers(opener: Opener, tmp_path: Path, bits: int, width: int) -> None:
    pixels = RANDOM.integers(0, 1 << bits, (20, width, 1))
    image = opener.only_image(write_png(tmp_path / "a.png", pixels, GREY, bits))
    assert image.header.dtype == ("uint16" if bits == 16 else "uint8")
    np.testing.assert_array_equal(read_all(image), pixels)
    # Measured, the window of a full mask would show it as black.
    assert [hint.window for hint in image.header.channels] == [(0, 1) if bits == 1 else None]


@pytest.mark.parametrize(("colour_type", "samples"), [(RGB, 3), (RGBA, 4), (GREY_ALPHA, 2)])
@pytest.mark.parametrize("bits", [8, 16])
def test_colours_and_transparency_keep_their_numbers(
    opener: Opener, tmp_path: Path, colour_type: int, samples: int, bits: int
) -> None:
    pixels = RANDOM.integers(0, 1 << bits, (20, 30, samples))
    pixels[0, 0] = np.minimum([1000, 255, 65535, 3][:samples], (1 << bits) - 1)
    image = opener.only_image(write_png(tmp_path / "a.png", pixels, colour_type, bits))
    assert image.header.dtype == ("uint16" if bits == 16 else "uint8")
    np.testing.assert_array_equal(read_all(image), pixels)
    hints = image.header.channels
    # Alpha is a channel of its own, not a colour, and not shown at first.
    assert [hint.active for hint in hints] == [True] * (samples - 1 + samples % 2) + [False] * (
        1 - samples % 2
    )
    named = [hint.name for hint in hints]
    assert named == (["", "Alpha"] if samples == 2 else _NAMES[:samples])


def test_interlaced(opener: Opener, tmp_path: Path) -> None:
    # Pillow writes none: seven passes of a picture of 16 bits, by hand.
    pixels = RANDOM.integers(0, 65536, (9, 11, 3))
    steps = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    data = b""
    for y, x, down, across in (*steps, (1, 0, 2, 1)):
        for row in pixels[y::down, x::across]:
            data += b"\0" + row.astype(">u2").tobytes()
    header = struct.pack(">IIBBBBB", 11, 9, 16, RGB, 0, 0, 1)
    (tmp_path / "a.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(data))
        + chunk(b"IEND", b"")
    )
    np.testing.assert_array_equal(read_all(opener.only_image(tmp_path / "a.png")), pixels)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("clear", [False, True])
def test_palettes_are_the_colours_that_they_name(
    opener: Opener, tmp_path: Path, bits: int, clear: bool
) -> None:
    table = RANDOM.integers(0, 256, (1 << bits, 3))
    pixels = RANDOM.integers(0, 1 << bits, (20, 30, 1))
    extra = chunk(b"PLTE", table.astype(np.uint8).tobytes())
    extra += chunk(b"tRNS", b"\x40") if clear else b""
    path = write_png(tmp_path / "a.png", pixels, PALETTE, bits, extra)
    image = opener.only_image(path)
    assert [hint.name for hint in image.header.channels] == _NAMES[: 4 if clear else 3]
    found = read_all(image)
    np.testing.assert_array_equal(found[..., :3], table[pixels[..., 0]])
    if clear:
        np.testing.assert_array_equal(found[..., 3], np.where(pixels[..., 0] == 0, 0x40, 255))


@pytest.mark.parametrize(
    ("colour_type", "bits", "clear"),
    [(GREY, 4, b"\0\1"), (GREY, 8, b"\0\1"), (RGB, 8, b"\0\1" * 3), (RGB, 16, b"\0\1" * 3)],
)
def test_a_number_for_nothing_is_a_number(
    opener: Opener, tmp_path: Path, colour_type: int, bits: int, clear: bytes
) -> None:
    samples = 3 if colour_type == RGB else 1
    pixels = RANDOM.integers(0, 1 << bits, (20, 30, samples))
    pixels[0, 0] = 1
    path = write_png(tmp_path / "a.png", pixels, colour_type, bits, chunk(b"tRNS", clear))
    np.testing.assert_array_equal(read_all(opener.only_image(path)), pixels)


@pytest.mark.parametrize("keep", [0.3, 0.9])
@pytest.mark.parametrize("bits", [8, 16])
def test_truncated_png_is_damaged(
    opener: Opener, tmp_path: Path, keep: float, bits: int
) -> None:
    path = write_png(tmp_path / "a.png", RANDOM.integers(0, 256, (200, 200, 3)), RGB, bits)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(DamagedFile, match=r"a\.png"):
        opener.only_image(path)


def test_garbage_in_a_png_is_damaged(opener: Opener, tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", RANDOM.integers(0, 256, (50, 50, 1)), GREY, 8)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"a\.png"):
        opener.only_image(path)


def test_too_many_bytes_are_reported(
    opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_png(tmp_path / "a.png", np.zeros((20, 30, 4), np.uint16), RGBA, 16)
    monkeypatch.setattr(pictures, "_MOST_BYTES", 20 * 30 * 4 * 2 - 1)
    with pytest.raises(UnsupportedFile, match="OME-TIFF"):
        opener.only_image(path)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg(opener: Opener, tmp_path: Path, mode: str) -> None:
    red = Image.new("RGB", (48, 32), (250, 0, 0))
    red.convert(mode).save(tmp_path / "a.jpg", quality=98)
    image = opener.only_image(tmp_path / "a.jpg")
    means = read_all(image).mean(axis=(0, 1))
    if mode == "L":
        assert means == pytest.approx([75], abs=2)
    else:
        assert means == pytest.approx([250, 0, 0], abs=6)


def test_truncated_jpeg_is_damaged(opener: Opener, tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(RANDOM.integers(0, 256, (90, 90, 3)).astype(np.uint8)).save(whole, "JPEG")
    (tmp_path / "a.jpg").write_bytes(whole.getvalue()[:3000])
    with pytest.raises(DamagedFile, match=r"a\.jpg"):
        opener.only_image(tmp_path / "a.jpg")
