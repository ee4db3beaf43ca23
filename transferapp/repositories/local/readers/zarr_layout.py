"""Read OME-Zarr 0.4 and 0.5 metadata: where the images of a group are, and their axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import zarr

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.repositories.local.readers.port import ChannelHint, WellPosition

_MICROMETRES = {
    "micrometer": 1.0,
    "nanometer": 1e-3,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "meter": 1e6,
    "angstrom": 1e-4,
}
_BIOFORMATS2RAW = "bioformats2raw.layout"
PixelSize = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Multiscales:
    """One multiscale image: axis letters, the paths of its levels, what it is called."""

    axes: str
    paths: tuple[str, ...]
    name: str
    channels: tuple[ChannelHint, ...]
    pixel_size_um: PixelSize


@dataclass(frozen=True, slots=True)
class ImageGroup:
    """A group that is an image, and its place on the plate."""

    group: zarr.Group
    multiscales: Multiscales
    well: WellPosition | None = None


def ome_attributes(group: zarr.Group) -> dict[str, Any]:
    """Return OME's attributes: in 0.5 under ``ome``, before that at the top."""
    attributes = group.attrs.asdict()
    found = attributes.get("ome", attributes)
    return found if isinstance(found, dict) else {}


def image_groups(root: zarr.Group) -> list[ImageGroup]:
    """Find the images below a group; raises UnsupportedFile when it is no OME-Zarr."""
    attributes = ome_attributes(root)
    if "plate" in attributes:
        return list(_plate_images(root, attributes["plate"]))
    if "multiscales" in attributes:
        return [ImageGroup(root, multiscales(root))]
    if _BIOFORMATS2RAW in attributes:
        return [ImageGroup(g, multiscales(g)) for g in _series(root)]
    raise UnsupportedFile("This Zarr folder has no OME metadata. Export it as OME-Zarr.")


def multiscales(group: zarr.Group) -> Multiscales:
    """Read a group's first multiscales entry; raises DamagedFile."""
    attributes = ome_attributes(group)
    try:
        found = attributes["multiscales"][0]
        axes = [_axis(axis) for axis in found.get("axes") or "tczyx"]
        letters = "".join(name for name, _ in axes)
        datasets = found["datasets"]
        paths = tuple(inside(dataset["path"]) for dataset in datasets)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise DamagedFile(f"Its OME-Zarr metadata lacks {error}.") from error
    if not paths or not {"y", "x"} <= set(letters) <= set("tczyx"):
        raise UnsupportedFile(f"Its axes are '{letters}'; only t, c, z, y and x are known.")
    return Multiscales(
        letters,
        paths,
        str(found.get("name") or (attributes.get("omero") or {}).get("name") or ""),
        tuple(_channels(attributes.get("omero"))),
        _pixel_size(axes, datasets[0]),
    )


def inside(path: object) -> str:
    """Return a path of the metadata; raises DamagedFile when it leads out of the group."""
    text = str(path)
    if text.startswith("/") or ".." in text.split("/"):
        raise DamagedFile(f"Its metadata names '{text}', which is outside of the folder.")
    return text


def _plate_images(root: zarr.Group, plate: dict[str, Any]) -> Iterator[ImageGroup]:
    for well in plate["wells"]:
        path = inside(well["path"])
        group = root[path]
        if not isinstance(group, zarr.Group):
            raise DamagedFile(f"The well '{path}' is no group.")
        for number, field in enumerate(ome_attributes(group)["well"]["images"]):
            image = group[inside(field["path"])]
            if not isinstance(image, zarr.Group):
                raise DamagedFile(f"A field of the well '{path}' is no group.")
            position = WellPosition(int(well["rowIndex"]), int(well["columnIndex"]), number)
            yield ImageGroup(image, multiscales(image), position)


def _series(root: zarr.Group) -> Iterator[zarr.Group]:
    listed: list[str] = []
    if "OME" in root and isinstance(ome := root["OME"], zarr.Group):
        listed = [inside(name) for name in ome_attributes(ome).get("series", [])]
    for name in listed or sorted((n for n in root.group_keys() if n.isdecimal()), key=int):
        group = root[name]
        if isinstance(group, zarr.Group):
            yield group


def _axis(axis: Any) -> tuple[str, str]:
    if isinstance(axis, str):
        return axis, ""
    return str(axis["name"]), str(axis.get("unit", ""))


def _pixel_size(axes: list[tuple[str, str]], dataset: dict[str, Any]) -> PixelSize:
    steps = dataset.get("coordinateTransformations", [])
    scale = next((step["scale"] for step in steps if step.get("type") == "scale"), None)
    sizes: dict[str, float] = {}
    for (name, unit), value in zip(axes, scale or (), strict=False):
        if unit in _MICROMETRES:
            sizes[name] = float(value) * _MICROMETRES[unit]
    return sizes.get("z"), sizes.get("y"), sizes.get("x")


def _channels(omero: Any) -> Iterator[ChannelHint]:
    for channel in (omero or {}).get("channels", []):
        window = channel.get("window") or {}
        start, end = (float(window.get(name) or 0) for name in ("start", "end"))
        # An empty window would show nothing, so it is measured instead.
        known = (start, end) if end > start else None
        color = channel.get("color")
        yield ChannelHint(str(channel.get("label", "")), color and str(color)[:6], known)
