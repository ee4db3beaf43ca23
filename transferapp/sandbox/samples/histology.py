"""A section stained with haematoxylin and eosin, as a colour camera sees it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from transferapp.sandbox.samples.chance import Chance, Light
from transferapp.sandbox.samples.optics import blurred, cloud, exposed, uneven_light
from transferapp.sandbox.samples.tissue import Section, Tissue

#: About how much each dye takes from red, green and blue.
HAEMATOXYLIN = (0.68, 0.70, 0.27)
EOSIN = (0.08, 0.85, 0.30)


def histology(chance: Chance, shape: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Return a picture of shape (y, x, 3)."""
    section = Section(chance, shape, Tissue(empty=-1.0, sparse=0.0, gland=79.0))
    stroma = np.where(section.taken, 0.0, 0.12 + 0.6 * _fibres(chance, shape))
    blue = blurred(section.nuclei * 1.1 + section.epithelium * 0.25)
    pink = blurred(stroma + section.epithelium * 0.55, 2)
    light = uneven_light(chance, shape, 0.06)
    colours = []
    for h, e in zip(HAEMATOXYLIN, EOSIN, strict=True):
        seen = 243.0 * light * _passed(h * blue + e * pink)
        colours.append(exposed(seen, chance, 500.0, 8.0, 255))
    return np.stack(colours, axis=-1).astype(np.uint8)


def _fibres(chance: Chance, shape: tuple[int, int]) -> Light:
    """Return a net of wavy strands, from 0 to 1."""
    strands = np.zeros(shape)
    for period in (48, 30, 17):
        strand = 1.0 - 3.2 * np.abs(cloud(chance, shape, period) - 0.5)
        strands = np.maximum(strands, strand * strand * (0.6 + 0.4 * cloud(chance, shape, 80)))
    # Bent, since the strands of a cloud follow rows and columns.
    bent = [
        np.clip(place + 70 * (cloud(chance, shape, 60) - 0.5), 0, size - 1).astype(np.intp)
        for place, size in zip(np.indices(shape), shape, strict=True)
    ]
    return strands[bent[0], bent[1]] * (0.7 + 0.3 * cloud(chance, shape, 3))


def _passed(density: Light) -> Light:
    """Return the share of light that passes: close to exp(-density), the same everywhere."""
    share = np.maximum(1.0 - density / 8.0, 0.0)
    for _ in range(3):
        share = share * share
    return share
