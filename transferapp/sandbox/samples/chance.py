"""Numbers by chance that are the same on every computer and with every NumPy.

NumPy keeps the bits of a bit generator as they are, but not what its distributions make of
them (NEP 19). And the last bit of an exponential, a sine or a long sum differs between
processors. So everything here, and everything that draws, uses the raw bits, sums in a fixed
order, and the operations that IEEE 754 rounds exactly: ``+ - * /`` and the square root (no
powers, and no ``sum`` of fractions, which adds in another way from Python 3.12 on).
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
import numpy.typing as npt

#: How bright each pixel is: numbers of 32 or 64 bits, as the space allows.
Light = npt.NDArray[Any]
_ULP = 2.0**-53
#: Of the sum of four numbers of 16 bits.
_MEAN, _DEVIATION = 2 * 65535.0, 37837.226


class Chance:
    """A stream of numbers by chance; streams of different names have nothing in common."""

    def __init__(self, *name: object) -> None:
        """Begin the stream of this name."""
        text = "/".join(str(part) for part in name)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest(), "little")
        self._bits = np.random.PCG64(seed)

    def _raw(self, shape: tuple[int, ...]) -> npt.NDArray[np.uint64]:
        raw: Any = self._bits.random_raw(int(np.prod(shape)))
        return np.asarray(raw, np.uint64).reshape(shape)

    def grid(self, *shape: int) -> Light:
        """Return numbers from 0 to 1."""
        return (self._raw(shape) >> np.uint64(11)) * _ULP

    def normal(self, *shape: int) -> Light:
        """Return numbers with mean 0 and deviation 1; none is larger than 3.5."""
        parts = self._raw(shape)
        total = np.zeros(shape, np.uint64)
        for shift in (0, 16, 32, 48):
            total += (parts >> np.uint64(shift)) & np.uint64(0xFFFF)
        return (total - _MEAN) / _DEVIATION

    def between(self, low: float, high: float) -> float:
        """Return one number."""
        return low + (high - low) * float(self.grid(1)[0])

    def happens(self, share: float) -> bool:
        """Tell whether what happens in this share of cases happens now."""
        return self.between(0, 1) < share

    def direction(self) -> tuple[float, float]:
        """Return (cosine, sine) of some angle."""
        while True:
            x, y = self.between(-1, 1), self.between(-1, 1)
            length = math.sqrt(x * x + y * y)
            if 0.1 < length < 1:
                return x / length, y / length
