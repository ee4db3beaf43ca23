"""Where the microscope's stage was, in what is made of a field of a plate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ome_types
import pytest
import zarr
from ome_zarr_models.v04.image import Image as Image04
from ome_zarr_models.v05.image import Image as Image05

from transferapp.conversion.cut_image import positioned
from transferapp.conversion.ome_xml import ome_xml
from transferapp.conversion.ome_zarr import OmeZarr
from transferapp.conversion.ome_zarr_documents import OmeZarrVersion
from transferapp.model.export_specs import Cut, Span
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import nothing

#: Pixels of 0.25 µm across and 0.5 µm down.
PIXELS = noise((1, 1, 1, 600, 700), "uint8")


def only(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


@pytest.mark.parametrize("version", list(OmeZarrVersion))
async def test_ome_zarr_is_moved_there(tmp_path: Path, version: OmeZarrVersion) -> None:
    image = positioned(image_of(PIXELS), 1500.0, -20.5)
    form = OmeZarr(version)
    await form.write(image, tmp_path, nothing)
    await form.verify(image, tmp_path, nothing)
    group = zarr.open_group(only(tmp_path), mode="r")
    is_04 = version is OmeZarrVersion.V04
    made: Any = (Image04 if is_04 else Image05).from_zarr(group)
    described = made.attributes if is_04 else made.ome_attributes
    for dataset in described.multiscales[0].datasets:
        _scale, translation = dataset.coordinateTransformations
        assert list(translation.translation) == [0, 0, 0, -20.5, 1500.0]


def test_ome_xml_has_a_label_of_the_stage() -> None:
    known = ome_types.from_xml(ome_xml(positioned(image_of(PIXELS), 1500.0, None)).decode())
    stage = known.images[0].stage_label
    assert stage is not None
    assert (stage.x, stage.y) == (1500.0, None)
    assert stage.x_unit.value == "µm"
    unknown = ome_types.from_xml(ome_xml(image_of(PIXELS)).decode())
    assert unknown.images[0].stage_label is None


def test_a_part_is_so_much_further() -> None:
    part = image_of(PIXELS, cut=Cut(y=Span(100, 20), x=Span(0, 30)))
    assert positioned(part, 10.0, 20.0).position_um == (10.0, 70.0)
    sizeless = image_of(PIXELS, cut=Cut(y=Span(100, 20)), pixel_size_um=(None, None, None))
    assert positioned(sizeless, 10.0, 20.0).position_um == (10.0, None)
