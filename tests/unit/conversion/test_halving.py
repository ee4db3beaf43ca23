"""Means of 2 x 2."""

from __future__ import annotations

import numpy as np
import pytest

from transferapp.conversion.halving import halve


def half_of(rows: list[list[float]], dtype: str) -> list[list[float]]:
    pixels = np.array(rows, dtype)
    out = np.empty([(size + 1) // 2 for size in pixels.shape], dtype)
    halve(pixels, out)
    found: list[list[float]] = out.tolist()
    return found


@pytest.mark.parametrize(
    ("dtype", "rows", "means"),
    [
        ("uint8", [[255, 255], [255, 254]], [[255]]),
        ("uint8", [[0, 1], [0, 0]], [[0]]),
        ("uint8", [[0, 1], [1, 0]], [[1]]),
        ("int8", [[-128, -128], [-128, -128]], [[-128]]),
        ("int16", [[-1, 0], [-1, 0]], [[0]]),
        ("int16", [[-1, -1], [-1, 0]], [[-1]]),
        ("uint32", [[2**32 - 1] * 2] * 2, [[2**32 - 1]]),
        ("int32", [[-(2**31)] * 2] * 2, [[-(2**31)]]),
        ("float32", [[0.5, 1.0], [1.5, 2.0]], [[1.25]]),
        ("float32", [[3e38, 3e38], [3e38, 3e38]], [[np.float32(3e38)]]),
        ("float64", [[np.inf, 1.0], [1.0, 1.0]], [[np.inf]]),
        ("uint16", [[7]], [[7]]),
        ("uint16", [[1, 3, 5]], [[2, 5]]),
        ("uint16", [[1], [3], [5]], [[2], [5]]),
        ("float32", [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[3.0, 4.5], [7.5, 9.0]]),
    ],
)
def test_means(dtype: str, rows: list[list[float]], means: list[list[float]]) -> None:
    assert half_of(rows, dtype) == means


@pytest.mark.parametrize("values", [[np.nan, 1.0], [np.inf, -np.inf]])
def test_no_number_stays_none(values: list[float]) -> None:
    """Without a warning."""
    assert np.isnan(half_of([values, [1.0, 1.0]], "float32")[0][0])


def test_planes_are_halved_for_themselves() -> None:
    """Also more rows than are worked on at once."""
    pixels = np.random.default_rng(1).integers(0, 1000, (2, 3, 300, 7), "uint16")
    out = np.empty((2, 3, 150, 4), "uint16")
    halve(pixels, out)
    padded = np.pad(pixels, [(0, 0)] * 3 + [(0, 1)], "edge").astype(float)
    means = padded.reshape(2, 3, 150, 2, 4, 2).mean((3, 5))
    np.testing.assert_array_equal(out, np.floor(means + 0.5))
