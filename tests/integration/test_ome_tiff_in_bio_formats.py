"""OME-TIFFs that we write, as Bio-Formats reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.bio_formats_here import bio_formats, places
from transferapp.bioformats.port import BioFormats
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.conversion.tiff_layout import Compression
from transferapp.model.images import TileRegion
from transferapp.testing.cut_images import PIXEL_SIZE_UM, image_of, noise
from transferapp.testing.form_suite import DTYPES, nothing

__all__ = ["bio_formats", "places"]
#: Bio-Formats' names of pixel types.
NAMES = {"float32": "float", "float64": "double"}


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("dtype", DTYPES)
async def test_bio_formats_sees_what_was_written(
    tmp_path: Path, bio_formats: BioFormats, dtype: str, compression: Compression
) -> None:
    pixels = noise((2, 3, 2, 700, 531), dtype)
    await OmeTiff(compression).write(image_of(pixels, name="cells"), tmp_path, nothing)
    path = tmp_path / "cells.ome.tiff"
    (series,) = bio_formats.describe(path).series
    assert (series.name, series.type) == ("cells", NAMES.get(dtype, dtype))
    assert (series.size_t, series.size_c, series.size_z) == (2, 3, 2)
    assert series.levels == ((700, 531), (350, 266))
    assert series.samples == 1
    assert [name for name, _color in series.channels] == [
        "DAPI",
        "GFP \N{GREEK SMALL LETTER ALPHA}",
        "Cy5",
    ]
    assert [color for _name, color in series.channels] == ["0000FF", "00FF00", "FF0000"]
    assert series.size_um == pytest.approx(PIXEL_SIZE_UM)
    for at in np.ndindex(2, 3, 2):
        t, c, z = at
        region = TileRegion(0, t, c, z, 0, 0, 700, 531)
        assert bio_formats.pixels(path, 0, region) == pixels[at].tobytes()
    with tifffile.TiffFile(path) as file:
        half = file.series[0].levels[1].asarray()[1, 2, 1]
    assert bio_formats.pixels(path, 0, TileRegion(1, 1, 2, 1, 0, 0, 350, 266)) == half.tobytes()
