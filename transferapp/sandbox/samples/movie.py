"""Living cells over time and depth: they wander, divide, and go out of focus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.culture import scattered
from transferapp.sandbox.samples.optics import blurred, clouds
from transferapp.sandbox.samples.shapes import Blob, draw_nucleus, random_blob
from transferapp.sandbox.samples.territories import share_out


@dataclass(frozen=True)
class Cell:
    """A cell at one time."""

    nucleus: Blob
    #: In planes.
    depth: float
    #: In pixels from time to time.
    drift: tuple[float, float]
    #: Times until it divides; it rounds up one time before.
    divides_in: int


def movie(
    chance: Chance, shape: tuple[int, int], times: int, planes: int
) -> Iterator[list[list[Light]]]:
    """Yield for each time, for each plane, the light of nuclei and bodies."""
    grain = clouds(chance, shape, 7, 3)
    cells = [
        _cell(chance, y, x, planes, number)
        for number, (y, x) in enumerate(
            scattered(chance, shape, shape[0] * shape[1] // 1700, 27)
        )
    ]
    for _ in range(times):
        bodies = _bodies(cells, grain)
        yield [_plane(Chance(plane), cells, bodies, grain, plane) for plane in range(planes)]
        cells = [later for cell in cells for later in _moved(chance, cell)]


def _cell(chance: Chance, y: float, x: float, planes: int, number: int) -> Cell:
    nucleus = random_blob(chance, y, x, 8.5)
    drift = (chance.between(-1.6, 1.6), chance.between(-1.6, 1.6))
    middle = (planes - 1) / 2
    divides_in = (2, 3, 4)[number] if number < 3 else 99
    return Cell(nucleus, middle + chance.between(-1.3, 1.3), drift, divides_in)


def _moved(chance: Chance, cell: Cell) -> list[Cell]:
    """Return the cell at the next time, or the two that it became."""
    dy, dx = (0.8 * d + chance.between(-1, 1) for d in cell.drift)
    nucleus = replace(cell.nucleus, y=cell.nucleus.y + dy, x=cell.nucleus.x + dx)
    left = cell.divides_in - 1
    cell = replace(cell, nucleus=nucleus, drift=(dy, dx), divides_in=left)
    if left == 1:
        round_up = replace(nucleus, radius=6.5, stretch=1.9, brightness=2.0)
        return [replace(cell, nucleus=round_up)]
    if left == 0:
        return [_daughter(cell, side) for side in (-1, 1)]
    if left == -1:
        grown = replace(nucleus, radius=7.2, stretch=1.2, brightness=1.1)
        return [replace(cell, nucleus=grown)]
    return [cell]


def _daughter(cell: Cell, side: int) -> Cell:
    """Return one of two plates that part across the mother's plate."""
    cosine, sine = cell.nucleus.along
    nucleus = replace(
        cell.nucleus,
        y=cell.nucleus.y + side * cosine * 7,
        x=cell.nucleus.x - side * sine * 7,
        radius=5.0,
        stretch=2.0,
        brightness=1.8,
    )
    return replace(cell, nucleus=nucleus, drift=(side * cosine * 3.5, -side * sine * 3.5))


def _bodies(cells: list[Cell], grain: Light) -> Light:
    bodies = [_body(cell.nucleus) for cell in cells]
    territories = share_out(bodies, (grain.shape[0], grain.shape[1]))
    reach = np.minimum(territories.first, 1.0)
    body = np.where(territories.first < 1.0, (1.0 - 0.6 * reach) * (0.5 + 0.7 * grain), 0.0)
    return body + 0.5 * territories.seams(8.0) + 0.35 * territories.rims()


def _body(nucleus: Blob) -> Blob:
    """Return the outline of a cell; it is rounder than the plates of a division."""
    return replace(nucleus.grown(21.0, 3.0), stretch=min(nucleus.stretch, 1.35))


def _plane(
    chance: Chance, cells: list[Cell], bodies: Light, grain: Light, plane: int
) -> list[Light]:
    """Return nuclei and bodies as this plane shows them: what is elsewhere is dim and wide."""
    nuclei = np.zeros(grain.shape)
    for cell in cells:
        away = abs(plane - cell.depth)
        dimmer = cell.nucleus.brightness / (1.0 + 0.55 * away * away)
        wider = cell.nucleus.radius * (1.0 + 0.06 * away)
        seen = replace(cell.nucleus, brightness=dimmer, radius=wider)
        draw_nucleus(nuclei, chance, seen, grain, 1.5 + 4.0 * away)
    # The cells stick to the glass: their bodies are sharpest in the second plane.
    away = abs(plane - 1)
    return [blurred(nuclei), blurred(bodies, 1 + 3 * away) / (1.0 + 0.3 * away)]
