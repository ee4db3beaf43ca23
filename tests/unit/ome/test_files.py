"""Which file an OME-XML means: renamed, moved, copied, and of whole sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ome_files import block, image, ome, uuid
from transferapp.ome.document import OmeDocument
from transferapp.ome.files import OmeFiles
from transferapp.ome.reading import parse


def document(*blocks: str, own: str = "") -> OmeDocument:
    found = parse(ome(image("".join(blocks), sizes=(1, max(1, len(blocks)), 1)), own=own))
    assert found is not None
    return found


def files(
    path: Path, *blocks: str, own: str = "", is_tiff: bool = True
) -> tuple[OmeFiles, list[str]]:
    """Return what a document at ``path`` names, and the names that were found."""
    path.touch()
    read = document(*blocks, own=own)
    named = OmeFiles(path, read, is_tiff=is_tiff)
    found = (named.of(b) for b in read.blocks)
    return named, [one.relative_to(path.parent).as_posix() if one else "" for one in found]


@pytest.mark.parametrize(
    ("block_uuid", "own", "found"),
    [
        (uuid(1), uuid(1), "new.ome.tif"),
        (uuid(1), "", "new.ome.tif"),
        ("", uuid(1), "new.ome.tif"),
        ("", "", "new.ome.tif"),
        (uuid(1), uuid(2), ""),
    ],
)
def test_a_renamed_file_is_known_by_its_uuid(
    tmp_path: Path, block_uuid: str, own: str, found: str
) -> None:
    old = block(file="old.ome.tif", own=block_uuid)
    assert files(tmp_path / "new.ome.tif", old, own=own)[1] == [found]


@pytest.mark.parametrize(
    "name",
    [
        "b.ome.tif",
        "/data/run 1/b.ome.tif",
        "C:\\data\\b.ome.tif",
        "sub\\b.ome.tif",
        "sub/b.ome.tif",
        "../b.ome.tif",
        "B.OME.TIF",
        "b.ome.tiff",
        "/data/B.ome.TIFF",
    ],
)
def test_names_are_found_by_their_last_part(tmp_path: Path, name: str) -> None:
    (tmp_path / "b.ome.tif").touch()
    blocks = block(file="a.ome.tif", own=uuid(1)), block(c=1, file=name, own=uuid(2))
    path = tmp_path / "a.ome.tif"
    assert files(path, *blocks, own=uuid(1))[1] == ["a.ome.tif", "b.ome.tif"]


def test_a_place_that_is_there_goes_before_the_last_part(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("sub/b.ome.tif", "b.ome.tif"):
        (tmp_path / name).touch()
    path = tmp_path / "x.companion.ome"
    found = files(path, block(file="sub/b.ome.tif", own=uuid(1)), is_tiff=False)[1]
    assert found == ["sub/b.ome.tif"]


def test_names_that_are_alike_are_not_guessed_between(tmp_path: Path) -> None:
    (tmp_path / "b.ome.tif").touch()
    (tmp_path / "B.ome.tif").touch()
    path = tmp_path / "x.companion.ome"
    blocks = block(file="b.OME.tif"), block(c=1, file="B.ome.tif")
    assert files(path, *blocks, is_tiff=False)[1] == ["", "B.ome.tif"]


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/passwd", "..", "/", "a\0b", "x" * 300])
def test_nothing_is_scanned_for_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.tif").touch()
    (tmp_path / "exp").mkdir()
    named = OmeFiles(tmp_path / "exp" / "a.tif", document(), is_tiff=False)
    assert named.named(name) is None


def test_a_uuid_of_several_files_reports_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.ome.tif").touch()
    blocks = block(file="a.ome.tif", own=uuid(1)), block(c=1, file="b.ome.tif", own=uuid(1))
    found = files(tmp_path / "a.ome.tif", *blocks, own=uuid(1))[1]
    assert found == ["a.ome.tif", "b.ome.tif"]


def test_another_file_of_the_old_name_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "old.ome.tif").touch()
    named, found = files(
        tmp_path / "new.ome.tif", block(file="old.ome.tif", own=uuid(1)), own=uuid(1)
    )
    assert found == ["new.ome.tif"]
    # Whether it is the original of a copy, its document tells.
    assert named.original() == tmp_path / "old.ome.tif"


@pytest.mark.parametrize("own", [uuid(1), ""])
def test_an_original_is_the_file_that_has_the_name(tmp_path: Path, own: str) -> None:
    (tmp_path / "a.ome.tif").touch()
    blocks = block(file="a.ome.tif", own=uuid(1))
    copy, _ = files(tmp_path / "a - Copy.ome.tif", blocks, own=own)
    assert copy.original() == tmp_path / "a.ome.tif"
    assert files(tmp_path / "a.ome.tif", blocks, own=own)[0].original() is None
    (tmp_path / "a.ome.tif").unlink()
    assert files(tmp_path / "b.ome.tif", blocks, own=own)[0].original() is None


def test_without_a_name_it_is_the_file_itself(tmp_path: Path) -> None:
    assert files(tmp_path / "a.ome.tif", block())[1] == ["a.ome.tif"]
    assert files(tmp_path / "a.companion.ome", block(), is_tiff=False)[1] == [""]
