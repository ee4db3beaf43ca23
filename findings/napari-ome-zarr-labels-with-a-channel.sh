#!/usr/bin/env bash
# One would guess that a label image with the axes of its image (t, c, z, y, x; one channel) lies over it in napari. napari-ome-zarr
# 0.10.0 splits the image along c and leaves c in the labels: layers of 4 and of 5 axes. napari lines axes up from the last one, so
# the labels' only channel lies over the image's time points and their times over a fifth axis: from the second time point on they are gone.
# It matters to segmented time series: labels without c are right; writers that copy the image's axes (with c of 1) are not.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check napari-ome-zarr==0.10.0 ome-zarr==0.18.0 napari==0.9.2 numpy==2.4.6 zarr==3.1.6 || exit 2
venv/bin/python -I - <<'PY' 2>warnings || { tail -3 warnings; exit 1; }
import contextlib, io, sys
from importlib.metadata import version
import numpy, zarr
from napari.components import ViewerModel
from napari_ome_zarr import napari_get_reader
from ome_zarr.writer import write_image, write_labels

print(*(f"{name} {version(name)}" for name in ("napari-ome-zarr", "napari", "ome-zarr")))
pixels = numpy.zeros((3, 2, 1, 32, 32), "uint8")
labels = numpy.ones((3, 1, 1, 32, 32), "uint8")
seen = {}
for name, axes, drawn in (("with c", "tczyx", labels), ("without c", "tzyx", labels[:, 0])):
    root = zarr.open_group(f"{name}.ome.zarr", mode="w")
    write_image(pixels, root, axes="tczyx", scaler=None)
    write_labels(drawn, root, name="cells", axes=axes, scaler=None)
    viewer = ViewerModel()
    with contextlib.redirect_stdout(io.StringIO()):
        found = napari_get_reader(f"{name}.ome.zarr")(f"{name}.ome.zarr")
    for data, known, kind in found:
        known.pop("axis_labels", None), known.pop("units", None)
        getattr(viewer, f"add_{kind}")(data, **known)
    times = viewer.layers[0].data.shape[0]
    shown = []
    for time in range(times):
        viewer.dims.set_current_step(viewer.dims.ndim - 4, time)
        label = viewer.layers[-1]
        label.visible = True
        label.refresh()
        shown.append(int(numpy.asarray(label._slice.image.raw).max()))
    seen[name] = (viewer.layers[0].ndim, viewer.layers[-1].ndim, shown)
    print(f"labels {name}: image of {seen[name][0]} axes, labels of {seen[name][1]}; labels shown at the three times: {shown}")
if seen != {"with c": (4, 5, [1, 0, 0]), "without c": (4, 4, [1, 1, 1])}:
    sys.exit("changed")
print("as stated")
PY
