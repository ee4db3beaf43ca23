"""OME-Zarr of both versions, read by zarr-python and judged by ome-zarr-models."""

from __future__ import annotations

import errno
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from ome_zarr_models.v04.image import Image as Image04
from ome_zarr_models.v04.omero import Omero
from ome_zarr_models.v05.image import Image as Image05
from typing_extensions import override

from transferapp import errors
from transferapp.conversion.ome_zarr import OmeZarr
from transferapp.conversion.ome_zarr_documents import OmeZarrVersion
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import FormSuite, ReadBack, files_of, nothing

V04, V05 = OmeZarrVersion.V04, OmeZarrVersion.V05
VERSIONS = [V04, V05]


def place_of(folder: Path) -> Path:
    """Return the one thing that was made."""
    (place,) = folder.iterdir()
    return place


def ome_of(group: zarr.Group) -> dict[str, Any]:
    """Return what OME-Zarr says, of either version."""
    attributes: dict[str, Any] = group.attrs.asdict()
    ome: dict[str, Any] = attributes.get("ome", attributes)
    return ome


def pixels_of(group: zarr.Group, level: str) -> np.ndarray[Any, Any]:
    """Return a level's pixels."""
    array = group[level]
    assert isinstance(array, zarr.Array)
    return np.asarray(array[...])


def levels_of(folder: Path) -> list[np.ndarray[Any, Any]]:
    """Return the pixels of all levels."""
    group = zarr.open_group(place_of(folder), mode="r")
    datasets = ome_of(group)["multiscales"][0]["datasets"]
    return [pixels_of(group, dataset["path"]) for dataset in datasets]


