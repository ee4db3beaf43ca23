"""The viewer's lazy arrays read what numpy would give, and nothing besides."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from transferapp.desktop.viewer.pyramid import ChannelLevel


def opened(shape: tuple[int, ...]) -> tuple[ChannelLevel, npt.NDArray[Any]]:
    data = np.random.default_rng(3).integers(0, 1000, shape).astype("uint16")
    array = zarr.create_array({}, data=data, chunks=(1, 1, 1, 16, 16))
    return ChannelLevel.of(array, 1), data[:, 1]


def test_short_axes_are_left_out() -> None:
    level, data = opened((1, 2, 1, 40, 50))
    assert (level.ndim, level.shape, level.dtype) == (2, (40, 50), np.dtype("uint16"))
    assert np.array_equal(np.asarray(level), data[0, 0])


@pytest.mark.parametrize(
    "index",
    [
        (1, 2),
        (slice(None), 0, slice(3, 20), slice(None)),
        (..., slice(5, 9)),
        (-1, ..., slice(-7, None)),
        (np.int64(2), np.int64(1), slice(np.int64(0), np.int64(7), 1)),
        (slice(1, 3), slice(0, 1), slice(30, 100), 4),
        2,
    ],
)
def test_indexing_is_that_of_numpy(index: Any) -> None:
    level, data = opened((3, 2, 4, 40, 50))
    part = level[index]
    assert part.shape == data[index].shape
    assert np.array_equal(np.asarray(part), data[index])


def test_indexing_twice_as_napari_does() -> None:
    level, data = opened((3, 2, 4, 40, 50))
    visible = level[:, :, 10:30, 5:45]
    assert np.array_equal(np.asarray(visible[2, 3]), data[2, 3, 10:30, 5:45])


def test_what_it_cannot_do_is_refused() -> None:
    level, _ = opened((1, 2, 1, 40, 50))
    with pytest.raises(IndexError):
        level[::2]
    with pytest.raises(IndexError):
        level[40]
