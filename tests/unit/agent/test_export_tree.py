"""Folders of an export: as the server wants them, and nothing of two exports in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.export_env import (
    Workstation,
    companion,
    placed_as,
    tree,
    without_rename_new,
    zarr,
)
from transferapp.agent.views import placement_views
from transferapp.model.stages import ItemStage

MON, TUE = companion("mon/Position1", 1), companion("tue/Position1", 2)
CELLS = {"tue/cells.czi": b"cells" * 99}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return Workstation(tmp_path / "home")


def paths(station: Workstation, transfer_id: str) -> list[str]:
    found = placement_views(station.outbox, station.outbox.submission(transfer_id))
    assert all(one.placed for one in found)
    return [one.path for one in found]


def test_each_item_lies_in_its_folder(station: Workstation, out: Path) -> None:
    ways = ["Lab/Day 1", "Lab/Day 2", "No dataset"]
    station.export("t", out, MON, TUE, CELLS, ways=ways)
    station.destination("t").open_part("t-0").close()
    assert [path.name[0] for path in out.iterdir()] == ["."], (
        "nothing is seen before it is whole"
    )
    assert station.work("t")
    # Where nothing else has the name there is nothing to tell it from.
    assert tree(out) == {
        **placed_as("Lab/Day 1/Position1", MON, "mon/Position1"),
        **placed_as("Lab/Day 2/Position1", TUE, "tue/Position1"),
        "No dataset/cells.czi": CELLS["tue/cells.czi"],
    }
    ends = ("Lab/Day 1/Position1", "Lab/Day 2/Position1", "No dataset/cells.czi")
    assert paths(station, "t") == [str(out / end) for end in ends]


def test_names_of_one_folder_are_told_apart(station: Workstation, out: Path) -> None:
    station.export("t", out, MON, TUE, CELLS, CELLS, ways=["Lab/Day"] * 4)
    assert station.work("t")
    assert tree(out) == {
        **placed_as("Lab/Day/Position1 (mon)", MON, "mon/Position1"),
        **placed_as("Lab/Day/Position1 (tue)", TUE, "tue/Position1"),
        "Lab/Day/cells.czi": CELLS["tue/cells.czi"],
        "Lab/Day/cells (2)/cells.czi": CELLS["tue/cells.czi"],
    }


@pytest.mark.parametrize("renames", [True, False])
def test_two_exports_into_one_destination_never_mix(
    station: Workstation, out: Path, monkeypatch: pytest.MonkeyPatch, renames: bool
) -> None:
    if not renames:
        without_rename_new(monkeypatch)
    other = Workstation(station.home / "other")
    for workstation, name in ((station, "t"), (other, "u"), (station, "v")):
        workstation.export(name, out, MON, CELLS, ways=["Lab/Day", "Other"])
    for workstation, name in ((other, "u"), (station, "v"), (station, "t")):
        assert workstation.work(name)
    tops = {path.name for path in out.iterdir()}
    assert len(tops) == 6, tops
    found = [tree(top) for top in out.iterdir()]
    assert found.count(placed_as("Day/Position1", MON, "mon/Position1")) == 3
    assert found.count({"cells.czi": CELLS["tue/cells.czi"]}) == 3


def test_folders_that_some_disks_take_for_one(station: Workstation, out: Path) -> None:
    station.export("t", out, CELLS, CELLS, CELLS, ways=["Lab", "lab", "caf\u00e9"])
    station.export("u", out, CELLS, ways=["cafe\u0301"])
    assert station.work("t")
    assert station.work("u")
    assert {path.name for path in out.iterdir()} == {
        "Lab", "lab (2)", "caf\u00e9", "caf\u00e9 (2)",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link"])
def test_what_has_the_name_already_is_never_touched(
    station: Workstation, out: Path, tmp_path: Path, kind: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    out.mkdir()
    station.export("t", out, MON, ways=["Lab/Day"])
    # Taken after it was decided on.
    if kind == "file":
        (out / "Lab").write_bytes(b"mine")
    elif kind == "link":
        (out / "Lab").symlink_to(elsewhere)
    else:
        (out / "Lab").mkdir()
        if kind == "folder":
            (out / "Lab" / "notes.txt").write_bytes(b"mine")
    before = tree(out)
    assert station.work("t")
    after = tree(out)
    assert before.items() <= after.items()
    assert {path.partition("/")[0] for path in after.keys() - before.keys()} == {"Lab (2)"}
    assert list(elsewhere.iterdir()) == []
    [path] = paths(station, "t")
    assert path == str(out / "Lab (2)" / "Day" / "Position1")


def test_a_folder_that_was_taken_away_is_made_again(station: Workstation, out: Path) -> None:
    station.export("t", out, MON, TUE, ways=["Lab/Day"] * 2)
    destination = station.destination("t")
    for file in station.outbox.open_files("t"):
        station._arrive(destination, file)
    assert destination.put_whole("t-0")
    (out / "Lab").rename(out.parent / "moved")
    assert destination.put_whole("t-1")
    assert tree(out) == placed_as("Lab/Day/Position1 (tue)", TUE, "tue/Position1")


def test_an_object_is_no_folder_of_others(station: Workstation, out: Path) -> None:
    """A fileset called like the folder of a well beside it does not become that folder."""
    wells = {"plate/A01/a.tif": b"a", "plate/A01/b.tif": b"b"}
    station.export("t", out, wells, CELLS, ways=["Screen/Plate", "Screen/Plate/A01"])
    assert station.work("t")
    assert tree(out) == {
        **placed_as("Screen/Plate/A01 (2)", wells, "plate/A01"),
        "Screen/Plate/A01/cells.czi": CELLS["tue/cells.czi"],
    }


def test_fields_of_a_plate_are_one_hierarchy(station: Workstation, out: Path) -> None:
    one, other = zarr("w1.ome.zarr", 1), zarr("w2.ome.zarr", 2)
    beside = {**zarr("w3/w3.ome.zarr", 3), "w3/w3.json": b"{}", "w3/w3.rois.csv": b"id"}
    plate = "Screen/Plate.ome.zarr"
    ways = [f"{plate}/A/1", f"{plate}/A/1", f"{plate}/B/12"]
    station.export("t", out, one, other, beside, ways=ways, fields=["0", "1", "0"])
    assert station.work("t")
    assert tree(out) == {
        **placed_as(f"{plate}/A/1/0", one, "w1.ome.zarr"),
        **placed_as(f"{plate}/A/1/1", other, "w2.ome.zarr"),
        **placed_as(f"{plate}/B/12/0", zarr("w3.ome.zarr", 3), "w3.ome.zarr"),
        f"{plate}/B/12/0/w3.json": b"{}",
        f"{plate}/B/12/0/w3.rois.csv": b"id",
    }


@pytest.mark.parametrize("way", ["..", "Lab/..", "Lab//Day", "../../etc"])
def test_no_folder_leads_out_of_the_destination(
    station: Workstation, out: Path, way: str
) -> None:
    station.export("t", out, CELLS, ways=[way])
    station.work("t")
    assert not out.exists() or tree(out) == {}
    [item] = station.outbox.items("t")
    assert (item.stage, item.trouble_code) == (ItemStage.PROBLEM, "name-not-allowed")


def test_a_path_that_is_too_long_asks_a_person(station: Workstation, tmp_path: Path) -> None:
    out = tmp_path.joinpath(*["d" * 200] * 19)
    station.export("t", out, CELLS, MON, ways=["Lab/" + "x" * 200, "Lab"])
    long, short = station.outbox.items("t")
    assert (long.stage, long.trouble_code) == (ItemStage.PROBLEM, "name-not-allowed")
    assert "--layout flat" in long.trouble
    assert short.stage is ItemStage.OPEN
