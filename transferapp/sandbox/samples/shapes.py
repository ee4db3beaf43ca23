"""Nuclei and other blobs that are a little irregular, with a texture of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from transferapp.sandbox.samples.chance import Chance, Light

#: A number, or one for each pixel.
Number = Any


@dataclass(frozen=True)
class Blob:
    """An ellipse with a wavy outline; lengths in pixels."""

    y: float
    x: float
    radius: float
    #: Length over width.
    stretch: float = 1.0
    #: Cosine and sine of its long axis.
    along: tuple[float, float] = (1.0, 0.0)
    #: Cosine and sine parts of two, three and five waves round the outline, in radii.
    waves: tuple[float, ...] = (0.0,) * 6
    brightness: float = 1.0

    def grown(self, radius: float, wavier: float = 1.0) -> Blob:
        """Return the same outline in another size."""
        return replace(self, radius=radius, waves=tuple(w * wavier for w in self.waves))

    def reach(self, cosine: float, sine: float) -> float:
        """Return how far the outline is from the centre in a direction."""
        u, v = self._own_axes(sine, cosine)
        length = math.sqrt(u * u + v * v)
        return float(_outline(u / length, v / length, self.waves) / length)

    def depth(self, rows: slice, columns: slice) -> tuple[Light, Light]:
        """Return for each pixel of a window how far out it is (0 at the centre, 1 at the
        outline) and how deep inside, in pixels.
        """
        y = np.arange(rows.start, rows.stop)[:, None] - self.y
        x = np.arange(columns.start, columns.stop) - self.x
        u, v = self._own_axes(y, x)
        length = np.sqrt(u * u + v * v) + 1e-9
        outline = _outline(u / length, v / length, self.waves)
        return length / outline, (outline - length) * self.radius

    def _own_axes(self, y: Number, x: Number) -> tuple[Number, Number]:
        cosine, sine = self.along
        half = self.radius * math.sqrt(self.stretch)
        return (x * cosine + y * sine) / half, (y * cosine - x * sine) * self.stretch / half


def _outline(c1: Number, s1: Number, waves: tuple[float, ...]) -> Number:
    """Return the radius in a direction, from the cosine and sine of its angle."""
    c2, s2 = c1 * c1 - s1 * s1, 2.0 * c1 * s1
    c3, s3 = c2 * c1 - s2 * s1, s2 * c1 + c2 * s1
    c5, s5 = c3 * c2 - s3 * s2, s3 * c2 + c3 * s2
    a, b, c, d, e, f = waves
    return 1.0 + (a * c2 + b * s2) + (c * c3 + d * s3) + (e * c5 + f * s5)


class Patch:
    """What a blob covers of a picture."""

    def __init__(self, blob: Blob, rows: slice, columns: slice) -> None:
        """Measure a blob within a window."""
        self.rows, self.columns = rows, columns
        self.reach, self._depth = blob.depth(rows, columns)

    def cover(self, edge: float) -> Light:
        """Return 1 inside and 0 outside, going over ``edge`` pixels."""
        share = np.clip(self._depth / edge + 0.5, 0.0, 1.0)
        return share * share * (3.0 - 2.0 * share)

    def cover_of(self, other: Blob, edge: float) -> Light:
        """Return the cover of another blob in the same window."""
        return Patch(other, self.rows, self.columns).cover(edge)

    def of(self, picture: Light) -> Light:
        """Return the view of a picture under the patch."""
        return picture[self.rows, self.columns]


def patch(blob: Blob, picture: Light, edge: float = 3.0) -> Patch | None:
    """Return what the blob covers of a picture; None where that is nothing."""
    most = 1.0
    for wave in blob.waves:
        most += abs(wave)
    most = most * blob.radius * math.sqrt(blob.stretch) + edge
    rows = slice(max(0, int(blob.y - most)), min(picture.shape[0], int(blob.y + most) + 2))
    columns = slice(max(0, int(blob.x - most)), min(picture.shape[1], int(blob.x + most) + 2))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return Patch(blob, rows, columns)


def random_blob(chance: Chance, y: float, x: float, radius: float, wavy: float = 0.06) -> Blob:
    """Return a blob of some form about a point; sizes vary by a fifth."""
    strength = (wavy, wavy, wavy * 0.7, wavy * 0.7, wavy * 0.3, wavy * 0.3)
    return Blob(
        y,
        x,
        radius * chance.between(0.85, 1.2),
        chance.between(1.0, 1.45),
        chance.direction(),
        tuple(s * chance.between(-1, 1) for s in strength),
        chance.between(0.7, 1.25),
    )


def draw_nucleus(
    picture: Light, chance: Chance, nucleus: Blob, texture: Light, edge: float = 2.0
) -> None:
    """Add a nucleus: a dome with chromatin of the texture, and dark nucleoli."""
    area = patch(nucleus, picture, edge)
    if area is None:
        return
    reach = np.minimum(area.reach, 1.0)
    light = (1.0 - 0.3 * reach * reach) * (0.65 + 0.7 * area.of(texture))
    for _ in range(int(chance.between(1, 4))):
        nucleolus = Blob(
            nucleus.y + chance.between(-0.45, 0.45) * nucleus.radius,
            nucleus.x + chance.between(-0.45, 0.45) * nucleus.radius,
            nucleus.radius * chance.between(0.13, 0.24),
        )
        light *= 1.0 - 0.45 * area.cover_of(nucleolus, 2.0)
    area.of(picture)[...] += nucleus.brightness * light * area.cover(edge)
