# mypy: ignore-errors
# ruff: noqa: PLC0415, T201
"""Print what another program reads of an exported image: ``read_image.py READER PATH``.

Runs in an environment of its own (group ``export-clients``), without TransferApp. Prints a line
of JSON: the SHA-256 of the full-size pixels (t, c, z, y, x), and what the reader knows beside
them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import numpy as np


def read_models(path: str) -> dict[str, Any]:
    import ome_zarr_models
    import zarr

    image = ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))
    attributes = getattr(image.attributes, "ome", image.attributes)
    [multiscale] = attributes.multiscales
    scale = multiscale.datasets[0].coordinateTransformations[0].scale
    omero = attributes.omero
    channels = omero["channels"] if isinstance(omero, dict) else omero.model_dump()["channels"]
    return {
        "size_um": scale[2:],
        "names": [channel["label"] for channel in channels],
        "colors": [channel["color"] for channel in channels],
        "levels": len(multiscale.datasets),
    }


def read_zarr(path: str) -> dict[str, Any]:
    import zarr

    group = zarr.open_group(path, mode="r")
    return {"pixels": group["0"][:], "levels": len(list(group.arrays()))}


def read_ome_zarr(path: str) -> dict[str, Any]:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    [node] = list(Reader(parse_url(path))())
    return {
        "pixels": node.data[0].compute(),
        "levels": len(node.data),
        "names": node.metadata["channel_names"],
        "size_um": node.metadata["coordinateTransformations"][0][0]["scale"][2:],
    }


def read_napari(path: str) -> dict[str, Any]:
    from napari_ome_zarr import napari_get_reader

    [(levels, known, kind)] = napari_get_reader(path)(path)
    assert (kind, known["channel_axis"]) == ("image", 1)
    return {
        "pixels": levels[0].compute(),
        "levels": len(levels),
        "names": [name.rpartition(": ")[2] for name in known["name"]],
        "size_um": known["scale"][1:],
        "colors": [_hexadecimal(one.colors[-1]) for one in known["colormap"]],
    }


def _hexadecimal(rgba: Any) -> str:
    return "".join(f"{round(255 * part):02X}" for part in rgba[:3])


def read_plate(path: str) -> dict[str, Any]:
    """As one picture of all wells, with ome-zarr-py; checked by ome-zarr-models before."""
    import ome_zarr_models
    import zarr
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    model = ome_zarr_models.open_ome_zarr(zarr.open_group(path, mode="r"))
    assert type(model).__name__ == "HCS", model
    nodes = list(Reader(parse_url(path))())
    return {"pixels": nodes[0].data[0].compute()}


def read_bioio(path: str) -> dict[str, Any]:
    from bioio import BioImage

    image = BioImage(path)
    size = image.physical_pixel_sizes
    return {
        "pixels": image.data,
        "names": [str(name) for name in image.channel_names],
        "size_um": [size.Z, size.Y, size.X],
    }


def read_tifffile(path: str) -> dict[str, Any]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        [series] = file.series
        return {"pixels": series.asarray(), "levels": len(series.levels)}


def read_ome_types(path: str) -> dict[str, Any]:
    import ome_types

    pixels = ome_types.from_tiff(path, validate=True).images[0].pixels
    return {
        "names": [channel.name for channel in pixels.channels],
        "colors": [
            _hexadecimal([*(part / 255 for part in _rgb(channel))])
            for channel in pixels.channels
        ],
        "size_um": [
            pixels.physical_size_z,
            pixels.physical_size_y,
            pixels.physical_size_x,
        ],
    }


def _rgb(channel: Any) -> tuple[int, int, int]:
    red, green, blue, *_alpha = channel.color.as_rgb_tuple(alpha=True)
    return red, green, blue


def main() -> None:
    reader, path = sys.argv[1:]
    known = globals()[f"read_{reader}"](path)
    pixels = known.pop("pixels", None)
    if pixels is not None:
        pixels = np.ascontiguousarray(pixels)
        known["shape"] = list(pixels.shape)
        known["sha256"] = hashlib.sha256(pixels.tobytes()).hexdigest()
    print(json.dumps(known))


main()
