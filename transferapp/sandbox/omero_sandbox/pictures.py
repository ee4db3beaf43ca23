"""Pictures of planes by rendering settings, as OMERO's rendering engine makes them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from transferapp.sandbox.omero_sandbox.rendering_settings import (
    ChannelSettings,
    RenderingSettings,
)

Plane = npt.NDArray[np.generic]
Picture = npt.NDArray[np.uint8]
_BRIGHTEST = 255
_QUALITY = 85
_WHITE = (_BRIGHTEST,) * 3


def shown_numbers(settings: RenderingSettings) -> list[int]:
    """Return the numbers of the channels that are shown; greyscale shows one."""
    active = [n for n, channel in enumerate(settings.channels) if channel.active]
    return active[:1] if settings.model == "greyscale" else active


def picture(planes: Sequence[Plane], settings: RenderingSettings) -> Picture:
    """Lay the planes of the shown channels over each other."""
    made = np.zeros((*planes[0].shape, 3), np.float32)
    for plane, number in zip(planes, shown_numbers(settings), strict=True):
        channel = settings.channels[number]
        grey = settings.model == "greyscale" or not any(channel.color)
        color = np.array(_WHITE if grey else channel.color, np.float32)
        made += _share(plane, channel)[..., None] * color
    return np.clip(np.rint(made), 0, _BRIGHTEST).astype(np.uint8)


def black(height: int, width: int) -> Picture:
    """Return what no channel at all shows."""
    return np.zeros((height, width, 3), np.uint8)


def _share(plane: Plane, channel: ChannelSettings) -> npt.NDArray[np.float32]:
    """Return how bright each pixel is, from 0 to 1."""
    numbers = plane.astype(np.float64)
    start, end, k = channel.start, channel.end, channel.coefficient
    if channel.family == "polynomial":
        numbers, start, end = np.power(np.maximum(numbers, 0), k), start**k, end**k
    elif channel.family == "logarithmic":
        numbers = np.log1p(np.maximum(numbers, 0))
        start, end = (float(np.log1p(max(n, 0))) for n in (start, end))
    with np.errstate(over="ignore"):
        share = (numbers - start) / (end - start if end > start else 1.0)
    share = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    if channel.family == "exponential":
        share = np.expm1(share) / np.expm1(1.0)
    return (1.0 - share if channel.inverted else share).astype(np.float32)


def jpeg(made: Picture, quality: float = _QUALITY) -> bytes:
    """Return a picture as JPEG; the quality is from 0 to 100."""
    out = io.BytesIO()
    Image.fromarray(made).save(out, "JPEG", quality=max(1, round(quality)))
    return out.getvalue()


def small_jpeg(made: Picture, edge_px: int) -> bytes:
    """Return a JPEG whose longer edge is ``edge_px``."""
    height, width = made.shape[:2]
    scale = edge_px / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return jpeg(np.asarray(Image.fromarray(made).resize(size, Image.Resampling.BOX)))
