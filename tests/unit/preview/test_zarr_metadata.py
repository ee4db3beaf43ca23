"""The documents are valid OME-Zarr 0.5, and say what the image is."""

from __future__ import annotations

import json
from dataclasses import replace
from math import inf, nan

import pytest
from ome_zarr_models.common.omero import Omero
from ome_zarr_models.v05.image import ImageAttrs
from ome_zarr_models.v05.multiscales import Multiscale
from zarr.core.metadata.v3 import ArrayV3Metadata

from tests.support.preview_images import made_image
from transferapp import errors
from transferapp.model.images import Level
from transferapp.model.pixel_types import SHOWN_AS
from transferapp.preview import zarr_metadata


def ome_of(document: bytes) -> dict[str, object]:
    ome = json.loads(document)["attributes"]["ome"]
    assert isinstance(ome, dict)
    return ome


def test_group_is_valid_ome_zarr() -> None:
    pixels, _ = made_image()
    ome = ome_of(zarr_metadata.group_document(pixels))
    attributes = ImageAttrs.model_validate(ome)
    multiscale = attributes.multiscales[0]
    assert isinstance(multiscale, Multiscale)
    assert [axis.name for axis in multiscale.axes] == ["t", "c", "z", "y", "x"]
    scales = [
        dataset.coordinateTransformations[0].model_dump()["scale"]
        for dataset in multiscale.datasets
    ]
    assert scales == [[1, 1, 2, 0.5, 0.5], [1, 1, 2, 1, 1], [1, 1, 2, 2, 2]]


def test_channels_have_names_colours_and_windows() -> None:
    pixels, _ = made_image()
    omero = ome_of(zarr_metadata.group_document(pixels))["omero"]
    Omero.model_validate(omero)
    assert isinstance(omero, dict)
    assert omero["channels"][1] == {
        "label": "Dye 2",
        "color": "FF00FF",
        "active": True,
        "window": {"min": 0.0, "max": 65535.0, "start": 0.0, "end": 200.0},
    }


def test_an_image_without_channels_still_has_them() -> None:
    pixels, _ = made_image()
    omero = ome_of(zarr_metadata.group_document(replace(pixels, channels=())))["omero"]
    assert isinstance(omero, dict)
    assert [channel["label"] for channel in omero["channels"]] == [
        "Channel 1",
        "Channel 2",
        "Channel 3",
    ]
    Omero.model_validate(omero)


@pytest.mark.parametrize(
    ("sizes", "factors"),
    [
        # Halved, an odd last row left out, down to an edge of one pixel that stays.
        ([1091, 545, 272, 136, 68], [1, 2, 4, 8, 16]),
        ([7, 3, 1, 1], [1, 2, 4, 4]),
        # Halved, an odd last row kept; by four; by three; and by nothing whole.
        ([101, 51, 26, 13], [1, 2, 4, 8]),
        ([1091, 272, 68], [1, 4, 16]),
        ([100, 33], [1, 3]),
        ([1000, 700], [1, 10 / 7]),
    ],
)
def test_scales_are_what_the_levels_were_made_by(
    sizes: list[int], factors: list[float]
) -> None:
    pixels, _ = made_image()
    odd = replace(pixels, levels=tuple(Level(size, 2 * size) for size in sizes))
    multiscales = ome_of(zarr_metadata.group_document(odd))["multiscales"]
    assert isinstance(multiscales, list)
    scales = [
        dataset["coordinateTransformations"][0]["scale"]
        for dataset in multiscales[0]["datasets"]
    ]
    assert [scale[3] for scale in scales] == [pytest.approx(0.5 * n) for n in factors]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "uint32", "float32", "float64"])
def test_array_is_valid_zarr(dtype: str) -> None:
    pixels, _ = made_image()
    document = json.loads(zarr_metadata.array_document(replace(pixels, dtype=dtype), 2))
    metadata = ArrayV3Metadata.from_dict(document)
    assert metadata.shape == (2, 3, 4, 175, 225)
    assert metadata.chunks == (1, 1, 1, 175, 225)
    assert metadata.dimension_names == ("t", "c", "z", "y", "x")
    assert metadata.dtype.to_native_dtype().name == dtype


@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ("complex128", "It has complex numbers, which"),
        ("int64", "It has 64-bit integers, which .* Save labels as 32-bit integers"),
        ("uint64", "It has 64-bit integers"),
        ("void", "pixels of the type 'void'"),
    ],
)
def test_unshown_pixel_type_is_refused_in_text(dtype: str, text: str) -> None:
    pixels, _ = made_image()
    with pytest.raises(errors.UnsupportedFile, match=text):
        zarr_metadata.array_document(replace(pixels, dtype=dtype), 0)


@pytest.mark.parametrize("dtype", sorted({*SHOWN_AS.values()}))
def test_every_type_that_readers_give_has_a_preview(dtype: str) -> None:
    pixels, _ = made_image()
    document = zarr_metadata.array_document(replace(pixels, dtype=dtype), 0)
    assert json.loads(document)["data_type"] == dtype


@pytest.mark.parametrize("wrong", [inf, nan, 0.0, -0.5])
def test_numbers_that_cannot_be_true_are_left_out(wrong: float) -> None:
    pixels, _ = made_image()
    channel = replace(pixels.channels[0], window_start=0.0, window_end=wrong)
    unsure = replace(
        pixels, pixel_size_um=(2.0, wrong, wrong), channels=(channel, *pixels.channels[1:])
    )
    ome = ome_of(zarr_metadata.group_document(unsure))
    multiscale = ImageAttrs.model_validate(ome).multiscales[0]
    units = [axis.model_dump().get("unit") for axis in multiscale.axes]
    assert units[2:] == ["micrometer", None, None]
    first = multiscale.datasets[0].coordinateTransformations[0].model_dump()["scale"]
    assert first == [1, 1, 2, 1, 1]
    omero = ome["omero"]
    assert isinstance(omero, dict)
    assert omero["channels"][0]["window"] == {
        "min": 0.0,
        "max": 65535.0,
        "start": 0.0,
        "end": 65535.0,
    }
