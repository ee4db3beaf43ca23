"""Lay channels over each other as light, in their colours and display windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from transferapp.model.images import Channel

WHITE = "FFFFFF"
#: For channels whose colour no file tells; red first, as ImageJ's and OMERO's are.
_PALETTE = ("FF0000", "00FF00", "0000FF", "FF00FF", "00FFFF", "FFFF00")


def stretched(plane: npt.NDArray[Any], channel: Channel) -> npt.NDArray[np.uint8]:
    """Return the brightness (height, width), 0 to 255, of a plane in its channel's window."""
    # Halves, for the difference of two numbers may be larger than any number.
    start, end = channel.window_start / 2, channel.window_end / 2
    numbers: npt.NDArray[np.float64] = plane.astype(np.float64) / 2
    share = (numbers - start) / (end - start if end > start else 1.0)
    bright = np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0)
    grey: npt.NDArray[np.uint8] = np.rint(np.clip(bright, 0.0, 1.0) * 255).astype(np.uint8)
    return grey


def rgb(color: str) -> npt.NDArray[np.float32]:
    """Return red, green, blue (0 to 1, shape (3,)) of ``RRGGBB``; white for no colour."""
    try:
        parts = bytes.fromhex(color.removeprefix("#"))[:3]
    except ValueError:
        parts = b""
    # Black would show nothing at all.
    if len(parts) != 3 or not any(parts):  # noqa: PLR2004 - red, green, blue
        parts = bytes.fromhex(WHITE)
    return np.array([part / 255 for part in parts], np.float32)


def default_color(index: int, count: int) -> str:
    """Return the colour of a channel whose file tells none; one alone is white."""
    return WHITE if count == 1 else _PALETTE[index % len(_PALETTE)]


def as_bytes(light: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return added light, shape (height, width, 3), as numbers of a picture (0 to 255)."""
    return np.clip(np.rint(light), 0, 255).astype(np.uint8)
