#!/usr/bin/env bash
# tifffile writes a pyramid of a stack as SubIFDs, and one would guess that series.levels[1].pages are the pages of level 1, as
# levels[1].asarray() has the right 3 x 32 x 32 pixels. In a file that tifffile 2026.3.3 wrote uncompressed and not as OME-TIFF they are
# the full-size pages of level 0 in a loop; by index the first is of level 1 and the others are not. Compressed or as OME-TIFF all is
# right. It matters to viewers and thumbnailers that read one plane at a time from the level that fits the screen.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6 || exit 2
venv/bin/python -I - <<'PY'
import sys
import numpy, tifffile


def level_1(name, **options):
    stack = numpy.arange(3 * 64 * 64, dtype="uint16").reshape(3, 64, 64)
    with tifffile.TiffWriter(name) as tif:
        tif.write(stack, subifds=1, photometric="minisblack", **options)
        tif.write(stack[:, ::2, ::2], subfiletype=1, photometric="minisblack", **options)
    with tifffile.TiffFile(name) as tif:
        level = tif.series[0].levels[1]
        by_index = [level.pages[index].asarray().shape for index in range(3)]
        return f"array {level.asarray().shape}, loop {[page.asarray().shape for page in level.pages]}, by index {by_index}"


print("tifffile", tifffile.__version__)
seen = {
    "plain": level_1("plain.tif"),
    "compressed": level_1("compressed.tif", compression="zlib"),
    "OME-TIFF": level_1("stack.ome.tif"),
}
right = "array (3, 32, 32), loop [(32, 32), (32, 32), (32, 32)], by index [(32, 32), (32, 32), (32, 32)]"
stated = {
    "plain": "array (3, 32, 32), loop [(64, 64), (64, 64), (64, 64)], by index [(32, 32), (64, 64), (64, 64)]",
    "compressed": right,
    "OME-TIFF": right,
}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
