"""An archive goes into another server, through real processes that are killed; twice.

In both repositories: containers, images, what was written on them, the plate, the map of ids.
"""

from __future__ import annotations

import asyncio
import csv
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.support.archives import (
    COMMENT,
    LOST,
    PAIRS,
    RESTORED,
    ROIS,
    TAG,
    WrittenArchive as Archive,
    write_archive,
)
from tests.support.installation import PASSWORD, Answer, Terminal
from tests.support.receipt_files import change_one_byte
from transferapp.cli.output import ExitCode
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.rois import Roi
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

NOTES = {
    Annotation(AnnotationKind.TAG, value=TAG),
    Annotation(AnnotationKind.COMMENT, value=COMMENT),
    Annotation(AnnotationKind.KEY_VALUE, EDITABLE_PAIRS, pairs=PAIRS),
}


@dataclass
class Story:
    """An installation that an archive goes into, and what the person does."""

    terminal: Terminal
    archive: Archive
    #: What the command printed that waited for the end.
    done: Any = None

    def restore(self, *options: str) -> Answer:
        """Run the command."""
        return self.terminal.run(
            "archive", "restore", str(self.archive.manifest), *options, "--json", timeout_s=240
        )

    @property
    def state(self) -> Path:
        """What is written down of it."""
        port = self.terminal.installation.port
        return self.archive.beside(f"restored-127.0.0.1-{port}.json")

    @property
    def rows(self) -> dict[tuple[str, str], dict[str, str]]:
        """The map of ids."""
        with self.archive.beside("id-map.csv").open(encoding="utf-8-sig", newline="") as file:
            return {(row["kind"], row["old_id"]): row for row in csv.DictReader(file)}

    def new_id(self, kind: str, old_id: int) -> int:
        """Return what something is now."""
        return int(self.rows[kind, str(old_id)]["new_id"])


@pytest.fixture(scope="module", params=["embedded", "omero"])
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("restore")
    archive = write_archive(folder / "archive")
    if request.param == "embedded":
        yield from _begun(folder / "i", archive)
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(folder / "omero", PASSWORD) as repository:
        yield from _begun(folder / "i", archive, repository)


