"""An archive on this computer: what is restored of it, in which imports, under which keys."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.archives import WrittenArchive, write_archive
from tests.support.receipt_files import change_one_byte
from transferapp.archive.lines import Annotations, ContainerLine, ImageLine, Text
from transferapp.client.restoring import filesets
from transferapp.client.restoring.checking import check_files
from transferapp.client.restoring.containers import ContainerMaking
from transferapp.client.restoring.filesets import (
    LOOSE_IMAGES,
    LOOSE_PLATES,
    NO_PLACE,
    plan_restore,
    portions,
    rois_left_out,
)
from transferapp.client.restoring.handing_over import ArchiveHandOver
from transferapp.client.restoring.source import read_archive
from transferapp.client.restoring.state import (
    RestoreState,
    known_state,
    load_state,
    save_state,
    state_path,
)
from transferapp.errors import Corrupt, DestinationUnwritable, Invalid, NoSuchFile
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import Annotation
from transferapp.model.restoring import RESTORED_FROM
from transferapp.protocol.export_manifests import ListedItem

STATE = RestoreState(archive="a", server="https://s", username="ada")


@pytest.fixture
def archive(tmp_path: Path) -> WrittenArchive:
    return write_archive(tmp_path / "archive")


def test_filesets_go_where_their_images_were(archive: WrittenArchive) -> None:
    plan = plan_restore(read_archive(archive.manifest))
    targets = {one.item.id: one.target for one in plan.filesets}
    assert targets == {
        "one": "Dataset:5", "five": "Dataset:6", "set": LOOSE_IMAGES, "plate": "Screen:2",
    }  # fmt: skip
    assert set(plan.reasons) == {501, 601}
    made = [line.ref for line in plan.containers]
    assert made.index("Project:3") < made.index("Dataset:5")
    assert (made[-1], len(made)) == (LOOSE_IMAGES, 7)
    assert [len(some) for some in portions(plan.filesets)] == [1, 1, 1, 1]


def test_a_relative_path(archive: WrittenArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workstation service takes full paths only."""
    monkeypatch.chdir(archive.folder.parent)
    source = read_archive(archive.manifest.relative_to(archive.folder.parent))
    assert all(source.here(file).is_absolute() for file in source.listed.files)


def test_images_without_a_place_of_their_own(archive: WrittenArchive) -> None:
    """The file says which image is which, or nothing is written on any."""
    lines = archive.lines
    for number, line in enumerate(lines):
        if isinstance(line, ImageLine) and line.item == "five":
            lines[number] = line.model_copy(update={"series": 0})
        if isinstance(line, ImageLine) and line.id == 301:
            lines[number] = line.model_copy(update={"series": None})
        if isinstance(line, ContainerLine) and line.ref == "Plate:9":
            lines[number] = line.model_copy(update={"parents": ()})
    archive.finish()
    plan = plan_restore(read_archive(archive.manifest))
    by_item = {one.item.id: one for one in plan.filesets}
    assert [(one.id, one.place) for one in by_item["five"].images] == [
        (201 + place, place) for place in range(5)
    ]
    assert (plan.reasons[301], by_item["set"].images) == (NO_PLACE, ())
    assert by_item["plate"].target == LOOSE_PLATES
    assert plan.containers[-1].ref == LOOSE_PLATES


def test_what_is_said_of_images(archive: WrittenArchive) -> None:
    source = read_archive(archive.manifest)
    plan = plan_restore(source)
    state = STATE.model_copy(update={"containers": {"Dataset:5": "Dataset:50"}})
    restoring = ArchiveHandOver(source, plan, state, lambda: None)
    by_item = {one.item.id: one for one in plan.filesets}
    [image] = restoring.restored(by_item["one"]).images
    # Of datasets that are not there nothing is said.
    assert image.datasets == (ContainerRef(ContainerKind.DATASET, 50),)
    assert (image.texts.name, len(image.rois), image.plate) == ("Cell 7", 2, None)
    plate = restoring.restored(by_item["plate"])
    assert [one.plate for one in plate.images] == [0] * 4
    assert (plate.plates[0].name, len(plate.plates[0].annotations)) == ("Plate of 2019", 3)


