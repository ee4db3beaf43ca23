"""Where an OME-Zarr says that its wells are on the plate, and its time points in time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.local_images import Opener, opener
from tests.support.ome_zarrs import image_attributes, scale, write_group, write_image
from tests.support.zarr_reading import CYX, only
from transferapp.repositories.local.readers.port import WellPosition

__all__ = ["opener"]


@pytest.mark.parametrize(
    ("unit", "step", "wanted"),
    [("second", 2.5, 2.5), ("millisecond", 40.0, 0.04), ("min", 2, 120.0), ("", 3.0, None),
     ("fortnight", 1.0, None), ("second", 0, None), ("second", "1", None)],
)  # fmt: skip
def test_the_step_in_time(
    opener: Opener, tmp_path: Path, unit: str, step: object, wanted: float | None
) -> None:
    attributes = image_attributes("tyx")
    attributes["multiscales"][0]["axes"][0]["unit"] = unit
    attributes["multiscales"][0]["datasets"][0]["coordinateTransformations"] = scale(step, 1, 1)
    folder = write_image(
        tmp_path / "t.zarr", np.ones((3, 4, 5), "uint8"), attributes=attributes
    )
    assert only(opener, folder).header.time_step_s == (wanted and pytest.approx(wanted))


@pytest.mark.parametrize(
    ("rows", "columns", "path", "wanted"),
    [
        # Only what was imaged is listed, and the indices count within that.
        (["B", "D"], ["03", "10"], "B/03", (1, 2)),
        (["B", "D"], ["03", "10"], "D/10", (3, 9)),
        (["AF"], ["48"], "AF/48", (31, 47)),
        # Names that say no place, or all but one: as they are listed.
        (["top", "low"], ["left", "right"], "low/right", (1, 1)),
        (["0", "1"], ["0", "1"], "1/1", (1, 1)),
        (["B", "b"], ["2", "02"], "b/02", (1, 1)),
    ],
)
@pytest.mark.parametrize("indices", [True, False])
def test_names_of_rows_and_columns_say_where_a_well_is(  # noqa: PLR0913, PLR0917
    opener: Opener,
    tmp_path: Path,
    rows: list[str],
    columns: list[str],
    path: str,
    wanted: tuple[int, int],
    indices: bool,
) -> None:
    row, column = path.split("/")
    index = {"rowIndex": rows.index(row), "columnIndex": columns.index(column)}
    plate = {
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "wells": [{"path": path, **(index if indices else {})}],
    }
    folder = write_group(tmp_path / "p.zarr", {"plate": plate})
    write_group(folder / path, {"well": {"images": [{"path": "0"}]}})
    write_image(folder / path / "0", CYX)
    assert only(opener, folder).header.well == WellPosition(*wanted, 0)
