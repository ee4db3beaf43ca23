"""An organoid: a hollow ball of cells with buds, cut through the middle."""

from __future__ import annotations

import math

import numpy as np

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.epithelium import Ring
from transferapp.sandbox.samples.optics import blurred, clouds
from transferapp.sandbox.samples.shapes import Blob, draw_nucleus, patch, random_blob
from transferapp.sandbox.samples.territories import share_out

#: In pixels.
_NUCLEUS, _APART = 10.5, 19.0


def organoid(chance: Chance, shape: tuple[int, int]) -> list[Light]:
    """Return the light of nuclei, membranes and a marker of the buds."""
    rings = _rings(chance, shape)
    grain = clouds(chance, shape, 8, 4)
    dna, marker = np.zeros(shape), np.zeros(shape)
    kept: list[Blob] = []
    for number, ring in enumerate(rings):
        for nucleus in ring.nuclei(chance, _NUCLEUS, _APART):
            inside = any(_within(nucleus, other) for other in rings if other is not ring)
            if inside or any(_close(nucleus, other) for other in kept):
                continue
            kept.append(nucleus)
            draw_nucleus(dna, chance, nucleus, grain)
            if number and chance.happens(0.75):
                draw_nucleus(marker, chance, nucleus, grain[:, ::-1])
    return [blurred(dna), blurred(_membranes(rings, kept, grain)), blurred(marker)]


def _rings(chance: Chance, shape: tuple[int, int]) -> list[Ring]:
    """Return the ball and its buds."""
    radius = shape[0] * 0.21
    ball = random_blob(chance, shape[0] / 2, shape[1] / 2, radius, 0.03)
    rings = [Ring(ball, radius * 0.42)]
    cosine, sine = chance.direction()
    for _ in range(5):
        far = ball.reach(cosine, sine) + radius * chance.between(0.25, 0.5)
        bud = random_blob(
            chance,
            ball.y + sine * far,
            ball.x + cosine * far,
            radius * chance.between(0.36, 0.5),
            0.06,
        )
        rings.append(Ring(bud, radius * 0.4))
        # A turn by about 72 degrees.
        half = 0.7265 * chance.between(0.7, 1.3)
        c, s = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
        cosine, sine = cosine * c - sine * s, sine * c + cosine * s
    return rings


def _within(nucleus: Blob, ring: Ring) -> bool:
    """Tell whether another ring's hollow or cells are where this nucleus would be."""
    y, x = nucleus.y - ring.middle.y, nucleus.x - ring.middle.x
    far = math.sqrt(y * y + x * x) + 1e-9
    return far < ring.middle.reach(x / far, y / far) * 0.93


def _close(one: Blob, other: Blob) -> bool:
    y, x = one.y - other.y, one.x - other.x
    return y * y + x * x < _APART * _APART * 0.45


def _membranes(rings: list[Ring], nuclei: list[Blob], grain: Light) -> Light:
    """Return the light of membranes: between neighbours, and strong round the hollow."""
    cells = share_out([n.grown(_NUCLEUS * 2.6) for n in nuclei], grain.shape[:2])
    body, hollow = np.zeros(grain.shape), np.zeros(grain.shape)
    for ring in rings:
        area = patch(ring.outer, body)
        if area is not None:
            area.of(body)[...] = np.maximum(area.of(body), area.cover(4.0))
            area.of(hollow)[...] = np.maximum(area.of(hollow), area.cover_of(ring.inner, 5.0))
    solid = np.clip(body - hollow, 0.0, 1.0)
    shore = blurred(hollow, 3) * solid
    return solid * (0.16 + 0.1 * grain + 0.5 * cells.seams(4.0)) + 0.9 * shore
