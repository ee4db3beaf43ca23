"""The forms that are made, by their names."""

from __future__ import annotations

from pathlib import Path

import pytest
import zarr

from transferapp.conversion.forms import FORMS
from transferapp.model.export_specs import ExportForm
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import nothing


@pytest.mark.parametrize(
    ("form", "zarr_format"), [(ExportForm.OME_ZARR, 3), (ExportForm.OME_ZARR_04, 2)]
)
async def test_each_version_is_made(tmp_path: Path, form: ExportForm, zarr_format: int) -> None:
    image = image_of(noise((1, 1, 1, 3, 4), "uint8"))
    await FORMS[form]().write(image, tmp_path, nothing)
    group = zarr.open_group(tmp_path / "cells.ome.zarr", mode="r")
    assert group.metadata.zarr_format == zarr_format
