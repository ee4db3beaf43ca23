"""Which cell a pixel belongs to, and where two cells touch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from transferapp.sandbox.samples.chance import Light
from transferapp.sandbox.samples.shapes import Blob, patch

#: Farther than any cell reaches.
_FAR = 9.0


@dataclass(frozen=True)
class Territories:
    """Each pixel is of the cell in which it is least far out."""

    #: Number of the cell, -1 where there is none.
    owner: npt.NDArray[np.int32]
    #: How far out the pixel is in its own cell and in the next one: 0 centre, 1 outline.
    first: Light
    second: Light

    def seams(self, sharpness: float) -> Light:
        """Return 1 where two cells touch, going down to 0 on both sides."""
        seam = np.clip(1.0 - (self.second - self.first) * sharpness, 0.0, 1.0)
        return np.where(self.first < 1.0, seam, 0.0)

    def rims(self) -> Light:
        """Return 1 along the free edge of cells."""
        return np.clip(1.0 - np.abs(self.first - 0.95) * 12.0, 0.0, 1.0)


def share_out(bodies: Sequence[Blob], shape: tuple[int, int]) -> Territories:
    """Give each pixel to a cell."""
    owner = np.full(shape, -1, np.int32)
    first, second = np.full(shape, _FAR), np.full(shape, _FAR)
    for number, body in enumerate(bodies):
        area = patch(body, owner)
        if area is None:
            continue
        before, behind = area.of(first), area.of(second)
        behind[...] = np.minimum(behind, np.maximum(area.reach, before))
        nearer = area.reach < np.minimum(before, 1.0)
        area.of(owner)[nearer] = number
        before[...] = np.minimum(before, area.reach)
    return Territories(owner, first, second)
