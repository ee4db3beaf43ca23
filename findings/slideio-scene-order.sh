#!/usr/bin/env bash
# One would guess that get_scene(2) is the third image of an OME-TIFF, as in its OME-XML and in tifffile. slideio 2.10.0 sorts
# the images by the text of their IDs: Image:0, Image:1, Image:10, Image:11, Image:2 and so on. With up to ten images all is well.
# It matters to scripts that pair scenes with positions or wells by number: from the eleventh image on they take other cells' pixels
# without an error. Only the name tells.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check slideio==2.10.0 tifffile==2026.3.3 numpy==2.4.6 || exit 2
venv/bin/python -I - <<'PY'
import os, sys
from importlib.metadata import version
import numpy, slideio, tifffile


def orders(count):
    """The positions by number, as slideio and as tifffile give them. Position 3 is called "position 3" and filled with 3."""
    path = os.path.abspath(f"{count}.ome.tif")
    with tifffile.TiffWriter(path) as tif:
        for position in range(count):
            pixels = numpy.full((64, 64), position, "uint8")
            tif.write(pixels, photometric="minisblack", metadata={"axes": "YX", "Name": f"position {position}"})
    slide = slideio.open_slide(path, "OMETIFF")
    scenes = [slide.get_scene(number) for number in range(slide.num_scenes)]
    by_slideio = [int(scene.read_block()[0, 0]) for scene in scenes]
    if [scene.name for scene in scenes] != [f"position {position}" for position in by_slideio]:
        sys.exit("changed: names and pixels do not belong together")
    with tifffile.TiffFile(path) as tif:
        by_tifffile = [int(series.asarray()[0, 0]) for series in tif.series]
    return by_slideio, by_tifffile


print("slideio", version("slideio"), "tifffile", tifffile.__version__)
seen = {count: orders(count) for count in (10, 12)}
stated = {
    10: (list(range(10)), list(range(10))),
    12: ([0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9], list(range(12))),
}
for count, (by_slideio, by_tifffile) in seen.items():
    print(f"{count} positions: slideio {by_slideio}, tifffile {by_tifffile}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