def test_rois_beyond_what_one_import_takes(
    archive: WrittenArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = read_archive(archive.manifest)
    plan = plan_restore(source)
    [one] = [one for one in plan.filesets if one.item.id == "one"]
    assert rois_left_out(one) == set()
    monkeypatch.setattr(filesets, "_MOST_DESCRIBED", one.described_bytes - 1)
    assert rois_left_out(one) == {101}
    [image] = ArchiveHandOver(source, plan, STATE, lambda: None).restored(one).images
    assert (image.rois, image.texts.name) == ((), "Cell 7")


@pytest.mark.parametrize("limit", ["_MOST_ITEMS", "_MOST_FILES", "_MOST_BYTES"])
def test_imports_are_not_too_large(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filesets, limit, 1)
    monkeypatch.setattr(filesets.ArchivedFileset, "described_bytes", 1)
    some = [filesets.ArchivedFileset(_item(f"{n}"), (), f"Dataset:{n % 2}") for n in range(6)]
    found = list(portions(some))
    assert [[one.item.id for one in batch] for batch in found] == [
        ["0"], ["2"], ["4"], ["1"], ["3"], ["5"],
    ]  # fmt: skip


def test_what_is_not_whole_is_refused(archive: WrittenArchive) -> None:
    source = read_archive(archive.manifest)
    check_files(source, trust=False)
    changed = archive.folder / "Flies" / "Day 1" / "single.tif"
    change_one_byte(changed)
    check_files(source, trust=True)
    with pytest.raises(Corrupt, match=r"Nothing was sent: 1 of .* has other bytes"):
        check_files(source, trust=False)
    changed.unlink()
    with pytest.raises(Corrupt, match="cannot be read"):
        check_files(source, trust=True)
    path = archive.folder / "archive.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(Corrupt, match="not whole"):
        read_archive(archive.manifest)
    path.unlink()
    with pytest.raises(NoSuchFile):
        read_archive(archive.manifest)


def test_what_was_restored_is_written_down(archive: WrittenArchive) -> None:
    source = read_archive(archive.manifest)
    path = state_path(source, "https://omero.example.org:8443/app")
    assert path.name == "All of bob.0a1b2c3d.restored-omero.example.org-8443-app.json"
    assert known_state(path) is None
    assert load_state(path, STATE) == STATE
    begun = STATE.model_copy(
        update={"transfers": {"t": ["one", "two"]}, "refused": {"three": "why"}}
    )
    save_state(path, begun)
    assert load_state(path, STATE) == begun
    assert begun.handed_over == {"one", "two", "three"}
    for what, stated in (
        ("archive", "of another archive"),
        ("username", "begun by 'ada', and you are signed in as 'other'"),
        ("into", "begun without --into, not with --into other"),
        ("group", "begun without --group, not with --group other"),
    ):
        with pytest.raises(Invalid, match=stated):
            load_state(path, STATE.model_copy(update={what: "other"}))
    # Another address is the same server.
    moved = STATE.model_copy(update={"server": "https://new"})
    assert moved.request_key(["one"]) == STATE.request_key(["one"])
    assert moved.request_key(["one"]) != moved.request_key(["one", "two"])
    with pytest.raises(DestinationUnwritable, match="a copy of the archive"):
        save_state(path / "no folder", begun)
    # Waiting does not make a folder writable.
    archive.folder.chmod(0o500)
    if not os.access(archive.folder, os.W_OK):
        with pytest.raises(Invalid, match="a copy of the archive"):
            save_state(path, begun)
    archive.folder.chmod(0o700)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(Invalid, match="Remove it"):
        known_state(path)


class Containers:
    """A server that makes containers once under a key."""

    def __init__(self) -> None:
        self.made: dict[str, Container] = {}
        self.notes: list[int] = []

    async def container(self, ref: ContainerRef) -> Container:
        raise AssertionError(ref)

    async def create_container(  # noqa: PLR0913 - as the port has it
        self,
        kind: ContainerKind,
        name: str,
        *,
        parent: ContainerRef | None = None,
        group_id: int | None = None,
        description: str = "",
        key: str = "",
        annotations: Sequence[Annotation] = (),
    ) -> Container:
        assert all(note.namespace != RESTORED_FROM for note in annotations)
        assert (group_id is None) is (parent is not None)
        self.notes.append(len(annotations))
        ref = ContainerRef(kind, len(self.made) + 1)
        made = Container(ref, name, "ada", 1, description, parent)
        return self.made.setdefault(key, made)


async def test_containers_are_made_once() -> None:
    """Also with more annotations than one request takes, and into another project."""
    notes = [Text(value=f"tag {n}") for n in range(150)]
    notes += [Text(value="old", namespace=RESTORED_FROM), Text(value="")]
    lines = [
        ContainerLine(ref="Project:1", name="P"),
        ContainerLine(
            ref="Dataset:2",
            name="",
            parents=("Project:9", "Project:1"),
            annotations=Annotations(tags=tuple(notes)),
        ),
    ]
    server, saved = Containers(), []
    state = STATE.model_copy(update={"containers": {}})
    await ContainerMaking(server, state, lambda: saved.append(1), group_id=3).make(lines)
    assert state.containers == {"Project:1": "Project:1", "Dataset:2": "Dataset:2"}
    assert (server.notes, len(saved)) == ([0, 100, 50], 2)
    dataset = server.made["archive a Dataset:2"]
    assert (dataset.name, dataset.parent) == ("Dataset:2", ContainerRef.parse("Project:1"))
    into = STATE.model_copy(update={"containers": {}, "into": "Project:7"})
    project = ContainerRef.parse("Project:7")
    await ContainerMaking(server, into, lambda: None, group_id=3, into=project).make(lines)
    assert list(into.containers) == ["Dataset:2"]
    assert server.made["archive a Dataset:2 into Project:7"].parent == project


def _item(item_id: str) -> ListedItem:
    file = {"path": "a", "size_bytes": 1, "sha1": "0" * 40}
    return ListedItem.model_validate(
        {"id": item_id, "state": "delivered", "images": [], "files": [file]}
    )
