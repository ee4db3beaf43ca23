"""The forms PNG and JPEG: planes as they are displayed."""

from __future__ import annotations

import asyncio
import errno
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from transferapp import errors
from transferapp.conversion import picture
from transferapp.conversion.picture import Picture
from transferapp.conversion.scale_bar_drawing import bar_for, draw_scale_bar
from transferapp.model.export_specs import Cut, ExportForm
from transferapp.model.images import Channel, TileRegion
from transferapp.testing.cut_images import ArrayReader, image_of, noise
from transferapp.testing.form_suite import files_of, left_over, nothing

UNKNOWN = (None, None, None)
RED, GREEN, BLUE = "FF0000", "00FF00", "0000FF"
KINDS = [ExportForm.PNG, ExportForm.JPEG]


def shown(*colors: str, active: bool = True) -> tuple[Channel, ...]:
    """Return channels that are displayed from 0 to 100."""
    return tuple(Channel(color, color, 0.0, 100.0, active) for color in colors)


async def written(
    folder: Path, pixels: npt.NDArray[Any], kind: ExportForm = ExportForm.PNG, **known: Any
) -> npt.NDArray[Any]:
    """Return the one picture that is made and verified."""
    image = image_of(pixels, **{"pixel_size_um": UNKNOWN, **known})
    await Picture(kind).write(image, folder, nothing)
    await Picture(kind).verify(image, folder, nothing)
    (path,) = files_of(folder)
    with Image.open(path) as opened:
        assert (opened.mode, opened.format) == ("RGB", kind.upper())
        return np.asarray(opened)


def flat(*values: float, size: tuple[int, int] = (20, 30)) -> npt.NDArray[Any]:
    """Return one plane for each channel, all of one value."""
    pixels = np.empty((1, len(values), 1, *size), "float32")
    pixels[:] = np.array(values)[None, :, None, None, None]
    return pixels


@pytest.mark.parametrize("kind", KINDS)
async def test_red_is_red(tmp_path: Path, kind: ExportForm) -> None:
    made = await written(tmp_path, flat(100, 0, 0), kind, channels=shown(RED, GREEN, BLUE))
    assert made.shape == (20, 30, 3)
    assert np.abs(made.astype(int) - (255, 0, 0)).max() <= (2 if kind is ExportForm.JPEG else 0)


@pytest.mark.parametrize(
    ("values", "channels", "color"),
    [
        ((50, 50, 0), shown(RED, GREEN, BLUE), (128, 128, 0)),
        ((100, 100), shown("FFFF00", "FF00FF"), (255, 255, 255)),
        ((-5, 1000, np.nan), shown(RED, GREEN, BLUE), (0, 255, 0)),
        ((100, 100), shown(RED) + shown(GREEN, active=False), (255, 0, 0)),
        # Somebody chose them, though none is shown at first.
        ((100, 100), shown(RED, GREEN, active=False), (255, 255, 0)),
        ((100,), shown("#ffffff"), (255, 255, 255)),
        ((0.5,), (), (128, 128, 128)),
    ],
)
async def test_channels_are_light_in_their_colours_and_windows(
    tmp_path: Path,
    values: tuple[float, ...],
    channels: tuple[Channel, ...],
    color: tuple[int, int, int],
) -> None:
    made = await written(tmp_path, flat(*values), channels=channels)
    assert {tuple(int(part) for part in pixel) for row in made for pixel in row} == {color}


async def test_blocks_are_put_where_they_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "_BLOCK_EDGE_PX", 16)
    pixels = noise((1, 1, 1, 37, 50), "uint8")
    channels = (Channel("", "FFFFFF", 0.0, 255.0),)
    made = await written(tmp_path, pixels, channels=channels)
    np.testing.assert_array_equal(made[..., 0], pixels[0, 0, 0])


async def test_several_planes_are_several_files(tmp_path: Path) -> None:
    pixels = noise((2, 1, 3, 5, 6), "uint8")
    image = image_of(pixels, name="cells.png", channels=shown(RED))
    shares: list[float] = []
    await Picture(ExportForm.PNG).write(image, tmp_path, shares.append)
    names = [path.name for path in files_of(tmp_path)]
    assert len(names) == 2 * 3
    assert names[0] == "cells_z001_t001.png"
    assert names[-1] == "cells_z003_t002.png"
    for path in files_of(tmp_path):
        with Image.open(path) as opened:
            z, t = (int(part[1:]) - 1 for part in path.stem.split("_")[1:])
            wanted = np.clip(np.rint(pixels[t, 0, z] * 2.55), 0, 255)
            assert np.abs(np.asarray(opened)[..., 0] - wanted).max() <= 1
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_more_than_a_thousand_planes_are_in_order() -> None:
    assert [picture._digits(number, 1001) for number in (0, 1000)] == ["0001", "1001"]


@pytest.mark.parametrize(("name", "file"), [("cells", "cells.jpg"), ("a.jpg", "a.jpg")])
async def test_one_plane_has_the_images_name(tmp_path: Path, name: str, file: str) -> None:
    await written(tmp_path, flat(1), ExportForm.JPEG, name=name)
    assert [path.name for path in files_of(tmp_path)] == [file]


@pytest.mark.parametrize("size", [(1, 16_385), (16_385, 1), (16_384, 8_193)])
async def test_one_that_is_too_large_is_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    image = replace(image_of(flat(1)), size_y=size[0], size_x=size[1])
    with pytest.raises(errors.UnsupportedFile, match="lower resolution level or a region"):
        await Picture(ExportForm.PNG).write(image, tmp_path, nothing)
    assert files_of(tmp_path) == []


