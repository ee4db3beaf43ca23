"""A section of tissue: glands in a stroma whose density changes, on an empty slide."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.epithelium import Ring, draw_ring
from transferapp.sandbox.samples.optics import cloud, clouds
from transferapp.sandbox.samples.shapes import Blob, draw_nucleus, patch, random_blob

#: In pixels: the radius of a nucleus, and from nucleus to nucleus.
NUCLEUS, APART = 12.0, 23.0


@dataclass(frozen=True)
class Tissue:
    """How a section is."""

    #: How much of the slide has no tissue, and how much of the tissue no glands; from 0 to 1.
    empty: float
    sparse: float
    #: Radius of a gland, to the middle of its cells, in pixels.
    gland: float


def jittered(
    chance: Chance, shape: tuple[int, int], apart: int
) -> Iterator[tuple[float, float]]:
    """Yield points about as far apart as that, row by row."""
    rows, columns = shape[0] // apart + 1, shape[1] // apart + 1
    places = chance.grid(rows, columns, 2)
    for row in range(rows):
        for column in range(columns):
            y, x = (float(place) for place in places[row, column])
            shift = 0.5 * (row % 2)
            yield (row + 0.15 + 0.7 * y) * apart, (column + shift + 0.15 + 0.7 * x) * apart


class Section:
    """Draws a section; its pictures are nuclei, epithelium and marker, about 1 where bright."""

    def __init__(self, chance: Chance, shape: tuple[int, int], tissue: Tissue) -> None:
        """Draw it."""
        self._chance = chance
        self._tissue = self._outline(shape, tissue.empty)
        self._dense = clouds(chance, shape, 700, 260).astype(np.float32)
        self._grain = clouds(chance, shape, 11, 6).astype(np.float32)
        self._follicles = cloud(chance, shape, 620).astype(np.float32)
        self.nuclei, self.epithelium, self.marker = (np.zeros(shape, np.float32) for _ in "abc")
        self.taken = np.zeros(shape, bool)
        for y, x in jittered(chance, shape, int(tissue.gland * 2.5)):
            inside = self._at(self._tissue, y, x) > 0.05
            if inside and self._at(self._dense, y, x) > tissue.sparse:
                self._add_gland(y, x, tissue.gland * chance.between(0.76, 1.24))
        self._add_stroma()

    def _outline(self, shape: tuple[int, int], empty: float) -> Light:
        """Return how deep each pixel is in the tissue; below 0 outside."""
        y = (np.arange(shape[0])[:, None] / shape[0] - 0.5) * 2
        x = (np.arange(shape[1]) / shape[1] - 0.5) * 2
        ragged = clouds(self._chance, shape, 1300, 430, 140, 50)
        depth = ragged * 1.5 - 0.25 - empty * (0.35 + x * x * 0.7 + y * y * 0.9)
        return depth.astype(np.float32)

    @staticmethod
    def _at(field: Light, y: float, x: float) -> float:
        row = min(max(int(y), 0), field.shape[0] - 1)
        return float(field[row, min(max(int(x), 0), field.shape[1] - 1)])

    def _add_gland(self, y: float, x: float, radius: float) -> None:
        chance = self._chance
        middle = random_blob(chance, y, x, radius, 0.09)
        ring = Ring(middle, chance.between(46, 60))
        area = patch(ring.outer, self.epithelium)
        crowd = self._at(self._follicles, y, x) > 0.8
        if crowd or area is None or area.of(self.taken)[area.reach < 1.08].any():
            return
        area.of(self.taken)[...] |= area.reach < 1.0
        draw_ring(self.epithelium, ring, self._grain)
        growing = chance.between(0.05, 0.55)
        for nucleus in ring.nuclei(chance, NUCLEUS, APART):
            draw_nucleus(self.nuclei, chance, nucleus, self._grain)
            if chance.happens(growing):
                seen = replace(nucleus, brightness=chance.between(0.3, 1.2))
                draw_nucleus(self.marker, chance, seen, self._grain)

    def _add_stroma(self) -> None:
        """Scatter nuclei: long ones along the fibres, small round ones where they crowd."""
        chance = self._chance
        for y, x in jittered(chance, self._tissue.shape, int(APART)):
            if self._at(self._tissue, y, x) < 0 or self._near_gland(y, x):
                continue
            crowd = self._at(self._follicles, y, x) > 0.88
            if not chance.happens(0.95 if crowd else 0.45 * self._at(self._dense, y, x)):
                continue
            nucleus = self._round(y, x) if crowd else self._spindle(y, x)
            draw_nucleus(self.nuclei, chance, nucleus, self._grain)
            if crowd and chance.happens(0.06):
                draw_nucleus(self.marker, chance, nucleus, self._grain)

    def _near_gland(self, y: float, x: float) -> bool:
        near = NUCLEUS * 0.6
        return any(
            self._at(self.taken, y + a, x + b) for a in (-near, near) for b in (-near, near)
        )

    def _round(self, y: float, x: float) -> Blob:
        return random_blob(self._chance, y, x, NUCLEUS * 0.72)

    def _spindle(self, y: float, x: float) -> Blob:
        """Return a long nucleus along the slope of the tissue, as fibres lie."""
        chance = self._chance
        dy = self._at(self._dense, y + 16, x) - self._at(self._dense, y - 16, x)
        dx = self._at(self._dense, y, x + 16) - self._at(self._dense, y, x - 16)
        a, b = chance.direction()
        # Across the slope, with some of a direction of its own.
        v, u = dx * 60 + a * 0.4, -dy * 60 + b * 0.4
        length = math.sqrt(u * u + v * v) + 1e-9
        return Blob(
            y,
            x,
            NUCLEUS * chance.between(0.6, 0.85),
            chance.between(1.6, 3.2),
            (u / length, v / length),
            tuple(0.03 * chance.between(-1, 1) for _ in range(6)),
            chance.between(0.45, 0.95),
        )
