#!/usr/bin/env bash
# One would guess that an OME-TIFF which says 250 nm still says 250 nm, or 0.25 µm, after BioImage(path).save(other). bioio 3.6.0 with
# bioio-ome-tiff 1.4.0 keeps the numbers and drops the units, and OME reads a size without a unit as µm: 250 nm become 250 µm, and a Z
# step of 0.002 mm becomes 2 nm. BioImage's notes say that units are left to the reader of the file; nothing warns when it is saved.
# It matters to every length measured after a crop or conversion of images in nm (super-resolution, EM) or mm (slides, whole animals).
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check bioio==3.6.0 bioio-base==3.5.0 bioio-ome-tiff==1.4.0 ome-types==0.7.0 \
    tifffile==2026.3.3 numpy==2.4.6 dask==2026.8.0 xarray==2026.9.0 || exit 2
venv/bin/python -I - <<'PY'
import sys
from importlib.metadata import version
import bioio_ome_tiff, numpy, ome_types, tifffile
from bioio import BioImage

tifffile.imwrite("camera.ome.tiff", numpy.zeros((3, 16, 16), "uint16"), metadata={
    "axes": "ZYX",
    "PhysicalSizeX": 250.0, "PhysicalSizeXUnit": "nm",
    "PhysicalSizeY": 250.0, "PhysicalSizeYUnit": "nm",
    "PhysicalSizeZ": 0.002, "PhysicalSizeZUnit": "mm",
})
BioImage("camera.ome.tiff", reader=bioio_ome_tiff.Reader).save("saved.ome.tiff")


def sizes(path):
    pixels = ome_types.from_tiff(path).images[0].pixels
    return (f"X {pixels.physical_size_x:g} {pixels.physical_size_x_unit.value}, "
            f"Z {pixels.physical_size_z:g} {pixels.physical_size_z_unit.value}")


print(*(f"{name} {version(name)}" for name in ("bioio", "bioio-ome-tiff", "ome-types", "tifffile")))
seen = {"before": sizes("camera.ome.tiff"), "after": sizes("saved.ome.tiff")}
seen["units written"] = "PhysicalSizeXUnit" in tifffile.tiffcomment("saved.ome.tiff")
stated = {"before": "X 250 nm, Z 0.002 mm", "after": "X 250 µm, Z 0.002 µm", "units written": False}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
