"""Pixels for made files: the same numbers at every run."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np


def numbers(shape: tuple[int, ...], dtype: str = "uint16", most: int = 250) -> Any:
    """Return numbers from 0 to below ``most`` that no two planes share."""
    seed = zlib.crc32(f"{shape} {dtype}".encode())
    return np.random.default_rng(seed).integers(0, most, shape).astype(dtype)
