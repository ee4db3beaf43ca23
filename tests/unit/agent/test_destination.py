"""Where an export's filesets go: whole, each in a place of its own, whatever happens."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.export_env import (
    Workstation,
    companion,
    placed_as,
    tree,
    zarr,
)
from transferapp.agent.retrying import reopen
from transferapp.errors import DestinationUnwritable, VanishedFile
from transferapp.model.stages import ItemStage

MON, TUE = companion("mon/Position1", 1), companion("tue/Position1", 2)
CELLS = {"tue/cells.czi": b"cells" * 99}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def station(tmp_path: Path) -> Workstation:
    return Workstation(tmp_path / "home")


def test_nothing_has_a_name_before_it_is_whole(station: Workstation, out: Path) -> None:
    station.export("t", out, MON)
    station.destination("t").open_part("t-0").close()
    assert [path.name[0] for path in out.iterdir()] == ["."]
    assert station.work("t")
    assert tree(out) == placed_as("Position1", MON, "mon/Position1")


def test_the_same_export_again_goes_beside_the_first(station: Workstation, out: Path) -> None:
    filesets = (MON, TUE, zarr("m1/image.ome.zarr", 3), CELLS)
    for name in ("t", "u", "v"):
        station.export(name, out, *filesets)
        assert station.work(name)
    first = {
        **placed_as("Position1 (mon)", MON, "mon/Position1"),
        **placed_as("Position1 (tue)", TUE, "tue/Position1"),
        **placed_as("image.ome.zarr", filesets[2], "m1/image.ome.zarr"),
        "cells.czi": CELLS["tue/cells.czi"],
    }
    again = {
        **placed_as("Position1 (mon) ({})", MON, "mon/Position1"),
        **placed_as("Position1 (tue) ({})", TUE, "tue/Position1"),
        **placed_as("image ({}).ome.zarr", filesets[2], "m1/image.ome.zarr"),
        "cells ({})/cells.czi": CELLS["tue/cells.czi"],
    }
    second = {path.format("2"): content for path, content in again.items()}
    third = {path.format("3"): content for path, content in again.items()}
    assert tree(out) == first | second | third


def test_two_exports_at_once(station: Workstation, out: Path) -> None:
    station.export("t", out, MON)
    station.export("u", out, MON)
    assert station.work("u")
    assert station.work("t")
    assert tree(out) == {
        **placed_as("Position1", MON, "mon/Position1"),
        **placed_as("Position1 (2)", MON, "mon/Position1"),
    }


def test_two_services_into_one_folder(tmp_path: Path, out: Path) -> None:
    one, other = (Workstation(tmp_path / name) for name in ("one", "other"))
    for station, contents in ((one, MON), (other, TUE)):
        station.export("t", out, contents, CELLS)
    for station in (other, one):
        assert station.work("t")
    assert tree(out) == {
        **placed_as("Position1", TUE, "tue/Position1"),
        **placed_as("Position1 (2)", MON, "mon/Position1"),
        "cells.czi": CELLS["tue/cells.czi"],
        "cells (2)/cells.czi": CELLS["tue/cells.czi"],
    }


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file", "link"])
@pytest.mark.export_bad_input
def test_what_is_there_is_never_touched(station: Workstation, out: Path, kind: str) -> None:
    def put(path: Path) -> None:
        if kind == "file":
            path.write_bytes(b"mine")
        elif kind == "link":
            path.symlink_to("nowhere")
        else:
            path.mkdir()
            if kind == "folder":
                (path / "zarr.json").write_bytes(b"mine")

    out.mkdir()
    late = zarr("m/late.zarr", 5)
    station.export("t", out, zarr("m/early.zarr", 4), late, {"m/a.tif": b"a", "m/b.tif": b"b"})
    put(out / "early.zarr")
    station.export("u", out, zarr("m/early.zarr", 4))
    # Taken after it was decided on: the last word is spoken when the name is given.
    put(out / "late.zarr")
    before = {name: content for name, content in tree(out).items() if name[0] != "."}
    assert station.work("t")
    assert station.work("u")
    after = tree(out)
    assert before.items() <= after.items()
    new = {path.partition("/")[0] for path in after.keys() - before.keys()}
    assert new == {"early (2).zarr", "early (3).zarr", "late (2).zarr", "m"}


def test_a_file_that_was_deleted_meanwhile_is_fetched_again(
    station: Workstation, out: Path
) -> None:
    station.export("t", out, MON)
    destination = station.destination("t")
    for file in station.outbox.open_files("t"):
        station._arrive(destination, file)
    (hidden,) = out.iterdir()
    (hidden / "img_C0.ome.tif").unlink()
    assert not station.work("t")
    assert station.work("t")
    assert tree(out) == placed_as("Position1", MON, "mon/Position1")


@pytest.mark.export_bad_input
def test_a_part_that_is_gone_asks_a_person(station: Workstation, out: Path) -> None:
    station.export("t", out, MON)
    destination = station.destination("t")
    file, *_ = station.outbox.open_files("t")
    station._arrive(destination, file)
    (hidden,) = out.iterdir()
    away = out.parent / "away"
    hidden.rename(away)
    with pytest.raises(VanishedFile, match="press Retry"):
        station.work("t")
    station.outbox.set_stages(["t-0"], ItemStage.PROBLEM, ("vanished-file", "gone"))
    # Another drive stood there: with the first one back it goes on.
    away.rename(hidden)
    reopen(station.outbox, "t")
    assert [file.done for file in station.outbox.files("t-0")] == [True, False, False]
    shutil.rmtree(hidden)
    station.outbox.set_stages(["t-0"], ItemStage.PROBLEM, ("vanished-file", "gone"))
    reopen(station.outbox, "t")
    assert station.work("t")
    assert tree(out) == placed_as("Position1", MON, "mon/Position1")


@pytest.mark.export_bad_input
def test_a_drive_that_is_gone_is_waited_for(station: Workstation, out: Path) -> None:
    station.export("t", out, MON, TUE)
    station.destination("t").open_part("t-0").close()
    out.rename(out.with_name("drive"))
    for item in ("t-0", "t-1"):
        with pytest.raises(DestinationUnwritable, match="Connect its drive"):
            station.destination("t").open_part(item)
    assert not out.exists(), "a folder in its place would fill the wrong disk"
    out.with_name("drive").rename(out)
    assert station.work("t")


def test_what_is_not_wanted_any_more_leaves_nothing(station: Workstation, out: Path) -> None:
    station.export("t", out, MON, TUE)
    destination = station.destination("t")
    for file in station.outbox.open_files("t")[:2]:
        station._arrive(destination, file)
    station.outbox.set_stages(["t-0"], ItemStage.CANCELLED)
    destination.discard_unwanted()
    assert tree(out) == {}
    assert station.work("t")
    assert tree(out) == placed_as("Position1 (tue)", TUE, "tue/Position1")


@pytest.mark.parametrize("planted", ["file", "link"])
def test_a_part_whose_name_others_took_gets_another(
    station: Workstation, out: Path, tmp_path: Path, planted: str
) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    out.mkdir()
    station.export("t", out, MON)
    placement = station.outbox.placements.of("t-0")
    assert placement is not None
    if planted == "link":
        (out / placement.part).symlink_to(victim)
    else:
        (out / placement.part).write_bytes(b"theirs")
    assert station.work("t")
    assert list(victim.iterdir()) == []
    assert placed_as("Position1", MON, "mon/Position1").items() <= tree(out).items()
    assert (out / placement.part).is_symlink() is (planted == "link")
