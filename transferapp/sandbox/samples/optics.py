"""What lies between a cell and its picture: blur, uneven light, a camera with its noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transferapp.sandbox.samples.chance import Chance, Light

Picture = npt.NDArray[np.unsignedinteger]
#: Rows that are exposed at once: bounds the memory that a slide takes.
_STRIP = 256


def cloud(chance: Chance, shape: tuple[int, int], period: float) -> Light:
    """Return a smooth field from 0 to 1 that changes over ``period`` pixels."""
    rows, columns = (int(size / period) + 2 for size in shape)
    grid = chance.grid(rows, columns)
    (top, down), (left, right) = (_between_points(size, period) for size in shape)
    lines = grid[top] + (grid[top + 1] - grid[top]) * down[:, None]
    field: Light = lines[:, left] + (lines[:, left + 1] - lines[:, left]) * right
    return field


def _between_points(size: int, period: float) -> tuple[npt.NDArray[np.intp], Light]:
    """Return the grid point before each pixel, and how far along to the next it is, eased."""
    place = np.arange(size) / period
    point = np.floor(place)
    along = place - point
    return point.astype(np.intp), along * along * (3 - 2 * along)


def clouds(chance: Chance, shape: tuple[int, int], *periods: float) -> Light:
    """Return the mean of several fields, the coarser the stronger."""
    total, weights = np.zeros(shape), 0.0
    for number, period in enumerate(periods):
        weight = 1.0 / (1 + number)
        total += weight * cloud(chance, shape, period)
        weights += weight
    return total / weights


def blurred(picture: Light, times: int = 1) -> Light:
    """Blur by the kernel 1 4 6 4 1 (a deviation of 1 pixel), ``times`` over."""
    for _ in range(times):
        for axis in (0, 1):
            wide = np.pad(picture, [(2, 2) if axis == a else (0, 0) for a in (0, 1)], "edge")
            a, b, c, d, e = (
                wide[k : wide.shape[0] - 4 + k]
                if axis == 0
                else wide[:, k : wide.shape[1] - 4 + k]
                for k in range(5)
            )
            picture = ((a + e) + 4.0 * (b + d) + 6.0 * c) / 16.0
    return picture


def uneven_light(chance: Chance, shape: tuple[int, int], fall: float = 0.25) -> Light:
    """Return how much light falls on each pixel: 1 near a centre, less at the corners."""
    y = (np.arange(shape[0])[:, None] / shape[0] - chance.between(0.42, 0.58)) * 2
    x = (np.arange(shape[1]) / shape[1] - chance.between(0.42, 0.58)) * 2
    return 1.0 - fall * (x * x + y * y) / 2


def exposed(
    light: npt.NDArray[np.floating],
    chance: Chance,
    electrons: float,
    read_noise: float,
    top: int,
) -> Picture:
    """Take a picture: whole numbers from 0 to ``top``.

    ``light`` is in units of the picture's numbers; ``electrons`` is how many electrons make
    one unit, ``read_noise`` is in electrons. The noise of photons has the variance of their
    number, as Poisson's; its form is that of many photons.
    """
    picture = np.empty(light.shape, np.uint8 if top < 256 else np.uint16)
    for row in range(0, light.shape[0], _STRIP):
        strip = light[row : row + _STRIP].astype(np.float64)
        noise = np.sqrt(np.maximum(strip, 0) * electrons + read_noise * read_noise) / electrons
        seen = strip + noise * chance.normal(*strip.shape)
        picture[row : row + _STRIP] = np.clip(np.floor(seen + 0.5), 0, top)
    return picture


def halved(picture: Picture) -> Picture:
    """Return the next level of a pyramid: means of 2 x 2 pixels of (y, x)."""
    rows, columns = (size - size % 2 for size in picture.shape)
    wide = picture[:rows, :columns].astype(np.uint32)
    total = wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]
    return ((total + 2) // 4).astype(picture.dtype)


def contrast(picture: Picture) -> tuple[int, int]:
    """Return between which numbers most pixels are: all but 1 % and 0.2 %."""
    up_to = np.cumsum(np.bincount(picture.ravel()))
    shares = (picture.size // 100, picture.size - picture.size // 500)
    low, high = (int(np.searchsorted(up_to, share)) for share in shares)
    return low, high


@dataclass(frozen=True)
class Camera:
    """A camera and the light that it sees beside the cells'; see ``exposed``."""

    electrons: float
    read_noise: float = 2.0
    offset: float = 0.0
    top: int = 255
    #: Shares of a bright cell: light from out of focus, light from everywhere.
    haze: float = 0.22
    ground: float = 0.05


def photographed(
    chance: Chance, light: Sequence[Light], brightness: Sequence[float], camera: Camera
) -> list[Picture]:
    """Take a picture of each channel under uneven light."""
    pictures = []
    for channel, scale in zip(light, brightness, strict=True):
        seen = channel + blurred(channel, 12) * camera.haze + camera.ground
        shade = uneven_light(chance, (channel.shape[0], channel.shape[1]))
        signal = seen * shade * scale + camera.offset
        pictures.append(
            exposed(signal, chance, camera.electrons, camera.read_noise, camera.top)
        )
    return pictures
