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
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers import pictures
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

RANDOM = np.random.default_rng(5)
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_NAMES = ["Red", "Green", "Blue", "Alpha"]


def write_png(path: Path, pixels: Any, colour_type: int, bits: int, extra: bytes = b"") -> Path:
    """Write a PNG of numbers (y, x, samples), with what Pillow does not write."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if bits < 8:
        text = ["".join(format(n, f"0{bits}b") for n in row) for row in rows]
        packed = [int(row.ljust(-(-len(row) // 8) * 8, "0"), 2) for row in text]
        length = -(-rows.shape[1] * bits // 8)
        lines = [number.to_bytes(length) for number in packed]
    else:
        lines = [row.astype(">u2" if bits == 16 else "u1").tobytes() for row in rows]
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + line for line in lines))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )
    return path


def chunk(name: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    )


def read_all(image: ReadImage) -> Any:
    size = image.header.levels[0]
    region = (0, 0, size.size_y, size.size_x)
    planes = [image.read(TileRegion(0, 0, c, 0, *region)) for c in range(image.header.size_c)]
    return np.stack(planes, axis=-1)


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("width", [30, 31])
def test_grey_keeps_its_numbers(opener: Opener, tmp_path: Path, bits: int, width: int) -> None:
    pixels = RANDOM.integers(0, 1 << bits, (20, width, 1))
    image = opener.only_image(write_png(tmp_path / "a.png", pixels, _GREY, bits))
    assert image.header.dtype == ("uint16" if bits == 16 else "uint8")
    np.testing.assert_array_equal(read_all(image), pixels)


@pytest.mark.parametrize(("colour_type", "samples"), [(_RGB, 3), (_RGBA, 4), (_GREY_ALPHA, 2)])
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
    header = struct.pack(">IIBBBBB", 11, 9, 16, _RGB, 0, 0, 1)
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
    path = write_png(tmp_path / "a.png", pixels, _PALETTE, bits, extra)
    image = opener.only_image(path)
    assert [hint.name for hint in image.header.channels] == _NAMES[: 4 if clear else 3]
    found = read_all(image)
    np.testing.assert_array_equal(found[..., :3], table[pixels[..., 0]])
    if clear:
        np.testing.assert_array_equal(found[..., 3], np.where(pixels[..., 0] == 0, 0x40, 255))


@pytest.mark.parametrize(
    ("colour_type", "bits", "clear"),
    [(_GREY, 4, b"\0\1"), (_GREY, 8, b"\0\1"), (_RGB, 8, b"\0\1" * 3), (_RGB, 16, b"\0\1" * 3)],
)
def test_a_number_for_nothing_is_a_number(
    opener: Opener, tmp_path: Path, colour_type: int, bits: int, clear: bytes
) -> None:
    samples = 3 if colour_type == _RGB else 1
    pixels = RANDOM.integers(0, 1 << bits, (20, 30, samples))
    pixels[0, 0] = 1
    path = write_png(tmp_path / "a.png", pixels, colour_type, bits, chunk(b"tRNS", clear))
    np.testing.assert_array_equal(read_all(opener.only_image(path)), pixels)


@pytest.mark.parametrize("keep", [0.3, 0.9])
@pytest.mark.parametrize("bits", [8, 16])
def test_truncated_png_is_damaged(
    opener: Opener, tmp_path: Path, keep: float, bits: int
) -> None:
    path = write_png(tmp_path / "a.png", RANDOM.integers(0, 256, (200, 200, 3)), _RGB, bits)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(DamagedFile, match=r"a\.png"):
        opener.only_image(path)


def test_garbage_in_a_png_is_damaged(opener: Opener, tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", RANDOM.integers(0, 256, (50, 50, 1)), _GREY, 8)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=r"a\.png"):
        opener.only_image(path)


def test_too_many_bytes_are_told(
    opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_png(tmp_path / "a.png", np.zeros((20, 30, 4), np.uint16), _RGBA, 16)
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
