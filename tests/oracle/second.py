"""Whole images as other readers give them: tifffile, zarr, nd2, pylibCZIrw, Pillow.

Ours use some of these libraries too, but ask them for parts: pages, segments, arrays, frames,
regions. Here each puts its images together itself. All are (t, c, z, y, x).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import tifffile
import zarr
from PIL import Image

Pixels = npt.NDArray[Any]
_ROLES = {"T": "T", "C": "C", "S": "C", "Z": "Z", "I": "Z", "Q": "Z", "Y": "Y", "X": "X"}
#: TIFF photometrics that we turn into light and tifffile leaves as they are stored.
_CONVERTED = frozenset({0, 5})
_SEVERAL_COLOURS = 3


def arranged(pixels: Pixels, axes: str) -> Pixels:
    """Return an array whose axes are called ``axes`` as (t, c, z, y, x)."""
    roles = [_ROLES[axis] for axis in axes]
    order = sorted(range(len(roles)), key=lambda n: ("TCZYX".index(roles[n]), n))
    sizes = dict.fromkeys("TCZYX", 1)
    for axis, size in zip(roles, pixels.shape, strict=True):
        sizes[axis] *= size
    return pixels.transpose(order).reshape(tuple(sizes.values()))


def by_tifffile(path: Path) -> Iterator[Pixels]:
    """Yield every series that is no thumbnail; none at all of what we turn into light."""
    with tifffile.TiffFile(path) as tif:
        if tif.pages.first.photometric in _CONVERTED:
            return
        for series in tif.series:
            key = series.keyframe
            if key.is_reduced and len(tif.series) > 1 and not tif.is_svs:
                continue
            if series.name != "Thumbnail":
                yield arranged(series.asarray(), series.axes)


def by_zarr(folder: Path) -> Iterator[Pixels]:
    """Yield the full size of every image, the fields of a plate well by well."""
    root = zarr.open_group(folder, mode="r", use_consolidated=False)
    ome = _ome(root)
    if "plate" not in ome:
        # bioformats2raw numbers its images.
        numbered = sorted((key for key in root.group_keys() if key.isdecimal()), key=int)
        for group in [root] if "multiscales" in ome else [root[key] for key in numbered]:
            yield _zarr_image(group)
        return
    for well in ome["plate"]["wells"]:
        if well["path"] not in root:
            continue
        fields: Any = root[well["path"]]
        for field in _ome(fields)["well"]["images"]:
            yield _zarr_image(fields[field["path"]])


def _ome(group: zarr.Group) -> dict[str, Any]:
    attributes: dict[str, Any] = group.attrs.asdict()
    found: dict[str, Any] = attributes.get("ome", attributes)
    return found


def _zarr_image(group: Any) -> Pixels:
    scales = _ome(group)["multiscales"][0]
    # Before 0.3 all axes were these, and 0.3 had their names alone.
    named = [a if isinstance(a, str) else a["name"] for a in scales.get("axes", "tczyx")]
    return arranged(group[scales["datasets"][0]["path"]][...], "".join(named).upper())


def zarr_pixel_size(folder: Path) -> tuple[float | None, ...] | None:
    """Return micrometres (z, y, x) of an image whose axes say them; None for a plate."""
    scales = _ome(zarr.open_group(folder, mode="r", use_consolidated=False)).get("multiscales")
    if scales is None:
        return None
    factors = [
        each["scale"]
        for part in (scales[0], scales[0]["datasets"][0])
        for each in part.get("coordinateTransformations", ())
        if each["type"] == "scale"
    ]
    found = dict.fromkeys("zyx")
    for n, axis in enumerate(scales[0].get("axes", ())):
        if isinstance(axis, dict) and axis.get("unit") == "micrometer":
            found[axis["name"]] = float(np.prod([factor[n] for factor in factors]))
    return tuple(found.values())


def by_nd2(path: Path) -> Iterator[Pixels]:
    """Yield every position; colours lie in the file with blue first."""
    import nd2  # noqa: PLC0415 - extra 'readers'

    with nd2.ND2File(path) as file:
        axes, pixels = "".join(file.sizes), file.asarray()
        if "S" in axes:
            pixels = np.flip(pixels, axes.index("S"))
        if "P" not in axes:
            yield arranged(pixels, axes)
            return
        for position in np.moveaxis(pixels, axes.index("P"), 0):
            yield arranged(position, axes.replace("P", ""))


def by_pylibczirw(path: Path) -> Iterator[Pixels]:
    """Yield every scene; colours come with blue first."""
    from pylibCZIrw import czi  # noqa: PLC0415 - extra 'readers'

    with czi.open_czi(str(path)) as file:
        box = file.total_bounding_box
        scenes = file.scenes_bounding_rectangle or {None: None}
        for scene, rectangle in scenes.items():
            planes = [
                [
                    [
                        file.read(plane={"T": t, "C": c, "Z": z}, scene=scene, roi=rectangle)
                        for z in range(*box.get("Z", (0, 1)))
                    ]
                    for c in range(*box.get("C", (0, 1)))
                ]
                for t in range(*box.get("T", (0, 1)))
            ]
            yield arranged(np.flip(np.array(planes), -1), "TCZYXS")


def by_other_codec(path: Path) -> Iterator[Pixels]:
    """Yield a picture: PNG by Pillow where that keeps its numbers, JPEG by imagecodecs."""
    if path.suffix == ".png":
        with Image.open(path) as picture:
            if picture.mode not in {"L", "RGB", "RGBA", "LA", "I;16"} or _is_deep(path):
                return
            pixels = np.asarray(picture)
    else:
        pixels = np.asarray(imagecodecs.jpeg_decode(path.read_bytes()))
        if pixels.ndim > 2 and pixels.shape[-1] > _SEVERAL_COLOURS:
            return
    yield arranged(pixels, "YX" if pixels.ndim == 2 else "YXS")


def _is_deep(path: Path) -> bool:
    """Say whether a PNG has 16 bits a colour, or less than 8, which Pillow 12 changes."""
    bits, colour_type = path.read_bytes()[24:26]
    return bits < 8 or (bits == 16 and colour_type != 0)


def reader_of(path: Path) -> Callable[[Path], Iterator[Pixels]] | None:
    """Return what reads a fileset whose first file is ``path``."""
    if path.name in {".zattrs", "zarr.json", ".zgroup"}:
        return lambda first: by_zarr(first.parent)
    return {
        ".tif": by_tifffile,
        ".tiff": by_tifffile,
        ".lsm": by_tifffile,
        ".stk": by_tifffile,
        ".svs": by_tifffile,
        ".nd2": by_nd2,
        ".czi": by_pylibczirw,
        ".png": by_other_codec,
        ".jpg": by_other_codec,
    }.get(path.suffix)
