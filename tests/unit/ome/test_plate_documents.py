"""What an OME-Zarr says of a plate, as ome-zarr-models reads it."""

from __future__ import annotations

from typing import Any

import pytest
from ome_zarr_models.v04.hcs import HCSAttrs as Plate04
from ome_zarr_models.v04.well import WellAttrs as Well04
from ome_zarr_models.v05.hcs import HCSAttrs as Plate05
from ome_zarr_models.v05.well import WellAttrs as Well05

from transferapp.ome.plate_documents import Documents, PlateField, plate_documents

ROWS = ["A", "B", "C"]
#: Two fields of two runs in A1, one in C12.
FIELDS = [
    PlateField(2, 11, "C", "12", "0", 7, "Run 7"),
    PlateField(0, 0, "A", "1", "1", 8, ""),
    PlateField(0, 0, "A", "1", "0", 7, "Run 7"),
]


def stated(documents: Documents, path: str, version: str) -> dict[str, Any]:
    """The attributes of a group, as its version of zarr keeps them."""
    below = f"{path}/" if path else ""
    if version == "0.4":
        assert documents[f"{below}.zgroup"] == {"zarr_format": 2}
        return documents[f"{below}.zattrs"]
    attributes: dict[str, Any] = documents[f"{below}zarr.json"]["attributes"]["ome"]
    return attributes


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_ome_zarr_models_takes_it(version: str) -> None:
    documents = plate_documents("My plate", FIELDS, ROWS, version)
    plates, wells = (Plate04, Well04) if version == "0.4" else (Plate05, Well05)
    plate = plates.model_validate(stated(documents, "", version)).plate
    assert plate.name == "My plate"
    assert [row.name for row in plate.rows] == ROWS
    assert [column.name for column in plate.columns] == [str(n) for n in range(1, 13)]
    assert plate.field_count == 2
    found = [(well.path, well.rowIndex, well.columnIndex) for well in plate.wells]
    assert found == [("A/1", 0, 0), ("C/12", 2, 11)]
    runs = [(one.id, one.name, one.maximumfieldcount) for one in plate.acquisitions or []]
    assert runs == [(7, "Run 7", 1), (8, "No run", 1)]
    well = wells.model_validate(stated(documents, "A/1", version)).well
    assert [(one.path, one.acquisition) for one in well.images] == [("0", 7), ("1", 8)]


def test_a_plate_of_no_known_run_has_none() -> None:
    documents = plate_documents("p", [PlateField(0, 0, "A", "1", "0")], ["A"], "0.5")
    assert list(documents) == ["A/zarr.json", "A/1/zarr.json", "zarr.json"]
    plate = documents["zarr.json"]["attributes"]["ome"]["plate"]
    assert "acquisitions" not in plate
    well = documents["A/1/zarr.json"]["attributes"]["ome"]["well"]
    assert well["images"] == [{"path": "0"}]


def test_nothing_says_that_it_is_a_plate_before_all_is_said() -> None:
    for version in ("0.4", "0.5"):
        *_, last = plate_documents("p", FIELDS, ROWS, version)
        assert "/" not in last
