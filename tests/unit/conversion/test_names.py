"""Names of files that are made of images' names."""

from __future__ import annotations

import pytest
from pathvalidate import is_valid_filename

from transferapp.conversion.names import file_name
from transferapp.testing.cut_images import image_of, noise

PIXELS = noise((1, 1, 1, 2, 2), "uint8")


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("cells", "cells.ome.zarr"),
        ("cells.lif [Series 1]", "cells.lif [Series 1].ome.zarr"),
        ("Cells.OME.zarr", "Cells.ome.zarr"),
        ("a/b\\c:d*e?.tif", "a_b_c_d_e_.ome.zarr"),
        ("../../etc/passwd", "_.._etc_passwd.ome.zarr"),
        ("", "image-7.ome.zarr"),
        ("...", "image-7.ome.zarr"),
        (" .hidden. ", "hidden.ome.zarr"),
        ("e\u0301", "\u00e9.ome.zarr"),
        ("torn \udcff name", "torn  name.ome.zarr"),
    ],
)
def test_it_is_the_images_name(name: str, made: str) -> None:
    assert file_name(image_of(PIXELS, name=name), ".ome.zarr") == made


@pytest.mark.parametrize(
    ("name", "suffix", "made"),
    [
        ("cells.ome.tif", ".ome.tiff", "cells.ome.tiff"),
        ("cells.TIF", ".ome.tiff", "cells.ome.tiff"),
        ("cells.zarr", ".ome.zarr", "cells.ome.zarr"),
        ("cells.jpeg", ".jpg", "cells.jpg"),
        ("cells.tif", ".png", "cells.png"),
        ("x.ome.zarr", ".ome.tiff", "x.ome.tiff"),
        ("x.OME.TIFF", ".jpg", "x.jpg"),
        ("cells.czi", ".png", "cells.czi.png"),
        ("run.lif [tif]", ".png", "run.lif [tif].png"),
        (".tif", ".png", "image-7.png"),
    ],
)
def test_one_format_has_one_ending(name: str, suffix: str, made: str) -> None:
    assert file_name(image_of(PIXELS, name=name), suffix) == made


@pytest.mark.parametrize(
    "name", ["CON", "nul.tif", "a\0b\nc", "x" * 400, "\U0001f52c" * 90, 'a|<>"']
)
def test_any_disk_stores_it(name: str) -> None:
    made = file_name(image_of(PIXELS, name=name), ".ome.tif")
    assert is_valid_filename(made, platform="universal")
    assert made.endswith(".ome.tif")
    assert len(made.encode()) <= 215
