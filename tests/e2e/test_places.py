"""Exports that a worker brings to places of the facility: real processes, both repositories,
both databases, and whatever ends them in the middle.
"""

from __future__ import annotations

import asyncio
import subprocess
import time
from pathlib import Path

import pytest
import zarr

from tests.support.facility import (
    PATIENCE_S,
    Facility,
    facility,
    files_below,
    postgres_server,
    sha1s,
    tiny_disk,
)
from tests.support.installation import PASSWORD
from transferapp.archive.lines import ImageLine
from transferapp.archive.reading import archive_lines
from transferapp.model.transfers import ItemState

__all__ = ["facility", "postgres_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_the_places_are_listed(facility: Facility) -> None:
    listed = facility.alice.run("places", "--json")
    assert listed.code == 0, listed.err
    by_name = {one["name"]: one for one in listed.json}
    assert list(by_name) == ["cluster", "tiny", "away", "narrow"]
    assert by_name["cluster"]["path"] == f"{facility.home}/cluster/alice"
    assert by_name["narrow"]["quota_bytes"] == 300_000
    shown = facility.alice.run("places")
    assert "cluster:" in shown.out
    assert "Scratch of the cluster" in shown.out


def test_originals_are_brought(facility: Facility) -> None:
    """Each in a folder of its own, in the person's own, which nobody else may read."""
    to = ("--to", "cluster:runs/first", "--name", "My cells")
    done = facility.export(*facility.images, *to)
    assert done.code == 0, done.err + done.out
    where = [Path(one["path"]) for one in done.json["placements"]]
    assert all(one["placed"] for one in done.json["placements"])
    assert {path.parent for path in where} == {
        facility.home / "cluster" / "alice" / "runs" / "first" / "My cells" / "Cells"
    }
    assert sha1s(files_below(*where)) == sha1s(facility.sources)
    assert (facility.home / "cluster" / "alice").stat().st_mode & 0o077 == 0
    assert not list((facility.home / "cluster" / ".transferapp").iterdir())


def test_an_archive_is_brought(facility: Facility) -> None:
    to = ("--to", "cluster:", "--name", "All", "--wait", "--json")
    done = facility.alice.run("archive", "make", *to)
    assert done.code == 0, done.err + done.out
    found = files_below(facility.home / "cluster" / "alice" / "All")
    [described] = [path for path in found if path.name == "archive.jsonl"]
    images = [one for one in archive_lines(described) if isinstance(one, ImageLine)]
    assert {f"Image:{one.id}" for one in images} == set(facility.images)
    assert sha1s([path for path in found if path != described]) == sha1s(facility.sources)


def test_the_same_name_again_is_another_folder(facility: Facility) -> None:
    first = facility.export(facility.images[0], "--to", "cluster:", "--name", "Same")
    second = facility.export(facility.images[0], "--to", "cluster:", "--name", "Same")
    [one], [other] = (done.json["placements"] for done in (first, second))
    assert (first.code, second.code) == (0, 0)
    assert Path(one["path"]).parts[-3:-1] == ("Same", "Cells")
    assert Path(other["path"]).parts[-3:-1] == ("Same (2)", "Cells")
    assert sha1s(files_below(one["path"])) == sha1s(files_below(other["path"]))


def test_a_folder_that_is_there_already_is_left_alone(facility: Facility) -> None:
    """A person's own, of the name that an item would have."""
    number = facility.images[1].removeprefix("Image:")
    export = facility.home / "cluster" / "alice" / "Taken"
    name = facility.sources[1].name
    mine = export / "Cells" / f"{number}_{name}"
    mine.mkdir(parents=True)
    (mine / name).write_bytes(b"mine")
    done = facility.export(facility.images[1], "--to", "cluster:", "--name", "Taken")
    assert done.code == 0, done.err
    [one] = done.json["placements"]
    assert Path(one["path"]).name == f"{number}_{name} (2)"
    assert (mine / name).read_bytes() == b"mine"


def test_another_form_is_brought(facility: Facility) -> None:
    done = facility.export(facility.images[0], "--form", "ome-zarr", "--to", "cluster:")
    assert done.code == 0, done.err + done.out
    [one] = done.json["placements"]
    [image] = Path(one["path"]).glob("*.zarr")
    level = zarr.open_group(image, mode="r")["0"]
    assert isinstance(level, zarr.Array)
    assert level.shape[-2:] == (256, 256)
    item = done.json["items"][0]["id"]
    prepared = facility.installation.home / "data" / "server" / "prepared"
    facility.wait_for("nothing is kept", lambda: not list(prepared.glob(f"{item}*")))


def test_two_people_do_not_meet(facility: Facility) -> None:
    """One place, one name, and neither sees what the other's export is."""
    mine = facility.export(facility.images[0], "--to", "cluster:", "--name", "Shared name")
    assert mine.code == 0, mine.err

    async def bobs() -> tuple[str, str]:
        async with await facility.installation.sign_in("bob", PASSWORD) as bob:
            from transferapp.protocol.export_requests import ExportRequest  # noqa: PLC0415

            number = int(facility.images[1].removeprefix("Image:"))
            asked = ExportRequest(name="Shared name", image_ids=[number], to="cluster:")
            made = (await bob.submit_export(asked)).details.transfer
            until = time.monotonic() + PATIENCE_S
            while (await bob.transfer(made.id)).transfer.state is not ItemState.DELIVERED:
                assert time.monotonic() < until, await bob.transfer(made.id)
                await asyncio.sleep(0.1)
            [one] = await bob.brought(made.id)
            return made.id, one.path

    bobs_transfer, path = asyncio.run(bobs())
    assert path.startswith(f"{facility.home}/cluster/bob/Shared name/")
    assert sha1s(files_below(path)) == sha1s(facility.sources[1:2])
    assert sha1s(files_below(facility.home / "cluster" / "alice" / "Shared name")) == sha1s(
        facility.sources[:1]
    )
    seen = facility.alice.run("transfers", "show", bobs_transfer, "--json")
    assert seen.code == 1


def test_a_worker_is_killed_in_the_middle_of_a_file(facility: Facility) -> None:
    """The place is full in the middle of the second file; then kill -9; then there is room.
    What had arrived is not brought again, and nothing is seen before it is whole.
    """
    with tiny_disk(facility) as tiny:
        (tiny / "room").write_bytes(bytes(850_000))
        asked = facility.export(*facility.images[:2], "--to", "tiny:", wait=False)
        assert asked.code == 0, asked.err
        transfer_id = asked.json["transfer"]["id"]

        def full() -> bool:
            problems = [i.trouble.code for i in facility.items(transfer_id) if i.trouble]
            return "storage-full" in problems

        facility.wait_for("the place is full", full)
        facility.installation.kill("worker")
        assert not files_below(tiny / "alice")[1:]
        half = files_below(tiny / ".transferapp")
        assert half
        began = {path: path.stat().st_ino for path in half}
        (tiny / "room").unlink()
        subprocess.run(["mount", "-o", "remount,size=8m", str(tiny)], check=True)
        facility.installation.start("worker")
        facility.delivered(transfer_id)
        arrived = files_below(tiny / "alice")
        assert sha1s(arrived) == sha1s(facility.sources[:2])
        assert {path.stat().st_ino for path in arrived} >= set(began.values())
        assert not list((tiny / ".transferapp").iterdir())


def test_workers_are_killed_again_and_again(facility: Facility) -> None:
    """At no chosen moment; everything is there in the end, once."""
    to = ("--to", "cluster:", "--name", "Killed")
    asked = facility.export("Dataset:Cells", *to, wait=False)
    transfer_id = asked.json["transfer"]["id"]
    for pause_s in (0.0, 0.05, 0.2, 0.5):
        time.sleep(pause_s)
        facility.installation.kill("worker")
        facility.installation.start("worker")
    facility.delivered(transfer_id)
    assert sha1s(files_below(facility.home / "cluster" / "alice" / "Killed")) == sha1s(
        facility.sources
    )
