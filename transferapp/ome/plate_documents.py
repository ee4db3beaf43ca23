"""What an OME-Zarr says of a plate: which wells there are, and which fields each has.

https://ngff.openmicroscopy.org, versions 0.4 and 0.5. Fields lie in ``ROW/COLUMN/FIELD``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: A document by its path below the plate, '/'-separated.
Documents = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class PlateField:
    """A field that is there: its row and column (counted from 0) and what they are called, its
    path in its well, and the run that it is of (id 0: none is known).
    """

    row: int
    column: int
    row_name: str
    column_name: str
    path: str
    run_id: int = 0
    run: str = ""

    @property
    def well(self) -> str:
        """The well's path."""
        return f"{self.row_name}/{self.column_name}"


def plate_documents(
    name: str, fields: Sequence[PlateField], row_names: Sequence[str], version: str
) -> Documents:
    """Return the documents of a plate's groups, the plate's own last; at least one field.

    ``row_names`` are those of all rows up to the last that is there: programs draw the plate by
    them. ``version``: "0.4" or "0.5".
    """
    runs = _runs(fields)
    wells: dict[str, list[PlateField]] = defaultdict(list)
    for field in sorted(fields, key=lambda one: (one.row, one.column, int(one.path))):
        wells[field.well].append(field)
    documents: Documents = {}
    for row in dict.fromkeys(well.partition("/")[0] for well in wells):
        documents |= _group(row, {}, version)
    for well, inside in wells.items():
        images = [
            {"path": one.path, **({"acquisition": one.run_id} if runs else {})}
            for one in inside
        ]
        documents |= _group(well, {"well": {"images": images}}, version)
    plate: dict[str, Any] = {
        "name": name,
        "field_count": max(map(len, wells.values())),
        "rows": [{"name": row} for row in row_names],
        "columns": [{"name": str(n + 1)} for n in range(1 + max(f.column for f in fields))],
        "wells": [
            {"path": well, "rowIndex": inside[0].row, "columnIndex": inside[0].column}
            for well, inside in wells.items()
        ],
    }
    if runs:
        plate["acquisitions"] = [
            {"id": run, "name": runs[run], "maximumfieldcount": _most_fields(wells, run)}
            for run in sorted(runs)
        ]
    return documents | _group("", {"plate": plate}, version)


def _runs(fields: Sequence[PlateField]) -> dict[int, str]:
    """Return the runs by id; nothing where none is known."""
    found = {field.run_id: field.run or "No run" for field in fields}
    return {} if set(found) == {0} else found


def _most_fields(wells: Mapping[str, Sequence[PlateField]], run: int) -> int:
    return max(sum(one.run_id == run for one in inside) for inside in wells.values())


def _group(path: str, ome: dict[str, Any], version: str) -> Documents:
    """Return what makes a folder a group, in the version's own zarr."""
    below = f"{path}/" if path else ""
    # Version 0.5 says it once for all; ome-zarr-models 1.7 looks for it here, too.
    stated = {kind: {**value, "version": version} for kind, value in ome.items()}
    if version == "0.4":
        attributes = {f"{below}.zattrs": stated} if stated else {}
        return {**attributes, f"{below}.zgroup": {"zarr_format": 2}}
    group: dict[str, Any] = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    if stated:
        group["attributes"] = {"ome": {"version": version, **stated}}
    return {f"{below}zarr.json": group}
