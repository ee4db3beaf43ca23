"""DICOM: slices, frames, colours, compressed ones and slides, made in code."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom", reason="needs the extra 'readers'")

import imagecodecs
import psutil
from pydicom.encaps import encapsulate

from tests.support.dicom_files import (
    DIRECTORY,
    IMPLICIT,
    Element,
    write_slice,
    write_without_image,
)
from tests.support.local_images import Opener, opener, whole_plane
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import Numbers, numbers
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model.images import Level, TileRegion

__all__ = ["opener"]

_KIND, _FRAMES, _PLANAR = 0x00280004, 0x00280008, 0x00280006
_TYPE, _PLACE, _PIXELS = 0x00080008, 0x00201041, 0x7FE00010
_JPEG = "1.2.840.10008.1.2.4.50"
_JPEG_LOSSLESS = "1.2.840.10008.1.2.4.70"
_JPEG_LS = "1.2.840.10008.1.2.4.80"
_JPEG_2000 = "1.2.840.10008.1.2.4.90"


def form(pixels: Numbers, kind: str = "MONOCHROME2", stored: int = 0) -> tuple[Element, ...]:
    """Return what says how (frames, y, x) or (frames, y, x, 3) are stored."""
    bits = pixels.dtype.itemsize * 8
    found: list[Element] = [
        (0x00280002, "US", 3 if pixels.ndim == 4 else 1),
        (_KIND, "CS", kind),
        (0x00280100, "US", bits),
        (0x00280101, "US", stored or bits),
        (0x00280102, "US", (stored or bits) - 1),
        (0x00280103, "US", int(pixels.dtype.kind == "i")),
        (_FRAMES, "IS", str(len(pixels))),
    ]
    if pixels.ndim == 4:
        found.append((_PLANAR, "US", 0))
    return tuple(found)


def write(
    path: Path,
    pixels: Numbers,
    *more: Element,
    kind: str = "MONOCHROME2",
    stored: int = 0,
    **others: Any,
) -> Path:
    """Write (frames, y, x) or (frames, y, x, 3) without compression."""
    plain = (_PIXELS, "OB" if pixels.dtype.itemsize == 1 else "OW", pixels.tobytes())
    elements = (*form(pixels, kind, stored), plain, *more)
    return write_slice(path, size=pixels.shape[1:3], more=elements, **others)


def write_packed(
    path: Path, pixels: Numbers, syntax: str, frames: list[bytes], kind: str = "MONOCHROME2"
) -> Path:
    """Write compressed frames."""
    # Their length is not told, so the element is written after the others.
    more = (*form(pixels, kind), (_PIXELS, "OB", b""))
    write_slice(path, size=pixels.shape[1:3], syntax=syntax, more=more)
    content = path.read_bytes()
    assert content.endswith(b"OB\0\0" + bytes(4))
    packed = encapsulate(frames) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    path.write_bytes(content[:-4] + b"\xff\xff\xff\xff" + packed)
    return path


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", "<i2", "<u4", "<i4"])
def test_frames_are_slices(opener: Opener, tmp_path: Path, dtype: str) -> None:
    written = numbers((3, 20, 30), dtype)
    image = opener.only_image(write(tmp_path / "a.dcm", written))
    assert image.header.dtype == np.dtype(dtype).name
    assert np.array_equal(planes_of(image)[0, 0], written)
    part = image.read(TileRegion(0, 0, 0, 2, 3, 5, 11, 13))
    assert np.array_equal(part, written[2, 3:14, 5:18])


def test_elements_without_their_kinds(opener: Opener, tmp_path: Path) -> None:
    written = numbers((1, 20, 30), "<u2")
    image = opener.only_image(write(tmp_path / "a.dcm", written, syntax=IMPLICIT))
    assert np.array_equal(planes_of(image)[0, 0], written)


def test_files_of_before_1993_have_no_preamble(opener: Opener, tmp_path: Path) -> None:
    written = numbers((1, 20, 30), "<u2")
    path = write(tmp_path / "a.dcm", written, syntax=IMPLICIT, preamble=False)
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], written)


def test_a_file_without_an_ending_that_begins_like_a_tiff(
    opener: Opener, tmp_path: Path
) -> None:
    written = numbers((1, 20, 30), "<u2")
    path = write(tmp_path / "IM000001", written)
    path.write_bytes(b"II*\0" + path.read_bytes()[4:])
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], written)


def test_what_a_file_states_of_its_image(opener: Opener, tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.dcm",
        numbers((1, 20, 30), "<i2"),
        (_TYPE, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        (0x00080022, "DA", "20240102"),
        (0x00080032, "TM", "101112.5"),
        (0x00180088, "DS", "3.5"),
        (0x00280030, "DS", "0.002\\0.001"),
    )
    header = opener.only_image(path).header
    assert header.name == "AXIAL"
    assert header.pixel_size_um == pytest.approx((3500.0, 2.0, 1.0))
    assert header.acquired_at == datetime(2024, 1, 2, 10, 11, 12, 500_000, UTC)


def test_slices_lie_by_their_place_then_by_their_number(opener: Opener, tmp_path: Path) -> None:
    plane = numbers((1, 20, 30), "<u2")
    for name, number, place in (
        ("a", 3, "-1.5"),
        ("b", 4, "2"),
        ("c", 2, "-3"),
        ("d", 1, "-3"),
    ):
        pixels = plane + np.uint16(ord(name))
        write(tmp_path / f"{name}.dcm", pixels, (_PLACE, "DS", place), number=number)
    image = opener.only_image(tmp_path / "a.dcm")
    order = [chr(plane[0, 0]) for plane in planes_of(image)[0, 0]]
    assert order == ["d", "c", "a", "b"]


def test_slices_of_two_sizes_are_refused(opener: Opener, tmp_path: Path) -> None:
    write(tmp_path / "a.dcm", numbers((1, 20, 30), "<u2"))
    write(tmp_path / "b.dcm", numbers((1, 20, 31), "<u2"))
    with pytest.raises(UnsupportedFile, match="several sizes"):
        opener(tmp_path / "a.dcm")


@pytest.mark.parametrize(("dtype", "stored"), [("u1", 8), ("<u2", 16), ("<u2", 12)])
def test_inverted_grey_becomes_brightness(
    opener: Opener, tmp_path: Path, dtype: str, stored: int
) -> None:
    written = np.arange(600, dtype=dtype).reshape(1, 20, 30)
    path = write(tmp_path / "a.dcm", written, kind="MONOCHROME1", stored=stored)
    wanted = (2**stored - 1) - written.astype("i8")
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], wanted)


def test_inverted_grey_with_a_sign(opener: Opener, tmp_path: Path) -> None:
    written = numbers((1, 20, 30), "<i2")
    path = write(tmp_path / "a.dcm", written, kind="MONOCHROME1")
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], -1 - written)


def test_only_the_bits_that_count(opener: Opener, tmp_path: Path) -> None:
    """Twelve bits with a sign in sixteen; the four above once held overlays."""
    values = np.array([[0, 1, 2047, -1, -2048]], "<i2")
    stored = ((values & 0x0FFF) | 0x5000).astype("<i2")
    path = write(tmp_path / "a.dcm", stored[None], stored=12)
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0, 0], values)


@pytest.mark.parametrize("in_planes", [False, True])
def test_colours(opener: Opener, tmp_path: Path, in_planes: bool) -> None:
    written = numbers((2, 20, 30, 3), "u1")
    stored = np.moveaxis(written, -1, 1) if in_planes else written
    plain = (_PIXELS, "OB", stored.tobytes())
    more = (plain, (_PLANAR, "US", int(in_planes)))
    image = opener.only_image(write(tmp_path / "a.dcm", written, *more, kind="RGB"))
    assert [hint.name for hint in image.header.channels] == ["Red", "Green", "Blue"]
    assert np.array_equal(planes_of(image)[0], np.moveaxis(written, -1, 0))


def test_brightness_and_colour_become_red_green_and_blue(
    opener: Opener, tmp_path: Path
) -> None:
    # Y, Cb and Cr of grey, red and blue (PS3.3 C.7.6.3.1.2).
    written = np.array([[[[90, 128, 128], [76, 85, 255], [29, 255, 107]]]], "u1")
    image = opener.only_image(write(tmp_path / "a.dcm", written, kind="YBR_FULL"))
    shown = np.moveaxis(planes_of(image)[0, :, 0, 0], 0, -1).astype(int)
    assert np.abs(shown - [[90, 90, 90], [254, 0, 0], [0, 0, 254]]).max() <= 2


def test_a_palette_becomes_its_colours(opener: Opener, tmp_path: Path) -> None:
    table = np.arange(256, dtype="<u2") * 257
    lookup = struct.pack("<3H", 256, 0, 16)
    more: tuple[Element, ...] = (
        *((tag, "US", lookup) for tag in (0x00281101, 0x00281102, 0x00281103)),
        (0x00281201, "OW", table.tobytes()),
        (0x00281202, "OW", table[::-1].tobytes()),
        (0x00281203, "OW", bytes(512)),
    )
    written = np.arange(200, dtype="u1").reshape(1, 10, 20)
    path = write(tmp_path / "a.dcm", written, *more, kind="PALETTE COLOR")
    shown = planes_of(opener.only_image(path))[0, :, 0]
    assert np.array_equal(shown, [written[0], 255 - written[0], np.zeros((10, 20))])


def test_masks_of_one_bit_are_0_and_1(opener: Opener, tmp_path: Path) -> None:
    mask = numbers((1, 16, 16), "u1") % 2
    bits = np.packbits(mask, bitorder="little").tobytes()
    one = ((0x00280100, "US", 1), (0x00280101, "US", 1), (0x00280102, "US", 0))
    path = write(tmp_path / "a.dcm", mask, *one, (_PIXELS, "OB", bits))
    image = opener.only_image(path)
    assert image.header.channels[0].window == (0.0, 1.0)
    assert np.array_equal(planes_of(image)[0, 0], mask)


@pytest.mark.parametrize(
    ("syntax", "pack"),
    [
        (_JPEG_LOSSLESS, imagecodecs.ljpeg_encode),
        (_JPEG_LS, imagecodecs.jpegls_encode),
        (_JPEG_2000, lambda plane: imagecodecs.jpeg2k_encode(plane, reversible=True)),
    ],
)
def test_frames_packed_without_loss(
    opener: Opener, tmp_path: Path, syntax: str, pack: Callable[[Numbers], bytes]
) -> None:
    written = numbers((3, 40, 50), "<u2")
    path = write_packed(tmp_path / "a.dcm", written, syntax, [pack(one) for one in written])
    image = opener.only_image(path)
    assert np.array_equal(planes_of(image)[0, 0], written)
    part = image.read(TileRegion(0, 0, 0, 1, 3, 5, 11, 13))
    assert np.array_equal(part, written[1, 3:14, 5:18])


@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL_422"])
def test_colours_packed_as_jpeg(opener: Opener, tmp_path: Path, kind: str) -> None:
    written = np.zeros((1, 32, 48, 3), "u1")
    written[...] = 200, 100, 30
    stored = "RGB" if kind == "RGB" else "YCBCR"
    frame = imagecodecs.jpeg8_encode(
        written[0], level=95, colorspace="RGB", outcolorspace=stored
    )
    path = write_packed(tmp_path / "a.dcm", written, _JPEG, [bytes(frame)], kind)
    shown = planes_of(opener.only_image(path))[0, :, 0]
    assert np.abs(shown.reshape(3, -1).astype(int) - [[200], [100], [30]]).max() <= 3


_MATRIX = (0x00480006, 0x00480007)


def _slide(size: tuple[int, int], part: str) -> tuple[Element, ...]:
    columns, rows = (struct.pack("<I", n) for n in (size[1], size[0]))
    kind = (_TYPE, "CS", f"ORIGINAL\\PRIMARY\\{part}\\NONE")
    return (kind, (_MATRIX[0], "UL", columns), (_MATRIX[1], "UL", rows))


def _tiles(plane: Numbers, edge: int) -> Numbers:
    """Cut a plane into tiles, row by row, those at its end filled up."""
    rows, columns = (-(-size // edge) for size in plane.shape[:2])
    full = np.zeros((rows * edge, columns * edge, *plane.shape[2:]), plane.dtype)
    full[: plane.shape[0], : plane.shape[1]] = plane
    grid = full.reshape(rows, edge, columns, edge, *plane.shape[2:])
    return np.swapaxes(grid, 1, 2).reshape(rows * columns, edge, edge, *plane.shape[2:])


def test_a_slide_is_put_together_with_its_levels(opener: Opener, tmp_path: Path) -> None:
    whole = numbers((70, 90, 3), "u1")
    small, label = np.ascontiguousarray(whole[::2, ::2]), numbers((16, 20, 3), "u1")
    parts = {"a": (whole, "VOLUME"), "b": (small, "VOLUME"), "c": (label, "LABEL")}
    for name, (plane, part) in parts.items():
        tiles = _tiles(plane, 16)
        write(tmp_path / f"{name}.dcm", tiles, *_slide(plane.shape[:2], part), kind="RGB")
    slide, other = opener(tmp_path / "a.dcm").images
    assert slide.header.levels == (Level(70, 90), Level(35, 45))
    assert np.array_equal(planes_of(slide)[0, :, 0], np.moveaxis(whole, -1, 0))
    assert np.array_equal(whole_plane(slide, c=1, level=1), small[..., 1])
    part_of_it = slide.read(TileRegion(0, 0, 2, 0, 13, 15, 40, 33))
    assert np.array_equal(part_of_it, whole[13:53, 15:48, 2])
    assert other.header.name == "LABEL"
    assert np.array_equal(planes_of(other)[0, 2, 0], label[..., 2])


def test_a_slide_with_too_few_tiles_is_refused(opener: Opener, tmp_path: Path) -> None:
    tiles = _tiles(numbers((70, 90), "u1"), 16)[:-1]
    path = write(tmp_path / "a.dcm", tiles, *_slide((70, 90), "VOLUME"))
    with pytest.raises(UnsupportedFile, match="another number of tiles"):
        opener(path)


@pytest.mark.parametrize("cut", [2, 700, 1150])
def test_pixels_that_are_cut_off_are_damage(opener: Opener, tmp_path: Path, cut: int) -> None:
    path = write(tmp_path / "cut.dcm", numbers((1, 20, 30), "<u2"))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedFile, match=r"cut\.dcm") as caught:
        opener(path)
    assert str(tmp_path) not in caught.value.message


def test_packed_pixels_that_are_cut_off_are_damage(opener: Opener, tmp_path: Path) -> None:
    written = numbers((3, 40, 50), "<u2")
    frames = [bytes(imagecodecs.jpegls_encode(one)) for one in written]
    path = write_packed(tmp_path / "cut.dcm", written, _JPEG_LS, frames)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DamagedFile, match=r"cut\.dcm"):
        opener.only_image(path)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        (((0x00280010, "US", 0),), DamagedFile),
        (((0x00280100, "US", 12),), DamagedFile),
        (((_KIND, "CS", "ARGB"),), UnsupportedFile),
        (((_FRAMES, "IS", "nine"),), DamagedFile),
    ],
)
def test_nonsense_is_reported(
    opener: Opener, tmp_path: Path, more: tuple[Element, ...], error: type[Exception]
) -> None:
    path = write(tmp_path / "a.dcm", numbers((1, 20, 30), "<u2"), *more)
    with pytest.raises(error, match=r"a\.dcm"):
        opener.only_image(path)


@pytest.mark.parametrize("kind", [DIRECTORY, "1.2.840.10008.5.1.4.1.1.88.11"])
def test_a_report_is_not_called_damaged(opener: Opener, tmp_path: Path, kind: str) -> None:
    path = write_without_image(tmp_path / "report.dcm", kind)
    with pytest.raises(
        UnsupportedFile, match=r"'report\.dcm' is a DICOM file that holds no im"
    ):
        opener(path)


def test_a_file_that_ends_before_its_pixels_is_damage(opener: Opener, tmp_path: Path) -> None:
    path = write(tmp_path / "cut.dcm", numbers((1, 20, 30), "<u2"))
    path.write_bytes(path.read_bytes().partition(b"\xe0\x7f\x10\0")[0])
    with pytest.raises(DamagedFile, match="its pixels are cut off"):
        opener(path)


def test_a_file_that_is_no_dicom_is_refused(opener: Opener, tmp_path: Path) -> None:
    (tmp_path / "b.dcm").write_bytes(b"no DICOM" * 200)
    with pytest.raises(UnsupportedFile, match=r"b\.dcm"):
        opener(tmp_path / "b.dcm")


def test_frames_packed_by_run_lengths(opener: Opener, tmp_path: Path) -> None:
    rle = pytest.importorskip("pydicom.pixels.encoders").RLELosslessEncoder
    written = numbers((2, 20, 30), "<u2")
    stated = {"rows": 20, "columns": 30, "samples_per_pixel": 1, "bits_allocated": 16,
            "bits_stored": 16, "pixel_representation": 0, "number_of_frames": 1,
            "photometric_interpretation": "MONOCHROME2"}  # fmt: skip
    frames = [rle.encode(one, **stated) for one in written]
    path = write_packed(tmp_path / "a.dcm", written, "1.2.840.10008.1.2.5", frames)
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], written)


def test_no_file_of_a_series_is_held_open(opener: Opener, tmp_path: Path) -> None:
    """A series has thousands of files, a process a thousand handles."""
    for number in range(1, 41):
        write(tmp_path / f"{number}.dcm", numbers((1, 20, 30), "<u2"), number=number)
    process = psutil.Process()
    before = len(process.open_files())
    image = opener.only_image(tmp_path / "1.dcm")
    whole_plane(image, z=39)
    assert image.header.size_z == 40
    assert len(process.open_files()) == before


def test_lengths_that_are_none_do_not_refuse_pixels(opener: Opener, tmp_path: Path) -> None:
    more = (0x00280030, "DS", "0.5"), (0x00180088, "DS", "thick"), (_PLACE, "DS", "here")
    path = write(tmp_path / "a.dcm", numbers((1, 20, 30), "<u2"), *more)
    assert opener.only_image(path).header.pixel_size_um == (None, 500.0, None)


def test_bits_may_be_the_upper_ones(opener: Opener, tmp_path: Path) -> None:
    written = np.arange(600, dtype="<u2").reshape(1, 20, 30)
    path = write(tmp_path / "a.dcm", written << 4, (0x00280102, "US", 15), stored=12)
    assert np.array_equal(planes_of(opener.only_image(path))[0, 0], written)
