"""The JSON documents of an OME-Zarr, and how its levels are divided into chunks.

zarr-python makes the documents of groups and arrays, in memory: what it reads, it wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import numcodecs
import numpy as np
import zarr
from zarr.codecs import BloscCodec
from zarr.storage import MemoryStore

from transferapp import __version__
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.pyramid import EDGE, Five, Pyramid
from transferapp.ome.zarr_attributes import AXES, axes, channel_at, dataset, omero

T = TypeVar("T")

#: Pixels of a chunk's edge; a smaller level is one chunk.
CHUNK = 512
#: The first level of Zstandard: the next ones cost twice the time and more, for 1 to 11 % of
#: the bytes. Bits are sorted before: a quarter less, at no cost.
_COMPRESSOR: Final = "zstd"
_LEVEL = 1


class OmeZarrVersion(StrEnum):
    """The versions of OME-Zarr that are made."""

    #: zarr v2, a file for each chunk.
    V04 = "0.4"
    #: zarr v3, a file for each shard.
    V05 = "0.5"


@dataclass(frozen=True, slots=True)
class LevelSizes:
    """How a level is divided: ``shard`` is of the file, ``chunk`` of what is compressed."""

    shape: Five
    chunk: Five
    shard: Five


def stored(five: Sequence[T], *, has_channels: bool) -> tuple[T, ...]:
    """Return what is stored of sizes, places or axes (t, c, z, y, x): of a label image all but
    the channel. napari lays labels with one over the time of an image (napari-ome-zarr 0.10).
    """
    return tuple(five) if has_channels else (five[0], *five[2:])


def level_sizes(pyramid: Pyramid, level: int) -> LevelSizes:
    """Return how a level is divided."""
    shape = pyramid.shapes[level]
    chunk_y, chunk_x = (min(size, CHUNK) for size in shape[3:])
    shard_y, shard_x = (
        min(EDGE, -(-size // chunk) * chunk)
        for size, chunk in ((shape[3], chunk_y), (shape[4], chunk_x))
    )
    planes = pyramid.steps[:3]
    return LevelSizes(shape, (1, 1, 1, chunk_y, chunk_x), (*planes, shard_y, shard_x))


def compressor() -> numcodecs.Blosc:
    """Return what compresses chunks, as the documents say."""
    return numcodecs.Blosc(_COMPRESSOR, _LEVEL, numcodecs.Blosc.BITSHUFFLE)


def documents(image: CutImage, pyramid: Pyramid, version: OmeZarrVersion) -> dict[str, bytes]:
    """Return the documents by their place in the folder; those of the whole come last."""
    return level_documents(image, pyramid, version) | whole_documents(image, pyramid, version)


def level_documents(
    image: CutImage, pyramid: Pyramid, version: OmeZarrVersion
) -> dict[str, bytes]:
    """Return those of the levels, which can be read by themselves then."""
    found: dict[str, bytes] = {}
    for level in range(len(pyramid.shapes)):
        sizes = level_sizes(pyramid, level)
        known = image.has_channels
        made = _array_documents(sizes, image.dtype.name, version, has_channels=known)
        found |= {f"{level}/{name}": content for name, content in made.items()}
    return found


def whole_documents(
    image: CutImage, pyramid: Pyramid, version: OmeZarrVersion
) -> dict[str, bytes]:
    """Return those of the whole: without them nobody takes it for an image."""
    return group_documents(attributes(image, pyramid, version), version)


def group_documents(ome: dict[str, Any], version: OmeZarrVersion) -> dict[str, bytes]:
    """Return those of a group with these attributes."""
    kept: dict[str, Any] = {}
    zarr.create_group(MemoryStore(kept), zarr_format=_format(version), attributes=ome)
    return _contents(kept)


def write_documents(place: Path, found: Mapping[str, bytes]) -> None:
    """Write documents below the folder ``place``; raises StorageFull, Unavailable."""
    with disk_errors():
        for name, content in found.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def attributes(image: CutImage, pyramid: Pyramid, version: OmeZarrVersion) -> dict[str, Any]:
    """Return what OME-Zarr says of the image, as attributes of its group."""
    description = "Each pixel of a level is the mean of 2 x 2 below it."
    multiscale = _multiscale(image, pyramid, ("mean", description))
    channels = [
        channel_at(image.channels, index, image.size_c, image.dtype)
        for index in range(image.size_c)
    ]
    shown = omero(channels, image.dtype, image.size_z)
    return _versioned(version, multiscale, {"omero": shown})


def label_attributes(
    labels: CutImage, pyramid: Pyramid, version: OmeZarrVersion, label: dict[str, Any]
) -> dict[str, Any]:
    """Return those of a label image; ``label`` is what it says of its numbers."""
    description = "Each pixel of a level is the upper left of 2 x 2 below it."
    multiscale = _multiscale(labels, pyramid, ("nearest", description))
    return _versioned(version, multiscale, {"image-label": label})


def labels_attributes(names: list[str], version: OmeZarrVersion) -> dict[str, Any]:
    """Return those of the group that names an image's label images."""
    if version is OmeZarrVersion.V05:
        return {"ome": {"version": str(version), "labels": names}}
    return {"labels": names}


