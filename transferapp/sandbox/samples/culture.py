"""Cells on glass: a loose layer with nuclei, bodies with fibres, and a marker of some."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.optics import blurred, cloud, clouds
from transferapp.sandbox.samples.shapes import Blob, draw_nucleus, patch, random_blob
from transferapp.sandbox.samples.territories import share_out


@dataclass(frozen=True)
class Culture:
    """How the cells of a field are; lengths in pixels."""

    #: Square pixels for one cell.
    room: float = 3600.0
    #: Radius of a nucleus.
    radius: float = 12.0
    #: Share of cells that show the marker.
    positive: float = 0.25
    #: Share of cells that divide.
    dividing: float = 0.05


def field(chance: Chance, shape: tuple[int, int], culture: Culture) -> list[Light]:
    """Return the light of nuclei, bodies and marker, about 1 where it is bright."""
    count = int(shape[0] * shape[1] / culture.room)
    nuclei = [
        random_blob(chance, y, x, culture.radius)
        for y, x in scattered(chance, shape, count, culture.radius * 2.3)
    ]
    grain = clouds(chance, shape, 9, 4)
    dna, marker = np.zeros(shape), np.zeros(shape)
    for nucleus in nuclei:
        if chance.happens(culture.dividing):
            draw_division(dna, chance, nucleus, grain)
            continue
        draw_nucleus(dna, chance, nucleus, grain)
        if chance.happens(culture.positive):
            draw_nucleus(marker, chance, nucleus, grain[::-1], 2.5)
        elif (area := patch(nucleus, marker)) is not None:
            area.of(marker)[...] += 0.05 * area.cover(3.0)
    bodies = draw_bodies(chance, nuclei, shape, culture.radius)
    return [blurred(dna), blurred(bodies), blurred(marker)]


def scattered(
    chance: Chance, shape: tuple[int, int], count: int, apart: float
) -> list[tuple[float, float]]:
    """Return up to ``count`` points, each ``apart`` from all others; some near the edges."""
    points: list[tuple[float, float]] = []
    for _ in range(count * 12):
        if len(points) == count:
            break
        y, x = chance.between(-5, shape[0] + 5), chance.between(-5, shape[1] + 5)
        if all((y - b) * (y - b) + (x - a) * (x - a) > apart * apart for b, a in points):
            points.append((y, x))
    return points


def draw_division(dna: Light, chance: Chance, nucleus: Blob, grain: Light) -> None:
    """Draw the two plates of a cell that divides: small, bright and side by side."""
    cosine, sine = chance.direction()
    for side in (-1, 1):
        plate = Blob(
            nucleus.y + side * sine * nucleus.radius * 0.6,
            nucleus.x + side * cosine * nucleus.radius * 0.6,
            nucleus.radius * 0.55,
            stretch=2.2,
            along=(-sine, cosine),
            waves=nucleus.waves,
            brightness=1.9,
        )
        draw_nucleus(dna, chance, plate, grain, 1.5)


def draw_bodies(
    chance: Chance, nuclei: list[Blob], shape: tuple[int, int], radius: float
) -> Light:
    """Return the light of the cells' bodies: fibres, and brighter at the rim."""
    bodies = [n.grown(radius * chance.between(2.4, 3.4), 4.0) for n in nuclei]
    cells = share_out(bodies, shape)
    light = np.zeros(shape)
    for number, body in enumerate(bodies):
        area = patch(body, light)
        if area is None:
            continue
        fibres = _fibres(chance, area.reach.shape, body)
        seen = (0.55 - 0.3 * area.reach + 0.3 * fibres) * area.cover(6.0) * body.brightness
        own = area.of(cells.owner) == number
        area.of(light)[own] = seen[own]
    return light + 0.35 * cells.seams(9.0) + 0.2 * cells.rims()


def _fibres(chance: Chance, shape: tuple[int, ...], body: Blob) -> Light:
    """Return fibres along the cell: a fine texture that is drawn out in one direction."""
    size = int(max(shape) * 1.5) + 4
    fine = cloud(chance, (size, 24), 1.6)
    cosine, sine = body.along
    y = np.arange(shape[0])[:, None] - shape[0] / 2
    x = np.arange(shape[1]) - shape[1] / 2
    across = np.clip(np.floor(y * cosine - x * sine + size / 2), 0, size - 1).astype(np.intp)
    along = np.clip(np.floor((x * cosine + y * sine) / 9.0 + 12), 0, 23).astype(np.intp)
    return fine[across, along]