def mean(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the means of 2 x 2, written down as simply as can be."""
    *planes, y, x = pixels.shape
    more = [(0, 0)] * len(planes) + [(0, y % 2), (0, x % 2)]
    wide = np.pad(pixels, more, "edge").astype("float64")
    four = wide.reshape(*planes, (y + 1) // 2, 2, (x + 1) // 2, 2)
    means = four.mean((-3, -1))
    whole = pixels.dtype.kind in "ui"
    rounded: np.ndarray[Any, Any] = np.floor(means + 0.5) if whole else means
    return rounded.astype(pixels.dtype)


class OmeZarrSuite(FormSuite):
    version: OmeZarrVersion

    @override
    def make(self) -> OmeZarr:
        return OmeZarr(self.version)

    @override
    def read_back(self, folder: Path) -> ReadBack:
        group = zarr.open_group(place_of(folder), mode="r")
        ome = ome_of(group)
        multiscale = ome["multiscales"][0]
        scale = multiscale["datasets"][0]["coordinateTransformations"][0]["scale"]
        units = [axis.get("unit") for axis in multiscale["axes"]]
        z, y, x = (
            size if unit else None for size, unit in zip(scale[2:], units[2:], strict=True)
        )
        channels = ome["omero"]["channels"]
        return ReadBack(
            pixels_of(group, "0"),
            (z, y, x),
            tuple(channel["label"] for channel in channels),
            tuple(channel["color"] for channel in channels),
            scale[0] if units[0] == "second" else None,
        )


class TestOmeZarr04(OmeZarrSuite):
    version = V04


class TestOmeZarr05(OmeZarrSuite):
    version = V05


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "uint32", "float32"])
@pytest.mark.parametrize(
    "shape", [(2, 1, 3, 700, 1027), (1, 1, 1, 4099, 2050), (1, 1, 1, 3, 2050)], ids=str
)
async def test_levels_are_means(
    tmp_path: Path, version: OmeZarrVersion, dtype: str, shape: tuple[int, int, int, int, int]
) -> None:
    pixels = noise(shape, dtype)
    await OmeZarr(version).write(image_of(pixels), tmp_path, nothing)
    levels = levels_of(tmp_path)
    assert max(levels[-1].shape[3:]) <= 512 < max(levels[-2].shape[3:])
    np.testing.assert_array_equal(levels[0], pixels)
    for level, smaller in pairwise(levels):
        np.testing.assert_array_equal(smaller, mean(level))


@pytest.mark.parametrize("channels", [None, ()])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_ome_zarr_models_takes_it(
    tmp_path: Path, version: OmeZarrVersion, dtype: str, channels: tuple[()] | None
) -> None:
    image = image_of(noise((1, 3, 2, 1100, 600), dtype), channels=channels)
    await OmeZarr(version).write(image, tmp_path, nothing)
    group = zarr.open_group(place_of(tmp_path), mode="r")
    made: Any = (Image04 if version is V04 else Image05).from_zarr(group)
    described = made.attributes if version is V04 else made.ome_attributes
    datasets = described.multiscales[0].datasets
    scales = [list(dataset.coordinateTransformations[0].scale) for dataset in datasets]
    assert scales == [[1, 1, 2.0, 0.5 * n, 0.25 * n] for n in (1, 2, 4)]
    # The models of 0.5 leave this block as it is; it has not changed since 0.4.
    assert len(Omero.model_validate(ome_of(group)["omero"]).channels) == 3


async def test_how_it_is_divided(tmp_path: Path) -> None:
    """Chunks of 512 in shards of 2,048, or planes together where they are small."""
    for name, shape, shards in [
        ("large", (1, 2, 1, 2600, 4000), (1, 1, 1, 2048, 2048)),
        ("small", (3, 2, 5, 100, 300), (3, 2, 5, 100, 300)),
        ("stack", (3, 2, 40, 600, 300), (1, 1, 23, 1024, 300)),
        ("many", (1, 1, 3000, 2, 1), (1, 1, 1024, 2, 1)),
    ]:
        folder = tmp_path / name
        folder.mkdir()
        await OmeZarr(V05).write(image_of(noise(shape, "uint8")), folder, nothing)
        array = zarr.open_array(place_of(folder) / "0", mode="r")
        assert array.shards == shards
        assert array.chunks == (1, 1, 1, *(min(size, 512) for size in shape[3:]))


async def test_the_documents_are_those_of_the_versions(tmp_path: Path) -> None:
    """What other readers look for, by name."""
    for version in VERSIONS:
        folder = tmp_path / version
        folder.mkdir()
        await OmeZarr(version).write(image_of(noise((1, 1, 1, 9, 9), "uint8")), folder, nothing)
    old, new = place_of(tmp_path / V04), place_of(tmp_path / V05)
    assert json.loads((old / "0/.zarray").read_text())["dimension_separator"] == "/"
    assert (old / "0/0/0/0/0/0").is_file()
    codec = json.loads((new / "0/zarr.json").read_text())["codecs"][0]
    assert codec["name"] == "sharding_indexed"
    assert codec["configuration"]["codecs"][1]["configuration"]["shuffle"] == "bitshuffle"
    assert (new / "0/c/0/0/0/0/0").is_file()
    ome = ome_of(zarr.open_group(new, mode="r"))
    assert (ome["version"], ome["multiscales"][0]["name"]) == ("0.5", "cells.tif")


@pytest.mark.parametrize("version", VERSIONS)
async def test_black_is_not_written(tmp_path: Path, version: OmeZarrVersion) -> None:
    pixels = np.zeros((1, 1, 1, 3000, 600), "uint16")
    pixels[..., 2999, 599] = 1000
    await OmeZarr(version).write(image_of(pixels), tmp_path, nothing)
    made = [
        path for path in files_of(tmp_path) if "json" not in path.name and path.name[0] != "."
    ]
    assert len(made) == 4
    assert sum(path.stat().st_size for path in made) < 50_000
    np.testing.assert_array_equal(levels_of(tmp_path)[0], pixels)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_full_disk(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Path.open

    def full(path: Path, mode: str = "r", **more: Any) -> Any:
        if "w" in mode:
            raise OSError(number, "full")
        return plain(path, mode, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(errors.StorageFull):
        await OmeZarr().write(image_of(noise((1, 1, 1, 9, 9), "uint8")), tmp_path, nothing)


async def test_without_all_pixels_it_is_no_image(tmp_path: Path) -> None:
    """The documents come last: whoever finds half of it does not take it for an image."""

    def stop(share: float) -> None:
        if share > 0.5:
            raise errors.Cancelled

    image = image_of(noise((1, 3, 1, 2000, 2000), "uint8"))
    with pytest.raises(errors.Cancelled):
        await OmeZarr().write(image, tmp_path, stop)
    assert files_of(tmp_path)
    assert not [path for path in files_of(tmp_path) if path.name == "zarr.json"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_changed_smaller_level_is_found(
    tmp_path: Path, version: OmeZarrVersion
) -> None:
    """Also by who asks the image again."""
    image = image_of(noise((1, 1, 1, 700, 600), "uint16"))
    await OmeZarr(version).write(image, tmp_path, nothing)
    (path,) = [one for one in files_of(place_of(tmp_path) / "1") if one.name == "0"]
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.ChecksumMismatch):
        await OmeZarr(version).verify(image, tmp_path, nothing)


async def test_other_channel_names_are_found(tmp_path: Path) -> None:
    pixels = noise((1, 1, 1, 7, 6), "uint16")
    await OmeZarr().write(image_of(pixels), tmp_path, nothing)
    with pytest.raises(errors.ChecksumMismatch):
        await OmeZarr().verify(image_of(pixels, channels=()), tmp_path, nothing)
