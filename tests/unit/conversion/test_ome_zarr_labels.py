"""ROIs as labels of an OME-Zarr, written in one go and in portions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import ome_zarr_models
import pytest
import zarr

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.ome_zarr import OmeZarr
from transferapp.conversion.ome_zarr_documents import OmeZarrVersion
from transferapp.errors import ChecksumMismatch
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import nothing

ROIS = [
    Roi(41, (Shape(1, ShapeKind.RECTANGLE, ((30.0, 20.0),), (400.0, 500.0), z=1,
                   fill_color="FF000080", text="a nucleus"),), "first"),
    Roi(42, (Shape(2, ShapeKind.ELLIPSE, ((300.0, 300.0),), (200.0, 90.0)),)),
]  # fmt: skip


@pytest.fixture(params=OmeZarrVersion)
def version(request: pytest.FixtureRequest) -> OmeZarrVersion:
    found: OmeZarrVersion = request.param
    return found


def drawn() -> CutImage:
    image = image_of(noise((1, 2, 2, 601, 700), "uint16"), name="cells")
    return replace(image, rois=rois_of_cut(ROIS, image.place))


def attributes_of(group: zarr.Group) -> dict[str, Any]:
    found: Any = group.attrs.asdict()
    return {**found, **found.get("ome", {})}


async def test_every_level_has_the_numbers(tmp_path: Path, version: OmeZarrVersion) -> None:
    await OmeZarr(version).write(drawn(), tmp_path, nothing)
    listed = zarr.open_group(tmp_path / "cells.ome.zarr/labels", mode="r")
    assert attributes_of(listed)["labels"] == ["rois"]
    labels = zarr.open_group(tmp_path / "cells.ome.zarr/labels/rois", mode="r")
    full, half = (np.asarray(labels[str(level)]) for level in (0, 1))
    assert (full.shape, full.dtype) == ((1, 2, 601, 700), np.dtype("uint32"))
    assert set(np.unique(full)) == {0, 1, 2}
    assert (full[0, 1] == 1).any()
    assert not (full[0, 0] == 1).any()
    assert np.array_equal(half, full[..., ::2, ::2])
    known = attributes_of(labels)["image-label"]
    assert known["properties"] == [
        {"label-value": 1, "roi_id": 41, "name": "first", "text": "a nucleus"},
        {"label-value": 2, "roi_id": 42},
    ]
    assert known["colors"] == [
        {"label-value": 1, "rgba": [255, 0, 0, 128]},
        {"label-value": 2, "rgba": [255, 255, 0, 255]},
    ]
    checked = ome_zarr_models.open_ome_zarr(labels)
    assert type(checked).__name__ == "ImageLabel"


async def test_without_areas_there_are_none(tmp_path: Path, version: OmeZarrVersion) -> None:
    await OmeZarr(version).write(replace(drawn(), rois=None), tmp_path, nothing)
    assert not (tmp_path / "cells.ome.zarr" / "labels").exists()


async def test_damaged_labels_are_noticed(tmp_path: Path, version: OmeZarrVersion) -> None:
    form = OmeZarr(version)
    await form.write(drawn(), tmp_path, nothing)
    await form.verify(drawn(), tmp_path, nothing)
    levels = zarr.open_group(tmp_path / "cells.ome.zarr/labels/rois", mode="r+")
    pixels: Any = levels["1"]
    pixels[0, 1, 0, 0] = 2
    with pytest.raises(ChecksumMismatch):
        await form.verify(drawn(), tmp_path, nothing)


async def test_portions_have_the_same_labels(tmp_path: Path, version: OmeZarrVersion) -> None:
    once, files, notes = (tmp_path / name for name in ("once", "files", "notes"))
    for folder in (once, files, notes):
        folder.mkdir()
    form = OmeZarr(version)
    await form.write(drawn(), once, nothing)
    portions = form.portions(drawn(), 1)
    assert portions is not None
    await portions.begin(files)
    for number in range(portions.count):
        await portions.write(number, files, notes, nothing)
    await portions.finish(files, notes, nothing)
    assert contents(files) == contents(once)


def contents(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
