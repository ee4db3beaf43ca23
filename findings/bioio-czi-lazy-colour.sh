#!/usr/bin/env bash
# bioio gives an image at once (data) or lazily (dask_data), and one would guess that both have the same pixels. For a colour CZI
# (Bgr24) bioio-czi 3.0.1 in its default mode gives the first sample three times when read lazily: the picture is grey, and it is the
# blue sample, as "data" comes in the file's order blue, green, red. BioImage.save() reads lazily, so the saved OME-TIFF is grey too.
# use_aicspylibczi=False, which is to be removed, keeps the colours. It matters to stained sections (H&E) from Zeiss slide scanners.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check bioio==3.6.0 bioio-base==3.5.0 bioio-czi==3.0.1 bioio-ome-tiff==1.4.0 \
    aicspylibczi==4.0.1 pylibCZIrw==6.1.0 tifffile==2026.3.3 numpy==2.4.6 dask==2026.8.0 xarray==2026.9.0 || exit 2
venv/bin/python -I - <<'PY'
import sys
from importlib.metadata import version
import bioio_czi, numpy, tifffile
from bioio import BioImage
from pylibCZIrw import czi

BLUE_GREEN_RED = [10, 60, 200]
with czi.create_czi("stain.czi") as document:
    document.write(numpy.full((12, 20, 3), BLUE_GREEN_RED, "uint8"), plane={"C": 0})


def image(**options):
    return BioImage("stain.czi", reader=bioio_czi.Reader, **options)


def first(pixels):
    return pixels.reshape(-1, 3)[0].tolist()


image().save("saved.ome.tiff")
print(*(f"{name} {version(name)}" for name in ("bioio", "bioio-czi", "bioio-ome-tiff", "dask")))
seen = {
    "data": first(image().data),
    "dask_data": first(image().dask_data.compute()),
    "saved as OME-TIFF": first(tifffile.imread("saved.ome.tiff")),
    "dask_data, use_aicspylibczi=False": first(image(use_aicspylibczi=False).dask_data.compute()),
}
stated = {
    "data": [10, 60, 200],
    "dask_data": [10, 10, 10],
    "saved as OME-TIFF": [10, 10, 10],
    "dask_data, use_aicspylibczi=False": [10, 60, 200],
}
print("written as blue, green, red:", BLUE_GREEN_RED)
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