def _begun(folder: Path, archive: Archive, repository: Any = None) -> Iterator[Story]:
    with LocalInstallation(folder, {}, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        story = Story(Terminal(installation), archive)
        assert story.terminal.log_in().code == 0
        _kill_in_the_middle(story)
        done = story.restore("--wait")
        assert done.code == ExitCode.SOME_FAILED, done.err
        story.done = done.json
        yield story


def _kill_in_the_middle(story: Story) -> None:
    """Kill the command while it makes containers, and the worker while it imports."""
    command = [sys.executable, "-m", "transferapp", "archive", "restore"]
    with subprocess.Popen(
        [*command, str(story.archive.manifest)],
        env=story.terminal.installation.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        until = time.monotonic() + 120
        while not story.state.exists() and running.poll() is None:
            assert time.monotonic() < until
            time.sleep(0.002)
        running.kill()
    found = json.loads(story.state.read_text(encoding="utf-8"))
    assert found["containers"]
    handed_over = story.restore()
    assert handed_over.code == ExitCode.SOME_FAILED, handed_over.err
    story.terminal.installation.kill("worker")
    story.terminal.installation.start("worker")


def test_it_is_restored_once(story: Story) -> None:
    assert len(story.done["not_restored"]) == LOST, story.done
    rows = story.rows
    images = {key[1]: row for key, row in rows.items() if key[0] == "Image"}
    new = [row["new_id"] for row in images.values() if row["new_id"]]
    assert len(new) == len(set(new)) == RESTORED
    assert "no original files" in images["501"]["reason"]
    assert images["601"]["reason"] == "You may not read this."
    # Without what was written down, in the same places and no others.
    story.state.unlink()
    again = story.restore("--wait")
    assert again.code == ExitCode.SOME_FAILED, again.err
    assert story.rows == rows
    assert again.json["transfers"] == story.done["transfers"]

    async def count() -> tuple[int, list[str]]:
        async with await story.terminal.installation.sign_in("alice", PASSWORD) as server:
            tops = await server.containers()
            return len((await server.images(limit=1000)).items), [one.name for one in tops]

    loose = "Images of Bob Brown that were in no dataset"
    tops = ["Drugs", "Flies", loose, "Nothing in it"]
    assert asyncio.run(count()) == (RESTORED, tops)
    mapped = story.terminal.run("archive", "id-map", str(story.archive.manifest), "--json")
    assert mapped.code == ExitCode.SOME_FAILED
    assert story.rows == rows


def test_images_are_as_they_were(story: Story) -> None:
    async def read() -> dict[int, Any]:
        async with await story.terminal.installation.sign_in("alice", PASSWORD) as server:
            old_ids = (101, 201, 202, 203, 204, 205, 301)
            return {one: await server.image(story.new_id("Image", one)) for one in old_ids}

    found = asyncio.run(read())
    for old_id, image in found.items():
        name = image.summary.name
        assert image.description == f"about {name}"
        assert (set(image.annotations), len(image.annotations)) == (NOTES, len(NOTES)), old_id
        channels = [channel.name for channel in image.pixels.channels]
        assert channels == [f"dye {number}" for number in range(len(channels))]
    assert found[101].summary.name == "Cell 7"
    assert [found[201 + n].summary.name for n in range(5)] == [
        f"Position {n} renamed" for n in range(5)
    ]
    places = {old_id: set(image.container_names) for old_id, image in found.items()}
    loose = "Images of Bob Brown that were in no dataset"
    assert places == {
        101: {"Day 1", "Day 2"}, 201: {"Day 2"}, 202: {"Day 2"}, 203: {"Day 1"},
        204: {"Day 1", "Day 2"}, 205: {"Day 2"}, 301: {loose},
    }  # fmt: skip
    [set_] = {image.summary.fileset_id for one, image in found.items() if one == 301}
    assert len([one for one in found[301].files if one.fileset_id == set_]) == 3
    paths = [file.client_path for file in found[101].files]
    assert paths == ["disk/Flies/Day 1/single.tif"]


def test_rois_and_containers_are_as_they_were(story: Story) -> None:
    assert story.restore("--wait").code == ExitCode.SOME_FAILED
    repository = story.terminal.installation.repository.open()

    async def read() -> dict[str, Any]:
        found: dict[str, Any] = {}
        async with repository.session("alice") as session:
            found["rois"] = await session.images.rois(story.new_id("Image", 101))
            kinds = {"Project": (3, 4), "Dataset": (5, 6, 7), "Plate": (9,), "Screen": (2,)}
            for kind, old_ids in kinds.items():
                for old_id in old_ids:
                    ref = ContainerRef(ContainerKind(kind), story.new_id(kind, old_id))
                    found[f"{kind}:{old_id}"] = (
                        await session.containers.get(ref),
                        set(await session.restoring.container_annotations(ref)),
                    )
            fields = [story.new_id("Image", 401 + place) for place in range(4)]
            found["located"] = await session.containers.locate(fields)
            found["fields"] = await session.images.summaries(fields)
        await repository.close()
        return found

    found = asyncio.run(read())
    assert [_plain(roi) for roi in found["rois"]] == [_plain(roi) for roi in ROIS]
    flies, notes = found["Project:3"]
    assert (flies.name, flies.description, notes) == ("Flies", "of 2026", NOTES)
    for number, name in ((5, "Day 1"), (6, "Day 2"), (7, "Empty")):
        dataset, notes = found[f"Dataset:{number}"]
        assert (dataset.name, dataset.parent, notes) == (name, flies.ref, NOTES)
        assert dataset.description == f"what was done on {name}"
    plate, notes = found["Plate:9"]
    assert (plate.name, plate.description, notes) == ("Plate of 2019", "forty drugs", NOTES)
    screen, _ = found["Screen:2"]
    assert (plate.parent, screen.name) == (screen.ref, "Drugs")
    names = {one.id: one.name for one in found["fields"]}
    wells: defaultdict[str, set[str]] = defaultdict(set)
    for one in found["located"]:
        assert one.well is not None
        wells[f"{one.well.name} {one.well.field}"].add(names[one.image_id])
    assert wells == {
        "A01 0": {"field 0"}, "A01 1": {"field 1"}, "A02 0": {"field 2"}, "A02 1": {"field 3"},
    }  # fmt: skip
    assert story.rows["Well", "Plate:9 A02"]["new_id"] == f"{plate.ref} A02"


def test_what_is_damaged_or_newer_is_not_sent(story: Story, tmp_path: Path) -> None:
    damaged = write_archive(tmp_path / "damaged")
    dry = story.terminal.run("archive", "restore", str(damaged.manifest), "--dry-run", "--json")
    assert (dry.code, dry.json["transfers"]) == (ExitCode.SOME_FAILED, [])
    assert (dry.json["images"], len(dry.json["not_restored"])) == (RESTORED, LOST)
    change_one_byte(damaged.folder / "Flies" / "Day 1" / "single.tif")
    refused = story.terminal.run("archive", "restore", str(damaged.manifest))
    assert refused.code == ExitCode.PROBLEM
    assert "'Flies/Day 1/single.tif' has other bytes" in refused.err
    trusting = ("--trust", "--dry-run", "--json")
    trusted = story.terminal.run("archive", "restore", str(damaged.manifest), *trusting)
    assert trusted.code == ExitCode.SOME_FAILED
    newer = write_archive(tmp_path / "newer")
    newer.items.clear()
    newer.finish(version=2)
    refused = story.terminal.run("archive", "restore", str(newer.manifest), "--dry-run")
    assert refused.code == ExitCode.PROBLEM
    assert "Install a newer release" in refused.err
    elsewhere = story.restore("--into", "Project:1")
    assert elsewhere.code == ExitCode.PROBLEM
    assert "begun without --into, not with --into Project:1" in elsewhere.out


def test_what_the_real_run_refuses_is_refused_dry(story: Story, tmp_path: Path) -> None:
    """And who did not begin it does not overwrite its map of ids."""
    other = str(write_archive(tmp_path / "other", "b" * 32).manifest)
    for option, value, code in (
        ("--into", "Project:999", ExitCode.PROBLEM),
        ("--into", "Dataset:1", ExitCode.USAGE),
        ("--group", "nogroup", ExitCode.PROBLEM),
    ):
        dry = story.terminal.run("archive", "restore", other, option, value, "--dry-run")
        assert dry.code == code, dry.err
    begun = json.loads(story.state.read_text(encoding="utf-8"))
    rows = story.rows
    story.state.write_text(json.dumps(begun | {"username": "carol"}), encoding="utf-8")
    refused = story.terminal.run("archive", "id-map", str(story.archive.manifest))
    story.state.write_text(json.dumps(begun), encoding="utf-8")
    assert (refused.code, story.rows) == (ExitCode.PROBLEM, rows)
    assert "begun by 'carol'" in refused.err
    again = story.terminal.run("archive", "restore", str(story.archive.manifest))
    assert f"{len(begun['transfers'])} imports were handed over before." in again.err
    assert "It is safe to log off" not in again.err


def _plain(roi: Roi) -> Roi:
    return replace(roi, id=0, shapes=tuple(replace(shape, id=0) for shape in roi.shapes))
