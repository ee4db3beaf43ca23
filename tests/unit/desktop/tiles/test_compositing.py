"""Channels are mixed in their colours, within their windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.support.preview_images import made_image
from transferapp.desktop.tiles import compositing
from transferapp.desktop.tiles.compositing import ChannelDisplay
from transferapp.model.images import Channel

GREEN = ChannelDisplay("GFP", (0, 255, 0), 100, 300)
MAGENTA = ChannelDisplay("RFP", (255, 0, 255), 0, 10)


def test_windows_and_colours() -> None:
    plane = np.array([[50, 100, 200, 300, 400]], dtype=np.uint16)
    other = np.array([[0, 10, 5, 0, 0]], dtype=np.uint16)
    picture = compositing.compose([plane, other], [GREEN, MAGENTA])
    assert picture.shape == (1, 5, 4)
    assert picture[0].tolist() == [
        [0, 0, 0, 255],
        [255, 0, 255, 255],
        [127, 127, 127, 255],
        [0, 255, 0, 255],
        [0, 255, 0, 255],
    ]


def test_bright_channels_do_not_wrap_around() -> None:
    plane = np.full((2, 2), 10, dtype=np.uint8)
    white = ChannelDisplay("", (255, 255, 255), 0, 10)
    assert (compositing.compose([plane, plane], [white, white]) == 255).all()


def test_not_a_number_is_dark() -> None:
    plane = np.array([[np.nan, 5.0]], dtype=np.float32)
    assert compositing.compose([plane], [MAGENTA])[0, :, 0].tolist() == [0, 127]


def test_automatic_window_leaves_out_the_extremes() -> None:
    plane = np.full((500, 500), 100, dtype=np.uint16)
    plane[:100] = 900
    plane[0, 0] = 65535
    low, high = compositing.auto_window([plane])
    assert (low, high) == (100, 900)


def test_automatic_window_of_a_flat_plane_is_not_empty() -> None:
    low, high = compositing.auto_window([np.full((5, 5), 7, dtype=np.uint8)])
    assert low < high


def test_which_windows_show_nothing() -> None:
    pixels, _ = made_image()
    assert compositing.window_shows_nothing(pixels, replace(GREEN, low=0, high=65535))
    assert compositing.window_shows_nothing(pixels, replace(GREEN, low=5, high=5))
    assert not compositing.window_shows_nothing(pixels, GREEN)
    eight_bit = replace(pixels, dtype="uint8")
    assert not compositing.window_shows_nothing(eight_bit, replace(GREEN, low=0, high=255))


def test_displays_survive_odd_colours() -> None:
    pixels, _ = made_image()
    channels = (Channel("A", "#0080ff", 0, 1), Channel("", "teal", 0, 1))
    displays = compositing.displays_of(replace(pixels, channels=channels))
    assert [display.color for display in displays] == [
        (0, 128, 255),
        (255, 255, 255),
        (0, 255, 255),
    ]
    assert [display.name for display in displays] == ["A", "Channel 2", "Channel 3"]
