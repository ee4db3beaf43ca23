#!/usr/bin/env bash
# A time series that is still being recorded grows along T. One would guess that what zarr-python 3.1.6 wrote, zarr-python 3.1.6 finds.
# After consolidate_metadata(), resize() and create_array() renew an array's own metadata and not the group's copy of them, without a
# warning, and a group opened afterwards believes its copy: 2 of 5 times, and no array "1". The group's own attributes are renewed, so
# OME-Zarr metadata may name a level that the group says it has not. It matters to live recordings and to tools that add levels or labels
# to a finished image: readers that open the array itself see the new data, readers that go by the group (most of OME-Zarr) do not.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check zarr==3.1.6 numpy==2.4.6 || exit 2
venv/bin/python -I - <<'PY'
import sys, warnings
import zarr


def grown(zarr_format):
    name = f"movie{zarr_format}.zarr"
    group = zarr.create_group(name, zarr_format=zarr_format)
    group.create_array("0", shape=(2, 8, 8), chunks=(1, 8, 8), dtype="uint16")[:] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # format 3 has no consolidated metadata in its specification; that is another matter
        zarr.consolidate_metadata(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        later = zarr.open_group(name, mode="r+")
        later["0"].resize((5, 8, 8))
        later["0"][2:] = 7
        later.create_array("1", shape=(5, 4, 4), chunks=(1, 4, 4), dtype="uint16")
        later.attrs["levels"] = ["0", "1"]
        reader = zarr.open_group(name, mode="r")
        return (f"by the group {reader['0'].shape}, by the array {zarr.open_array(name + '/0', mode='r').shape}, "
                f"attributes name {reader.attrs['levels']}, the group has {sorted(reader.array_keys())}, "
                f"without the copy {sorted(zarr.open_group(name, mode='r', use_consolidated=False).array_keys())}")


print("zarr", zarr.__version__)
seen = {f"format {number}": grown(number) for number in (2, 3)}
what = ("by the group (2, 8, 8), by the array (5, 8, 8), attributes name ['0', '1'], the group has ['0'], "
        "without the copy ['0', '1']")
for case, answer in seen.items():
    print(f"{case}: {answer}")
if seen != {"format 2": what, "format 3": what}:
    sys.exit(f"changed; stated was, for both formats: {what}")
print("as stated")
PY