def _multiscale(image: CutImage, pyramid: Pyramid, how: tuple[str, str]) -> dict[str, Any]:
    """Return the levels; ``how`` is the method that halves, and a sentence about it."""
    size = image.pixel_size_um
    datasets = [
        dataset(str(level), size, 2.0**level, 2.0**level, image.position_um, image.time_step_s)
        for level in range(len(pyramid.shapes))
    ]
    for one in datasets:
        for transformation in one["coordinateTransformations"]:
            kind = transformation["type"]
            values = stored(transformation[kind], has_channels=image.has_channels)
            transformation[kind] = list(values)
    return {
        "name": image.name.encode(errors="replace").decode(),
        "axes": list(stored(axes(size, image.time_step_s), has_channels=image.has_channels)),
        "datasets": datasets,
        "type": how[0],
        "metadata": {"description": how[1]},
    }


def _versioned(
    version: OmeZarrVersion, multiscale: dict[str, Any], more: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the attributes of an image where this version has them, with ours."""
    creator = {"_creator": {"name": "TransferApp", "version": __version__}}
    number = {"version": str(version)}
    if version is OmeZarrVersion.V05:
        return {"ome": {**number, "multiscales": [multiscale], **more}, **creator}
    dated = {key: {**value, **number} for key, value in more.items()}
    return {"multiscales": [{**multiscale, **number}], **dated, **creator}


@lru_cache(maxsize=256)
def _array_documents(
    sizes: LevelSizes, dtype: str, version: OmeZarrVersion, *, has_channels: bool
) -> Mapping[str, bytes]:
    """Return the documents of a level. Kept: many images of an export are of one size, and
    for small ones this is a fifth of the time.
    """
    kept: dict[str, Any] = {}
    newer = version is OmeZarrVersion.V05
    zarr.create_array(
        MemoryStore(kept),
        zarr_format=_format(version),
        shape=stored(sizes.shape, has_channels=has_channels),
        chunks=stored(sizes.chunk, has_channels=has_channels),
        dtype=np.dtype(dtype).newbyteorder("<"),
        fill_value=0,
        **_options_3(sizes, np.dtype(dtype), has_channels=has_channels)
        if newer
        else _options_2(),
    )
    return _contents(kept)


def _format(version: OmeZarrVersion) -> Literal[2, 3]:
    return 3 if version is OmeZarrVersion.V05 else 2


def _contents(kept: dict[str, Any]) -> dict[str, bytes]:
    return {name: kept[name].to_bytes() for name in sorted(kept)}


def _options_3(
    sizes: LevelSizes, dtype: np.dtype[Any], *, has_channels: bool
) -> dict[str, Any]:
    blosc = BloscCodec(
        typesize=dtype.itemsize,
        cname=_COMPRESSOR,
        clevel=_LEVEL,
        shuffle="bitshuffle",
        blocksize=0,
    )
    return {
        "shards": stored(sizes.shard, has_channels=has_channels),
        "compressors": blosc,
        "dimension_names": stored(AXES, has_channels=has_channels),
        "chunk_key_encoding": {"name": "default", "separator": "/"},
    }


def _options_2() -> dict[str, Any]:
    return {
        "compressors": compressor(),
        "chunk_key_encoding": {"name": "v2", "separator": "/"},
    }
