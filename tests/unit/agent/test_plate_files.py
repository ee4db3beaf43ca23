"""Fields of a plate become one OME-Zarr: of what is there, whatever is killed meanwhile."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.export_env import Crash, Workstation, arrived, crash_at, tree, zarr
from transferapp.agent.views import placement_views
from transferapp.model.stages import ItemStage

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PLATE = "Screen/Plate.ome.zarr"
FIELDS = [zarr(f"w{number}.ome.zarr", number) for number in range(3)]
WAYS = [f"{PLATE}/A/1", f"{PLATE}/A/1", f"{PLATE}/C/12"]
DOCUMENTS = {"zarr.json", "A/zarr.json", "A/1/zarr.json", "C/zarr.json", "C/12/zarr.json"}


def started(home: Path) -> Workstation:
    station = Workstation(home)
    station.export("t", home / "out", *FIELDS, ways=WAYS, fields=["0", "1", "0"])
    return station


def ome(plate: Path) -> Any:
    return json.loads((plate / "zarr.json").read_bytes())["attributes"]["ome"]


def documents(plate: Path) -> set[str]:
    """What is beside the fields."""
    found = {path.relative_to(plate).as_posix() for path in plate.rglob("zarr.json")}
    return {path for path in found if path.count("/") < 3}


def test_a_plate_of_what_has_come_and_of_all_after_a_retry(tmp_path: Path) -> None:
    station = started(tmp_path)
    out = tmp_path / "out"
    station.outbox.set_stages(["t-2"], ItemStage.PROBLEM, ("damaged-file", "It is damaged."))
    assert station.work("t")
    plate = out / PLATE
    assert documents(plate) == set(), "fields, and no half plate"
    station.destination("t").write_manifest({}, NOW)
    assert documents(plate) == {"zarr.json", "A/zarr.json", "A/1/zarr.json"}
    assert [well["path"] for well in ome(plate)["plate"]["wells"]] == ["A/1"]
    station.outbox.set_stages(["t-2"], ItemStage.OPEN)
    assert station.work("t")
    station.destination("t").write_manifest({}, NOW)
    assert documents(plate) == DOCUMENTS
    assert [well["path"] for well in ome(plate)["plate"]["wells"]] == ["A/1", "C/12"]
    [manifest] = out.glob("*.manifest.json")
    stated = {file["path"] for file in json.loads(manifest.read_bytes())["plate_files"]}
    assert stated == {f"{PLATE}/{path}" for path in DOCUMENTS}


def test_killed_while_the_plate_is_described(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plate's own document is the last one, and none is half one."""
    for number in range(1000):
        home = tmp_path / str(number)
        station = started(home)
        assert station.work("t")
        with crash_at(number, monkeypatch) as came, suppress(Crash):
            station.destination("t").write_manifest({}, NOW)
        station.outbox.close()
        plate = home / "out" / PLATE
        if (plate / "zarr.json").exists():
            assert documents(plate) == DOCUMENTS, number
        if len(came) < number:
            assert number > 15
            return
        station = Workstation(home, contents=station.contents)
        station.destination("t").write_manifest({}, NOW)
        assert documents(plate) == DOCUMENTS
        assert not [name for name in tree(home / "out") if ".part" in name], number
        station.outbox.close()
        shutil.rmtree(home)


def test_somebody_elses_field_is_no_field(tmp_path: Path) -> None:
    """A folder that was put there meanwhile stays, and the plate does not name it."""
    station = started(tmp_path)
    destination = station.destination("t")
    files = station.outbox.open_files("t")
    for file in files:
        station._arrive(destination, file)
    assert destination.put_whole("t-0")
    foreign = tmp_path / "out" / PLATE / "C" / "12" / "0"
    foreign.mkdir(parents=True)
    (foreign / "notes.txt").write_bytes(b"mine")
    for item_id in ("t-1", "t-2"):
        assert destination.put_whole(item_id)
    destination.write_manifest({}, NOW)
    plate = tmp_path / "out" / PLATE
    assert [well["path"] for well in ome(plate)["plate"]["wells"]] == ["A/1"]
    assert arrived(tmp_path / "out")[f"{PLATE}/C/12/0/notes.txt"] == b"mine"
    views = placement_views(station.outbox, station.outbox.submission("t"))
    assert views[2].path.endswith("/C/12/0 (2)")
