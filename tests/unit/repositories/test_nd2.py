"""ND2: a real file, and small ones made for what it does not have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.local_images import Opener, first_pixels, opener, whole_plane
from tests.support.nd2_files import Nd2, Plane, positions, times, z_stack
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.host.resources import resource
from transferapp.model.images import TileRegion

__all__ = ["opener"]

pytest.importorskip("nd2", reason="needs the extra 'readers'")

SAMPLES = resource("sample-data")
CLUSTER = SAMPLES / "nd2-confocal-4d" / "cluster.nd2"
GFP, RED = Plane("GFP", "00FF00"), Plane("mCherry", "FE0100")


def frame(*samples: int, dtype: str = "uint16") -> Any:
    """Return a frame full of the samples."""
    made = np.empty((20, 30, len(samples)), dtype)
    made[:] = samples
    return made


def test_a_real_file_shows_the_same_pixels_as_its_zarr_copy(opener: Opener) -> None:
    image = opener.only_image(CLUSTER)
    header = image.header
    assert (header.size_t, header.size_c, header.size_z, header.dtype) == (3, 2, 10, "uint16")
    hints = [(hint.name, hint.color) for hint in header.channels]
    assert hints == [("5-FAM/pH 9.0", "78E90F"), ("FM 4-64/2% CHAPS", "FE0100")]
    assert header.pixel_size_um == pytest.approx((0.5, 0.16780898, 0.16780898))
    # Its text says 18/06/2014 15:55:27, local time in summer, in one of many orders.
    assert header.acquired_at == datetime(2014, 6, 18, 13, 55, 23, 837000, UTC)
    folder = SAMPLES / "ome-zarr-v04-confocal-5d" / "cluster.ome.zarr"
    copy = opener(folder / ".zattrs", folder.parent).images[0]
    for t, c, z in ((0, 0, 0), (0, 1, 5), (1, 0, 7), (2, 1, 9)):
        np.testing.assert_array_equal(whole_plane(image, c, t, z), whole_plane(copy, c, t, z))


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_a_file_that_was_cut_short_is_damaged(
    opener: Opener, tmp_path: Path, keep: float
) -> None:
    content = CLUSTER.read_bytes()
    path = tmp_path / "cut.nd2"
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile, match=r"cut\.nd2") as caught:
        opener.only_image(path)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.parametrize("broken", ["hole", "beyond the end"])
def test_a_frame_that_was_lost_is_damage_not_black(
    opener: Opener, tmp_path: Path, broken: str
) -> None:
    loops = positions("a", "b"), times(2)
    path = Nd2({n: frame(n) for n in range(4)}, (GFP,), loops).write(tmp_path / "a.nd2")
    content = bytearray(path.read_bytes())
    if broken == "hole":
        at = content.index(b"ImageDataSeq|1!") - 16
        content[at : at + 5000] = bytes(5000)
    else:
        at = content.rindex(b"ImageDataSeq|1!") + 15
        content[at : at + 8] = (len(content) + 10).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match="some of its frames are missing"):
        opener(path).images[0].check()


def test_positions_are_images(opener: Opener, tmp_path: Path) -> None:
    frames = {n: frame(n + 1, 101 + n) for n in range(12)}
    loops = times(2), positions("well A", ""), z_stack(3, 0.7)
    path = Nd2(frames, (GFP, RED), loops).write(tmp_path / "a.nd2")
    first, second = opener(path).images
    assert (first.header.name, second.header.name) == ("well A", "")
    assert first_pixels(first) == [1, 2, 3, 101, 102, 103, 7, 8, 9, 107, 108, 109]
    assert first_pixels(second) == [4, 5, 6, 104, 105, 106, 10, 11, 12, 110, 111, 112]
    assert first.header.pixel_size_um == pytest.approx((0.7, 0.5, 0.5))
    assert [hint.color for hint in first.header.channels] == ["00FF00", "FE0100"]


def test_a_region_of_one_channel(opener: Opener, tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 4096, (20, 30, 2)).astype(np.uint16)
    image = opener.only_image(Nd2({0: pixels}, (GFP, RED)).write(tmp_path / "a.nd2"))
    part = image.read(TileRegion(0, 0, 1, 0, 3, 4, 9, 11))
    np.testing.assert_array_equal(part, pixels[3:12, 4:15, 1])
    assert image.header.random_access


def test_an_image_of_one_row(opener: Opener, tmp_path: Path) -> None:
    pixels = np.arange(60, dtype=np.uint16).reshape(1, 30, 2)
    image = opener.only_image(Nd2({0: pixels}, (GFP, RED)).write(tmp_path / "a.nd2"))
    np.testing.assert_array_equal(whole_plane(image, c=1), pixels[..., 1])


@pytest.mark.parametrize(("dtype", "bits", "most"), [("uint8", 8, 255), ("uint16", 12, 4095)])
def test_colours_are_red_green_blue(
    opener: Opener, tmp_path: Path, dtype: str, bits: int, most: float
) -> None:
    frames = {0: frame(5, 30, 250, dtype=dtype)}
    planes = (Plane("Brightfield", "FFFFFF", samples=3),)
    image = opener.only_image(Nd2(frames, planes, bits=bits).write(tmp_path / "a.nd2"))
    assert first_pixels(image) == [250, 30, 5]
    hints = image.header.channels
    assert [hint.name for hint in hints] == ["Red", "Green", "Blue"]
    assert {hint.window for hint in hints} == {(0.0, most)}


def test_colours_beside_grey(opener: Opener, tmp_path: Path) -> None:
    planes = (Plane("Brightfield", "FFFFFF", samples=3), GFP)
    path = Nd2({0: frame(5, 30, 250, 9)}, planes).write(tmp_path / "a.nd2")
    image = opener.only_image(path)
    assert first_pixels(image) == [250, 30, 5, 9]
    assert image.header.channels[3].name == "GFP"


def test_what_was_stopped_early_has_fewer_times(opener: Opener, tmp_path: Path) -> None:
    # Five times were planned, the third one lacks its second slice.
    frames = {n: frame(n + 1) for n in range(5)}
    path = Nd2(frames, (GFP,), (times(5), z_stack(2, 1.0))).write(tmp_path / "a.nd2")
    image = opener.only_image(path)
    assert (image.header.size_t, image.header.size_z) == (3, 2)
    assert first_pixels(image) == [1, 2, 3, 4, 5, 0]


def test_a_frame_that_is_not_there_is_black(opener: Opener, tmp_path: Path) -> None:
    frames = {n: frame(n + 1) for n in (0, 2)}
    path = Nd2(frames, (GFP,), (times(3),), recorded=3).write(tmp_path / "a.nd2")
    assert first_pixels(opener.only_image(path)) == [1, 0, 3]


def test_frames_of_no_known_loop_are_times(opener: Opener, tmp_path: Path) -> None:
    path = Nd2({n: frame(n + 1) for n in range(3)}, (GFP,)).write(tmp_path / "a.nd2")
    assert first_pixels(opener.only_image(path)) == [1, 2, 3]


@pytest.mark.parametrize("has_frame_times", [True, False])
def test_dates_are_of_the_first_frame(
    opener: Opener, tmp_path: Path, has_frame_times: bool
) -> None:
    loops = positions("a", "b"), z_stack(2, 1.0)
    made = Nd2({n: frame(n) for n in range(4)}, (GFP,), loops, has_frame_times=has_frame_times)
    dates = [i.header.acquired_at for i in opener(made.write(tmp_path / "a.nd2")).images]
    noon = datetime(2020, 1, 1, 12, tzinfo=UTC)
    second = noon + timedelta(milliseconds=2)
    assert dates == ([noon, second] if has_frame_times else [None, None])


def test_lossless_compression(opener: Opener, tmp_path: Path) -> None:
    path = Nd2({0: frame(7, 8)}, (GFP, RED), compression=0).write(tmp_path / "a.nd2")
    image = opener.only_image(path)
    assert first_pixels(image) == [7, 8]
    assert not image.header.random_access


def test_lossy_compression_is_reported(opener: Opener, tmp_path: Path) -> None:
    path = Nd2({0: frame(7)}, (GFP,), compression=1).write(tmp_path / "a.nd2")
    with pytest.raises(UnsupportedFile, match=r"'a\.nd2' is compressed with loss"):
        opener(path)


def test_no_calibration_is_no_size(opener: Opener, tmp_path: Path) -> None:
    path = Nd2({0: frame(7)}, (Plane(),), pixel_size_um=-1.0).write(tmp_path / "a.nd2")
    [hint] = opener.only_image(path).header.channels
    assert (hint.name, hint.color) == ("", None)
    assert opener(path).images[0].header.pixel_size_um == (None, None, None)


def test_a_jpeg_2000_file_of_before_2010_goes_to_the_same_reader(
    opener: Opener, tmp_path: Path
) -> None:
    path = tmp_path / "old.nd2"
    path.write_bytes(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100))
    with pytest.raises(DamagedFile, match=r"'old\.nd2' is damaged or incomplete"):
        opener(path)
