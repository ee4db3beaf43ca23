#!/usr/bin/env bash
# OME-Zarr 0.5 (and 0.4) allows a scale beside "datasets" that holds for all levels, on top of each level's own: levels of 1 and 2, and
# a common scale of 0.1625 µm. One would guess that the libraries of the format multiply the two. ome-zarr-py 0.18.0 and ngff-zarr 0.50.0
# drop the common one in silence and call a pixel 1 µm, in ngff-zarr's copy of the image for good; bioio-ome-zarr 3.8.1 says 0.1625 µm,
# and ome-zarr-models 1.7 finds the metadata valid. It matters to all lengths and volumes, and to images that pass from one to another.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check ome-zarr==0.18.0 ngff-zarr==0.50.0 bioio-ome-zarr==3.8.1 bioio-base==3.5.0 \
    ome-zarr-models==1.7 zarr==3.1.6 numpy==2.4.6 dask==2026.8.0 || exit 2
venv/bin/python -I - <<'PY'
import json, sys
from importlib.metadata import version
from pathlib import Path
import bioio_ome_zarr, ngff_zarr, ome_zarr, zarr
from ome_zarr_models.v05 import Image

AXES = ("z", "y", "x")
group = zarr.create_group("a.ome.zarr", zarr_format=3)
for level, side in enumerate((32, 16)):
    array = group.create_array(str(level), shape=(2, side, side), chunks=(2, side, side), dtype="uint16", dimension_names=AXES)
    array[:] = 1 + level
group.attrs["ome"] = {"version": "0.5", "multiscales": [{
    "axes": [{"name": name, "type": "space", "unit": "micrometer"} for name in AXES],
    "datasets": [
        {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]},
        {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [1, 2, 2]}]},
    ],
    "coordinateTransformations": [{"type": "scale", "scale": [2.0, 0.1625, 0.1625]}],
}]}
Image.from_zarr(zarr.open_group("a.ome.zarr", mode="r"))  # raises when the metadata are not valid


def by_ome_zarr_py(path):
    return [float(ome_zarr.OMEZarrMultiscale.from_ome_zarr(path).images[0].scale[axis]) for axis in AXES]


def by_ngff_zarr(path):
    return [float(ngff_zarr.from_ngff_zarr(path).images[0].scale[axis]) for axis in AXES]


def by_bioio(path):
    sizes = bioio_ome_zarr.Reader(path).physical_pixel_sizes
    return [float(sizes.Z), float(sizes.Y), float(sizes.X)]


ngff_zarr.to_ngff_zarr("copy.ome.zarr", ngff_zarr.from_ngff_zarr("a.ome.zarr"), version="0.5")
print(*(f"{name} {version(name)}" for name in ("ome-zarr", "ngff-zarr", "bioio-ome-zarr", "ome-zarr-models")))
seen = {
    "ome-zarr-py": by_ome_zarr_py("a.ome.zarr"),
    "ngff-zarr": by_ngff_zarr("a.ome.zarr"),
    "bioio-ome-zarr": by_bioio("a.ome.zarr"),
    "bioio-ome-zarr, ngff-zarr's copy": by_bioio("copy.ome.zarr"),
}
stated = {
    "ome-zarr-py": [1.0, 1.0, 1.0],
    "ngff-zarr": [1.0, 1.0, 1.0],
    "bioio-ome-zarr": [2.0, 0.1625, 0.1625],
    "bioio-ome-zarr, ngff-zarr's copy": [1.0, 1.0, 1.0],
}
print("level 0 in µm, z y x")
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
