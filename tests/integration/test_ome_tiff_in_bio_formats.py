"""OME-TIFFs that we write, as Bio-Formats reads them."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import ome_types
import pytest
import tifffile

from tests.support.bio_formats_here import bio_formats, places
from transferapp.bioformats.places import Places
from transferapp.bioformats.port import BioFormats
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.conversion.tiff_layout import Compression
from transferapp.model.images import TileRegion
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
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


def ome_xml_of(places: Places, path: Path) -> str:
    """Return what Bio-Formats has read of a file, as its own program prints it."""
    program = shlex.split("loci.formats.tools.ImageInfo -nopix -omexml-only -no-upgrade")
    command = [places.java, "-cp", str(places.jar), *program, str(path)]
    return subprocess.run(
        command, capture_output=True, check=True, encoding="utf-8", timeout=60
    ).stdout


async def test_bio_formats_sees_the_rois(tmp_path: Path, places: Places) -> None:
    turned = Affine(0.0, -1.0, 30.0, 1.0, 0.0, 0.5)
    shapes = (
        Shape(1, ShapeKind.RECTANGLE, ((2.0, 6.5),), (10.0, 5.0), z=1, c=1, text="a nucleus",
              stroke_color="FF0000FF"),
        Shape(2, ShapeKind.ELLIPSE, ((20.0, 15.0),), (4.0, 2.0), t=0, transform=turned),
        Shape(3, ShapeKind.POLYGON, ((11.0, 6.0), (30.1, 6.0), (1.0, 20.0))),
        Shape(4, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 2.0), mask=b"\xa0\x40"),
    )  # fmt: skip
    image = image_of(noise((1, 2, 3, 40, 50), "uint8"), name="cells")
    drawn = replace(image, rois=rois_of_cut([Roi(5, shapes, "a cell")], image.place))
    await OmeTiff().write(drawn, tmp_path, nothing)
    stated = ome_xml_of(places, tmp_path / "cells.ome.tiff")
    [roi] = ome_types.from_xml(stated).rois
    with tifffile.TiffFile(tmp_path / "cells.ome.tiff") as file:
        [written] = ome_types.from_xml(file.ome_metadata or "").rois
    assert roi == written
    assert roi.union.rectangles[0].text == "a nucleus"
    assert roi.union.masks[0].bin_data.value == b"\xa0\x40"
