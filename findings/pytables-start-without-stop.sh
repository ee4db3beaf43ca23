#!/usr/bin/env bash
# PyTables' documentation says that start, stop and step of a Table's queries behave as in a slice, so where(condition, start=1) should
# look at all rows from row 1 on. In PyTables 3.11.1 a start alone is a single row: where, read_where, get_where_list and append_where
# miss every other match in silence, while read, iterrows and itersorted of the same arguments go on to the end; with step=1 all agree.
# It matters to OMERO.tables, whose HDF5 files are searched so: getWhereList(condition, None, 0, 0, 0), documented as "all rows",
# reaches PyTables as a start of 0 alone and answers from row 0 (omero-py 5.23, omero/hdfstorageV2.py).
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check tables==3.11.1 numpy==2.4.6 || exit 2
venv/bin/python -I - <<'PY'
import sys
import numpy, tables

seen = {}
with tables.open_file("cells.h5", "w") as file:
    table = file.create_table("/", "cells", {"area": tables.Float64Col()})
    table.append(numpy.array([(10.0,), (20.0,), (30.0,), (40.0,)], dtype=[("area", "f8")]))
    table.flush()
    table.cols.area.create_csindex()
    for name, asked in (("start=1", {"start": 1}), ("start=1, step=1", {"start": 1, "step": 1})):
        other = file.create_table("/", f"of_{len(seen)}", {"area": tables.Float64Col()})
        table.append_where(other, "area > 0", **asked)
        seen[name] = {
            "get_where_list": table.get_where_list("area > 0", **asked).tolist(),
            "where": [int(row.nrow) for row in table.where("area > 0", **asked)],
            "read_where": table.read_where("area > 0", **asked)["area"].tolist(),
            "append_where": other.nrows,
            "read": table.read(**asked)["area"].tolist(),
            "iterrows": [float(row["area"]) for row in table.iterrows(**asked)],
            "itersorted": [float(row["area"]) for row in table.itersorted("area", **asked)],
        }
print("PyTables", tables.__version__, "numpy", numpy.__version__, "- four rows, of 10, 20, 30 and 40")
rest = [20.0, 30.0, 40.0]
sliced = {"read": rest, "iterrows": rest, "itersorted": rest}
stated = {
    "start=1": {"get_where_list": [1], "where": [1], "read_where": [20.0], "append_where": 1, **sliced},
    "start=1, step=1": {"get_where_list": [1, 2, 3], "where": [1, 2, 3], "read_where": rest, "append_where": 3, **sliced},
}
for name, found in seen.items():
    for call, rows in found.items():
        print(f"{name}: {call} {rows}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
