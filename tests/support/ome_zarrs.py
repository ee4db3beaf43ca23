"""Small OME-Zarrs made in code: images of both Zarr formats, and plates of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt
import zarr
from zarr.storage import LocalStore

Attributes = dict[str, Any]


def write_group(folder: Path, ome: Attributes, zarr_format: int = 2) -> Path:
    """Write a group with OME's attributes where its format keeps them."""
    folder.mkdir(parents=True, exist_ok=True)
    if zarr_format == 2:
        (folder / ".zgroup").write_text('{"zarr_format": 2}')
        (folder / ".zattrs").write_text(json.dumps(ome))
    else:
        group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
        (folder / "zarr.json").write_text(json.dumps(group))
    return folder


def write_array(folder: Path, pixels: npt.NDArray[Any], **options: Any) -> None:
    """Write an array; chunks full of the fill value are not stored."""
    usual: dict[str, Any] = {"zarr_format": 2, "chunks": pixels.shape, "fill_value": 0}
    made = zarr.create_array(
        LocalStore(folder), shape=pixels.shape, dtype=pixels.dtype, **{**usual, **options}
    )
    made[...] = pixels


def axes(letters: str, unit: str | None = "micrometer") -> list[Attributes]:
    """Return axes as 0.4 and 0.5 write them."""
    types = {"t": "time", "c": "channel"}
    more = {"unit": unit} if unit else {}
    return [
        {"name": a, "type": types.get(a, "space"), **({} if a in types else more)}
        for a in letters
    ]


def scale(*factors: Any) -> list[Attributes]:
    """Return the one transformation that nearly everybody writes."""
    return [{"type": "scale", "scale": list(factors)}]


def image_attributes(letters: str, *, levels: int = 1, **more: Any) -> Attributes:
    """Return the attributes of an image whose arrays are called 0, 1, …."""
    datasets = [
        {"path": str(n), "coordinateTransformations": scale(*([1.0] * len(letters)))}
        for n in range(levels)
    ]
    scales = {"name": "made", "version": "0.4", "axes": axes(letters), "datasets": datasets}
    return {"multiscales": [scales | more.pop("multiscales", {})], **more}


def write_image(
    folder: Path, pixels: npt.NDArray[Any], letters: str = "", **options: Any
) -> Path:
    """Write an image of one level. ``attributes`` replace the usual ones."""
    letters = letters or ("cyx" if pixels.ndim == len("cyx") else "tczyx"[-pixels.ndim :])
    attributes = options.pop("attributes", None) or image_attributes(letters)
    write_group(folder, attributes, options.get("zarr_format", 2))
    write_array(folder / "0", pixels, **options)
    return folder


def write_plate(
    folder: Path, wells: Mapping[str, Iterable[npt.NDArray[Any]]], listed: Iterable[str] = ()
) -> Path:
    """Write a plate with the fields of each well; ``listed`` wells are named only."""
    paths = [*wells, *listed]
    rows = sorted({path.split("/")[0] for path in paths})
    columns = sorted({path.split("/")[1] for path in paths}, key=int)
    found = [
        {"path": p, "rowIndex": rows.index(p[0]), "columnIndex": columns.index(p[2:])}
        for p in paths
    ]
    plate = {
        "name": "Made",
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": found,
    }
    write_group(folder, {"plate": plate})
    for path, fields in wells.items():
        write_group((folder / path).parent, {})
        images = [
            write_image(folder / path / str(number), pixels)
            for number, pixels in enumerate(fields)
        ]
        write_group(folder / path, {"well": {"images": [{"path": i.name} for i in images]}})
    return folder
