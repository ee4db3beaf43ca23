"""Bags and crates of what an export brought."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import bagit
import pytest
from rocrate.rocrate import ROCrate

from transferapp.deposit.making import Deposit, make_deposit
from transferapp.errors import (
    ChecksumMismatch,
    Invalid,
    NameTaken,
    NoSuchFile,
    TransferAppError,
    VanishedFile,
)

CONTENTS = {
    "Flies/Embryos/cells #1.tif": b"one",
    "Flies/Embryos/Überblick/a.tif": b"two",
    "Flies/Embryos/Überblick/b.tif": b"three",
}
WHOLE = Deposit(bag=True, crate=True)


def file(path: str) -> dict[str, Any]:
    content = CONTENTS[path]
    return {"path": path, "size_bytes": len(content), "sha1": hashlib.sha1(content).hexdigest(),  # noqa: S324
            "client_path": path}  # fmt: skip


def item(image_id: int, *paths: str, state: str = "delivered") -> dict[str, Any]:
    place = {"project": {"id": 1, "name": "Flies"}, "dataset": {"id": 2, "name": "Embryos"}}
    image = {"id": image_id, "name": f"image {image_id}", "containers": [place]}
    return {"id": str(image_id), "name": "x", "state": state, "path": "x", "images": [image],
            "files": [file(path) for path in paths]}  # fmt: skip


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Return the manifest of an export of two items, and one that did not come."""
    folder = tmp_path / "out"
    for path, content in CONTENTS.items():
        made = folder / path
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(content)
    first, *others = CONTENTS
    document = {
        "manifest": "transferapp-export", "manifest_version": 1,
        "transfer": {"id": "t1", "name": "Flies for the paper", "server": "https://omero"},
        "repository": "OMERO", "form": "originals", "plate_files": [],
        "written_at": "2026-12-01T05:00:00+00:00",
        "items": [item(7, first), item(8, *others), item(9, state="failed")],
    }  # fmt: skip
    return written(folder / "Flies.t1.manifest.json", document)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_a_bag_is_valid_and_has_the_files(manifest: Path, tmp_path: Path) -> None:
    make_deposit(manifest, tmp_path / "bag", Deposit(bag=True, crate=False))
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    assert set(bag.payload_entries()) == {f"data/{path}" for path in CONTENTS}
    assert bag.info["External-Identifier"] == "t1"
    assert sorted(bag.algorithms) == ["sha1", "sha256"]


def test_a_crate_describes_images_and_files(manifest: Path, tmp_path: Path) -> None:
    wanted = Deposit(bag=False, crate=True, licence="https://spdx.org/licenses/CC-BY-4.0")
    make_deposit(manifest, tmp_path / "crate", wanted)
    crate = ROCrate(tmp_path / "crate")
    assert crate.name == "Flies for the paper"
    assert crate.description == "2 images exported from OMERO as originals by TransferApp."
    assert crate.license == "https://spdx.org/licenses/CC-BY-4.0"
    described = {entity.id: entity for entity in crate.data_entities}
    assert len(described) == len(CONTENTS)
    [about] = described["Flies/Embryos/cells%20%231.tif"]["about"]
    assert (about["identifier"], about["name"]) == ("Image:7", "image 7")
    assert about["keywords"] == ["project: Flies", "dataset: Embryos"]
    for path, content in CONTENTS.items():
        assert (tmp_path / "crate" / path).read_bytes() == content


def test_a_crate_in_a_bag(manifest: Path, tmp_path: Path) -> None:
    make_deposit(manifest, tmp_path / "both", WHOLE)
    bagit.Bag(str(tmp_path / "both")).validate()
    assert ROCrate(tmp_path / "both" / "data").name == "Flies for the paper"


@pytest.mark.parametrize("copy", [False, True])
def test_links_or_copies(manifest: Path, tmp_path: Path, *, copy: bool) -> None:
    make_deposit(manifest, tmp_path / "bag", Deposit(bag=True, crate=False, copy=copy))
    path = next(iter(CONTENTS))
    same = (tmp_path / "bag" / "data" / path).samefile(manifest.parent / path)
    assert same is not copy
    assert names(manifest.parent) == ["Flies", manifest.name]


@pytest.mark.parametrize(
    "wanted", [Deposit(bag=True, crate=False), Deposit(bag=False, crate=True)]
)
def test_a_byte_that_changed_is_named(manifest: Path, tmp_path: Path, wanted: Deposit) -> None:
    changed = manifest.parent / next(iter(CONTENTS))
    changed.write_bytes(b"onf")
    with pytest.raises(ChecksumMismatch, match=r"cells #1\.tif"):
        make_deposit(manifest, tmp_path / "made", wanted)
    assert names(tmp_path) == ["out"]


def test_a_file_that_is_gone_is_named(manifest: Path, tmp_path: Path) -> None:
    (manifest.parent / next(iter(CONTENTS))).unlink()
    with pytest.raises(VanishedFile, match=r"cells #1\.tif"):
        make_deposit(manifest, tmp_path / "made", WHOLE)
    assert names(tmp_path) == ["out"]


def test_nothing_is_overwritten(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with pytest.raises(NameTaken):
        make_deposit(manifest, tmp_path / "made", WHOLE)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"manifest": "another"}, Invalid),
        ({"manifest_version": 2}, Invalid),
        ({"items": [item(9, state="failed")]}, Invalid),
        ({"items": None}, Invalid),
        ({"plate_files": [{"path": "../x", "size_bytes": 1, "sha1": "0" * 40}]}, Invalid),
    ],
)
def test_other_files_are_no_manifest(
    manifest: Path, tmp_path: Path, change: dict[str, Any], error: type[TransferAppError]
) -> None:
    written(manifest, json.loads(manifest.read_bytes()) | change)
    with pytest.raises(error):
        make_deposit(manifest, tmp_path / "made", WHOLE)
    assert names(tmp_path) == ["out"]


def test_what_is_not_there_or_not_wanted(manifest: Path, tmp_path: Path) -> None:
    with pytest.raises(NoSuchFile):
        make_deposit(tmp_path / "none.json", tmp_path / "made", WHOLE)
    with pytest.raises(Invalid, match="a bag, a crate"):
        make_deposit(manifest, tmp_path / "made", Deposit(bag=False, crate=False))


def test_a_half_made_one_is_made_anew(manifest: Path, tmp_path: Path) -> None:
    half = tmp_path / ".made.part"
    half.mkdir()
    (half / "rest").touch()
    make_deposit(manifest, tmp_path / "made", WHOLE)
    bagit.Bag(str(tmp_path / "made")).validate()
    assert not (tmp_path / "made" / "data" / "rest").exists()