async def test_a_part_of_it(tmp_path: Path) -> None:
    pixels = noise((1, 3, 1, 40, 50), "uint8")
    channels = tuple(Channel(color, color, 0, 255) for color in (RED, GREEN, BLUE))
    made = await written(tmp_path, pixels, channels=channels, cut=Cut(channels=(2,)))
    np.testing.assert_array_equal(made[..., 2], pixels[0, 2, 0])
    assert not made[..., :2].any()


@pytest.mark.parametrize(
    ("width", "um_per_px", "label", "length"),
    [
        (1000, 0.5, "100 \N{MICRO SIGN}m", 200),
        (1000, 0.1, "20 \N{MICRO SIGN}m", 200),
        (1000, 0.65, "100 \N{MICRO SIGN}m", 154),
        (2048, 0.108, "50 \N{MICRO SIGN}m", 463),
        (512, 10.0, "1 mm", 100),
        (512, 0.001, "100 nm", 100),
        (16_384, 0.25, "1 mm", 4000),
    ],
)
def test_bars_have_round_lengths_near_a_fifth(
    width: int, um_per_px: float, label: str, length: int
) -> None:
    bar = bar_for(width, width, um_per_px)
    assert bar is not None
    assert (bar.label, round(bar.width_px)) == (label, length)


def test_every_bar_is_a_tenth_to_three_tenths_of_the_width() -> None:
    for um in np.geomspace(1e-4, 100, 500):
        bar = bar_for(1000, 800, float(um))
        assert bar is not None
        assert 119 < bar.width_px <= 300.001


@pytest.mark.parametrize("um", [None, 0.0, float("nan"), float("inf"), -1.0])
async def test_without_a_pixel_size_there_is_no_bar(tmp_path: Path, um: float | None) -> None:
    made = await written(
        tmp_path, flat(0, size=(200, 300)), channels=shown(RED), pixel_size_um=(None, 1.0, um)
    )
    assert not made.any()


def test_a_tiny_picture_has_no_bar() -> None:
    assert bar_for(47, 1000, 0.5) is None
    assert bar_for(1000, 47, 0.5) is None


@pytest.mark.parametrize(("ground", "bar"), [((0, 0, 0), 255), ((255, 255, 255), 0)])
@pytest.mark.parametrize("size", [(48, 48), (300, 200), (2000, 1500)])
def test_a_bar_is_seen_and_as_long_as_it_says(
    ground: tuple[int, int, int], bar: int, size: tuple[int, int]
) -> None:
    made = Image.new("RGB", size, ground)
    draw_scale_bar(made, 0.5)
    drawn = np.asarray(made)[..., 0] == bar
    rows = drawn.sum(axis=1)
    wanted = bar_for(*size, 0.5)
    assert wanted is not None
    # The lowest row with something is the bar's own.
    lowest = np.nonzero(rows)[0][-1]
    assert abs(int(rows[lowest]) - wanted.width_px) <= 1
    # At the lower right, with text above it.
    assert np.nonzero(drawn[lowest])[0][-1] >= size[0] * 0.9
    assert lowest >= size[1] * 0.9
    assert rows[: lowest - max(2, round(min(size) * 0.006))].any()
    assert not drawn[: size[1] // 2].any()
    assert not drawn[:, : size[0] // 3].any()


@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, errors.StorageFull), (errno.EIO, errors.Unavailable)],
)
async def test_a_disk_that_is_full_or_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: type[errors.TransferAppError],
) -> None:
    def fail(*_all: object, **_named: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(error):
        await Picture(ExportForm.PNG).write(image_of(flat(1)), tmp_path, nothing)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["cut", "gone", "size", "kind"])
async def test_damage_is_found(tmp_path: Path, kind: ExportForm, damage: str) -> None:
    image = image_of(noise((1, 1, 1, 100, 120), "uint8"))
    await Picture(kind).write(image, tmp_path, nothing)
    (path,) = files_of(tmp_path)
    if damage == "cut":
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif damage == "gone":
        path.unlink()
    else:
        size = (120, 101) if damage == "size" else (120, 100)
        Image.new("RGB", size).save(path, "GIF" if damage == "kind" else kind.upper())
    with pytest.raises(errors.ChecksumMismatch):
        await Picture(kind).verify(image, tmp_path, nothing)


async def test_a_plane_that_cannot_be_read_or_a_stop_leaves_no_thread(tmp_path: Path) -> None:
    pixels = noise((1, 2, 3, 60, 70), "uint8")
    plain = ArrayReader(pixels)

    async def torn(region: TileRegion) -> npt.NDArray[np.generic]:
        if region.z == 2:
            raise errors.DamagedFile
        return await plain(region)

    def stop(_share: float) -> None:
        raise errors.Cancelled

    before = set(threading.enumerate())
    with pytest.raises(errors.DamagedFile):
        await Picture(ExportForm.PNG).write(image_of(pixels, read=torn), tmp_path, nothing)
    with pytest.raises(errors.Cancelled):
        await Picture(ExportForm.PNG).write(image_of(pixels), tmp_path, stop)
    assert left_over(before) == []


async def test_a_task_that_is_cancelled_leaves_no_thread(tmp_path: Path) -> None:
    reading = asyncio.Event()

    async def stuck(_region: TileRegion) -> npt.NDArray[np.generic]:
        reading.set()
        await asyncio.sleep(60)
        raise AssertionError

    before = set(threading.enumerate())
    image = image_of(flat(1), read=stuck)
    task = asyncio.create_task(Picture(ExportForm.PNG).write(image, tmp_path, nothing))
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left_over(before) == []
