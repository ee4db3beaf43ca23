"""Whatever is wrong with an archive is found, and named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transferapp.archive.lines import (
    VERSION,
    ArchiveLine,
    ContainerLine,
    EndLine,
    ImageLine,
    Line,
    Person,
)
from transferapp.archive.verifying import verify_archive
from transferapp.archive.writing import line_bytes
from transferapp.errors import Invalid, NoSuchFile

FILES = {"P/D/a.tif": b"one", "P/D/set/x.tif": b"two", "P/D/set/y.tif": b"three"}
LINES: tuple[Line, ...] = (
    ArchiveLine(version=VERSION, id="t1", owner=Person(username="alice")),
    ContainerLine(ref="Dataset:5", name="D"),
    ImageLine(id=1, item="i1", name="a"),
    ImageLine(id=2, item="i2", name="x", series=0),
    ImageLine(id=3, item="i2", name="y", series=1, rois_left_out=2),
    ImageLine(id=4, name="made by a program", without_originals=True),
    EndLine(containers=1, images=4, items=2),
)


class Archive:
    """An archive in a folder; ``write`` writes what is in ``lines`` and ``items``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = list(LINES)
        self.items: list[dict[str, Any]] = [
            self.item("i1", "P/D/a.tif", ["P/D/a.tif"], [1]),
            self.item("i2", "P/D/set", ["P/D/set/x.tif", "P/D/set/y.tif"], [2, 3]),
        ]
        for path, content in FILES.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)

    def item(self, key: str, path: str, files: list[str], images: list[int]) -> dict[str, Any]:
        return {
            "id": key,
            "name": path.rpartition("/")[2],
            "state": "delivered",
            "path": path,
            "images": [{"id": one, "name": str(one), "containers": []} for one in images],
            "files": [self.file(one) for one in files],
        }

    def file(self, path: str) -> dict[str, Any]:
        content = FILES.get(path) or (self.folder / path).read_bytes()
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        client_path = path.rpartition("/")[2]
        return {
            "path": path, "size_bytes": len(content), "sha1": sha1, "client_path": client_path,
        }  # fmt: skip

    def write(self) -> Path:
        content = b"".join(map(line_bytes, self.lines))
        (self.folder / "archive.jsonl").write_bytes(content)
        described = self.item("i3", "archive.jsonl", ["archive.jsonl"], [4])
        manifest = {
            "manifest": "transferapp-export",
            "manifest_version": 1,
            "transfer": {"id": "t1", "name": "All", "server": "https://s"},
            "repository": "embedded",
            "form": "originals",
            "written_at": "2026-01-01T00:00:00+00:00",
            "plate_files": [],
            "items": [*self.items, described],
        }
        path = self.folder / "All.t1.manifest.json"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        return path


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def wrong(manifest: Path) -> list[tuple[str, str]]:
    return [(one.path, one.message) for one in verify_archive(manifest).problems]


def test_a_whole_archive(archive: Archive) -> None:
    read: list[str] = []
    found = verify_archive(archive.write(), lambda path, _: read.append(path))
    assert found.problems == []
    assert read == [*FILES, "archive.jsonl"]
    assert (found.files, found.containers, found.images) == (4, 1, 4)
    assert (found.without_originals, found.with_rois_left_out) == (1, 1)
    assert found.size_bytes > sum(map(len, FILES.values()))


@pytest.mark.parametrize("path", [*FILES, "archive.jsonl"])
def test_one_changed_byte_in_any_file_is_named(archive: Archive, path: str) -> None:
    manifest = archive.write()
    changed = archive.folder / path
    content = bytearray(changed.read_bytes())
    content[len(content) // 2] ^= 1
    changed.write_bytes(content)
    assert path in {where for where, _ in wrong(manifest)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [(Path.unlink, "missing"), (lambda path: path.write_bytes(b"longer!"), "7 bytes")],
)
def test_a_file_that_is_gone_or_of_another_size(
    archive: Archive, change: Callable[[Path], Any], expected: str
) -> None:
    manifest = archive.write()
    change(archive.folder / "P/D/set/y.tif")
    [(path, message)] = wrong(manifest)
    assert path == "P/D/set/y.tif"
    assert expected in message


def test_the_description_is_gone_or_newer(archive: Archive) -> None:
    """One sentence for one file."""
    manifest = archive.write()
    (archive.folder / "archive.jsonl").unlink()
    assert wrong(manifest) == [("archive.jsonl", "It is missing.")]
    archive.lines[0] = LINES[0].model_copy(update={"version": VERSION + 1})
    [(_, message)] = wrong(archive.write())
    assert "newer release" in message


def test_an_image_that_is_not_wholly_described(archive: Archive) -> None:
    archive.lines[2] = LINES[2].model_copy(update={"problem": "Its ROIs are gone."})
    found = verify_archive(archive.write())
    assert (found.problems, found.not_described) == ([], 1)
    assert found.incomplete == ["Image 1 'a': Its ROIs are gone."]


def test_without_its_end(archive: Archive) -> None:
    archive.lines.pop()
    [(path, message)] = wrong(archive.write())
    assert path == "archive.jsonl"
    assert "end is missing" in message


def test_of_another_archive(archive: Archive) -> None:
    archive.lines[0] = LINES[0].model_copy(update={"id": "t2"})
    [(_, message)] = wrong(archive.write())
    assert "another archive" in message


def test_an_item_that_nothing_describes(archive: Archive) -> None:
    archive.lines[2:3] = []
    archive.lines[-1] = EndLine(containers=1, images=3, items=1)
    assert wrong(archive.write()) == [("P/D/a.tif", "Nothing in 'archive.jsonl' describes it.")]


def test_an_image_that_nothing_describes(archive: Archive) -> None:
    archive.lines[4:5] = []
    archive.lines[-1] = EndLine(containers=1, images=3, items=2)
    assert wrong(archive.write()) == [
        ("P/D/set", "Nothing in 'archive.jsonl' describes image 3.")
    ]


def test_an_image_whose_item_is_not_there(archive: Archive) -> None:
    archive.items[:1] = []
    [(path, message)] = wrong(archive.write())
    assert path == "archive.jsonl"
    assert "Image 1 is in an item that the manifest has not" in message


def test_an_image_in_other_files(archive: Archive) -> None:
    archive.lines[2:4] = [ImageLine(id=1, item="i2"), ImageLine(id=2, item="i1")]
    assert {message for _, message in wrong(archive.write())} == {
        "Image 1 is described as one of other files.",
        "Image 2 is described as one of other files.",
    }


def test_an_image_in_no_item(archive: Archive) -> None:
    archive.lines[5] = ImageLine(id=4)
    assert wrong(archive.write()) == [("", "Image 4 is in no item.")]


def test_an_item_that_has_not_come(archive: Archive) -> None:
    problem = {"code": "permission-denied", "message": "OMERO keeps it back."}
    archive.items[1] |= {"state": "failed", "path": None, "files": [], "problem": problem}
    assert wrong(archive.write()) == [("", "'set' has not come: OMERO keeps it back.")]


def test_what_is_no_archive(archive: Archive) -> None:
    manifest = archive.write()
    value = json.loads(manifest.read_bytes())
    value["items"].pop()
    manifest.write_text(json.dumps(value), encoding="utf-8")
    with pytest.raises(Invalid, match="not of an archive"):
        verify_archive(manifest)
    with pytest.raises(NoSuchFile):
        verify_archive(archive.folder / "other.manifest.json")
