"""Which page and sample holds a plane, whatever letters the axes have."""

from __future__ import annotations

import numpy as np
import pytest

from transferapp.errors import UnsupportedFile
from transferapp.repositories.local.readers.tiff_axes import PageAxes

_GREY, _CONTIG, _PLANAR = (1, 1, 8, 9, 1), (1, 1, 8, 9, 3), (3, 1, 8, 9, 1)


@pytest.mark.parametrize(
    ("axes", "shape", "shaped", "sizes"),
    [
        ("TZCYX", (2, 3, 4, 8, 9), _GREY, (2, 4, 3)),
        ("YX", (8, 9), _GREY, (1, 1, 1)),
        ("IYX", (5, 8, 9), _GREY, (1, 1, 5)),
        ("IYXS", (5, 8, 9, 1), _GREY, (1, 1, 5)),
        ("QZYXS", (5, 2, 8, 9, 3), _CONTIG, (5, 3, 2)),
        ("RTCZYX", (2, 3, 4, 5, 8, 9), _GREY, (6, 4, 5)),
        # Samples whose axis is not called S: an LSM's, ImageJ's, tifffile's.
        ("CYX", (3, 8, 9), _PLANAR, (1, 3, 1)),
        ("TZCYX", (2, 5, 3, 8, 9), _PLANAR, (2, 3, 5)),
        ("ZYXC", (5, 8, 9, 3), _CONTIG, (1, 3, 5)),
        ("QYX", (3, 8, 9), _PLANAR, (1, 3, 1)),
        ("ZYX", (3, 8, 9), _PLANAR, (1, 1, 3)),
        ("TCYX", (2, 3, 8, 9), (6, 1, 8, 9, 1), (2, 3, 1)),
        ("CTX", (3, 8, 9), _PLANAR, (1, 3, 1)),
    ],
)
def test_axes_fold_into_t_c_z(
    axes: str, shape: tuple[int, ...], shaped: tuple[int, ...], sizes: tuple[int, int, int]
) -> None:
    folded = PageAxes.of(axes, shape, shaped)
    assert (folded.size("T"), folded.size("C"), folded.size("Z")) == sizes
    samples = shaped[0] * shaped[4]
    planes = {folded.plane(*plane) for plane in np.ndindex(*sizes)}
    count = int(np.prod(sizes))
    assert planes == {divmod(n, samples) for n in range(count)}
    assert folded.pages == count // samples


def test_inks_show_fewer_channels_than_they_store() -> None:
    folded = PageAxes.of("ZYXS", (5, 8, 9, 4), (1, 1, 8, 9, 4), colours=3)
    assert (folded.size("C"), folded.size("Z"), folded.pages) == (3, 5, 5)
    assert folded.plane(0, 2, 4) == (4, 2)


@pytest.mark.parametrize(
    ("axes", "shape", "shaped"),
    [("CYX", (3, 8, 9), (2, 1, 8, 9, 1)), ("CYX", (3, 9, 8), _PLANAR), ("X", (9,), _GREY)],
)
def test_axes_that_hold_no_such_pages(
    axes: str, shape: tuple[int, ...], shaped: tuple[int, ...]
) -> None:
    with pytest.raises(UnsupportedFile, match="OME-TIFF"):
        PageAxes.of(axes, shape, shaped)
