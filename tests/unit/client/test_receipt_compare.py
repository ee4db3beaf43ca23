"""Files on this computer against a receipt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.made_receipts import made_receipt
from transferapp.client.receipt_compare import Found, compare
from transferapp.client.receipt_files import read_receipt, read_receipts
from transferapp.client.receipt_saving import receipt_name, save_receipt
from transferapp.errors import Invalid, NameTaken
from transferapp.receipts.document import Receipt
from transferapp.receipts.known_keys import KnownKey
from transferapp.receipts.signing import new_key, sign

CONTENTS = {"day 3/a.tif": b"one", "day 3/b/c.tif": b"two", "day 3/b/empty.txt": b""}


def receipt(kind: str = "import") -> Receipt:
    return made_receipt(CONTENTS, kind=kind)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for path, content in CONTENTS.items():
        place = tmp_path / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return tmp_path / "day 3"


def found(stated: Receipt, folder: Path) -> dict[str, Found]:
    return {one.path: one.found for one in compare(stated, folder)}


def test_the_dropped_folder_or_the_one_that_it_lies_in(source: Path) -> None:
    for folder in (source, source.parent):
        assert found(receipt(), folder) == dict.fromkeys(CONTENTS, Found.SAME)
    (source / "day 3").mkdir()
    assert set(found(receipt(), source).values()) == {Found.MISSING}


def test_a_copy_of_the_folder_with_another_name(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backup of day 3"
    source.rename(copy)
    assert found(receipt(), copy) == dict.fromkeys(CONTENTS, Found.SAME)
    (copy / "a.tif").unlink()
    assert found(receipt(), copy)["day 3/a.tif"] is Found.MISSING


def test_each_that_is_not_the_same_is_named(source: Path) -> None:
    (source / "a.tif").write_bytes(b"onE")
    (source / "b" / "c.tif").unlink()
    (source / "b" / "empty.txt").write_bytes(b"more")
    compared = list(compare(receipt(), source))
    assert [one.found for one in compared] == [Found.DIFFERS, Found.MISSING, Found.DIFFERS]
    for one in compared:
        assert f"'{one.path}'" in one.sentence


def test_a_folder_in_its_place_cannot_be_read(source: Path) -> None:
    (source / "b" / "empty.txt").unlink()
    (source / "b" / "empty.txt").mkdir()
    assert found(receipt(), source)["day 3/b/empty.txt"] in (Found.UNREADABLE, Found.DIFFERS)


def test_files_of_an_export_are_found_wherever_they_were_placed(
    source: Path, tmp_path: Path
) -> None:
    stated = receipt("export")
    moved = tmp_path / "out"
    source.rename(moved)
    (moved / "b").rename(moved / "Kidney (2)")
    (moved / "other").mkdir()
    (moved / "other" / "a.tif").write_bytes(b"another one of this name")
    assert found(stated, moved) == dict.fromkeys(CONTENTS, Found.SAME)
    (moved / "a.tif").write_bytes(b"onE")
    assert found(stated, moved)["day 3/a.tif"] is Found.DIFFERS


def test_a_file_counts_for_one_file_of_an_export(tmp_path: Path) -> None:
    stated = made_receipt({"a/x.tif": b"same", "b/x.tif": b"same"}, kind="export")
    (tmp_path / "x.tif").write_bytes(b"same")
    assert sorted(found(stated, tmp_path).values()) == [Found.MISSING, Found.SAME]


def manifest(folder: Path, paths: dict[str, str]) -> None:
    """Write the manifest of an export: client path -> path below the folder."""
    files = [{"client_path": known, "path": path} for known, path in paths.items()]
    document = {"transfer": {"id": "1" * 32}, "items": [{"id": "i", "files": files}]}
    (folder / "day 3.11111111.manifest.json").write_text(json.dumps(document))


def test_files_of_an_export_lie_where_its_manifest_says(tmp_path: Path) -> None:
    """Two that are exchanged are both damaged, though all bytes are there."""
    stated = made_receipt({"f1/0": b"one", "f2/0": b"two"}, kind="export")
    manifest(tmp_path, {"f1/0": "D/f1.zarr/0", "f2/0": "D/f2.zarr/0"})
    for name, content in (("f1", b"one"), ("f2", b"two")):
        (tmp_path / "D" / f"{name}.zarr").mkdir(parents=True)
        (tmp_path / "D" / f"{name}.zarr" / "0").write_bytes(content)
    assert set(found(stated, tmp_path).values()) == {Found.SAME}
    (tmp_path / "D/f1.zarr/0").write_bytes(b"two")
    (tmp_path / "D/f2.zarr/0").write_bytes(b"one")
    compared = list(compare(stated, tmp_path))
    assert {one.found for one in compared} == {Found.DIFFERS}
    assert str(tmp_path / "D/f1.zarr/0") in compared[0].sentence


def test_receipts_of_a_folder_and_those_that_are_none(tmp_path: Path) -> None:
    key = new_key()
    known = [KnownKey(key, "https://a")]
    good = tmp_path / receipt_name("1")
    good.write_bytes(sign(receipt(), key))
    (tmp_path / "bad.jws").write_bytes(b"x")
    (tmp_path / "foreign.jws").write_bytes(sign(receipt(), new_key()))
    (tmp_path / ".receipt-1-unfinished").write_bytes(b"x")
    read, refused = read_receipts([tmp_path, tmp_path / "none"], known)
    assert [one.path for one in read] == [good]
    assert {one.path.name for one in refused} == {"bad.jws", "foreign.jws"}
    assert read_receipt(good, known).key.whose == "https://a"
    with pytest.raises(Invalid, match="No such file"):
        read_receipt(tmp_path / "none.jws", known)


def test_saving_replaces_nothing_unasked(tmp_path: Path) -> None:
    place = tmp_path / "r.jws"
    assert save_receipt(place, b"one") == place
    assert save_receipt(place, b"one") == place
    with pytest.raises(NameTaken, match="another"):
        save_receipt(place, b"two")
    assert place.read_bytes() == b"one"
    save_receipt(place, b"two", replace=True)
    assert [(one.name, one.read_bytes()) for one in tmp_path.iterdir()] == [("r.jws", b"two")]
    with pytest.raises(Invalid, match="cannot be written"):
        save_receipt(tmp_path / "none" / "r.jws", b"one")
