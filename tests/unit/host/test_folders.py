"""A folder that others may write to: nothing of theirs is followed, entered or written."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from transferapp.errors import DestinationUnwritable
from transferapp.host import folders
from transferapp.host.folders import OpenFolder, open_destination

OTHER = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files away")


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(shared: Path) -> Iterator[OpenFolder]:
    with OpenFolder.at(shared) as folder:
        yield folder


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim"
    path.write_bytes(b"precious")
    return path


def put(folder: OpenFolder, name: str, content: bytes) -> None:
    with os.fdopen(folder.grow(name), "ab") as file:
        file.write(content)


def test_a_part_grows_and_goes_on(folder: OpenFolder, shared: Path) -> None:
    put(folder, "part", b"one ")
    put(folder, "part", b"two")
    assert (shared / "part").read_bytes() == b"one two"


@pytest.mark.parametrize("planted", ["symlink", "hard link", "pipe", "folder", "dangling"])
def test_nothing_is_written_through_what_others_planted(
    folder: OpenFolder, shared: Path, victim: Path, planted: str
) -> None:
    part = shared / "part"
    if planted == "symlink":
        part.symlink_to(victim)
    elif planted == "hard link":
        part.hardlink_to(victim)
    elif planted == "pipe":
        os.mkfifo(part)
    elif planted == "folder":
        part.mkdir()
    else:
        part.symlink_to(victim.with_name("new"))
    with pytest.raises(DestinationUnwritable, match=r"'part' in .* is in the way"):
        folder.grow("part")
    assert victim.read_bytes() == b"precious"
    assert not victim.with_name("new").exists()


@needs_root
def test_what_belongs_to_another_account_is_not_ours(folder: OpenFolder, shared: Path) -> None:
    (shared / "part").write_bytes(b"")
    (shared / "inner").mkdir()
    for path in shared.iterdir():
        os.chown(path, OTHER, OTHER)
    with pytest.raises(DestinationUnwritable):
        folder.grow("part")
    with pytest.raises(DestinationUnwritable):
        folder.enter("inner")
    assert not folder.holds("part", folder=False)
    assert not folder.holds("inner", folder=True)
    assert sorted(path.name for path in shared.iterdir()) == ["inner", "part"]


def test_a_disk_that_gives_files_another_owner(
    folder: OpenFolder, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As FAT and network shares do; here it is the account that changes.
    monkeypatch.setattr(os, "geteuid", lambda: OTHER)
    put(folder, "part", b"one ")
    put(folder, "part", b"two")
    (shared / "inner").mkdir()
    folder.enter("inner").close()
    assert sorted(path.name for path in shared.iterdir()) == ["inner", "part"]


def test_folders_on_the_way_are_not_links(
    folder: OpenFolder, shared: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (shared / "inner").symlink_to(elsewhere)
    with pytest.raises(DestinationUnwritable), folder.below(["inner", "deep"]):
        pytest.fail("a link was entered")
    assert list(elsewhere.iterdir()) == []


def test_a_folder_that_is_swapped_for_a_link_keeps_the_files(
    folder: OpenFolder, shared: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with folder.below(["inner"]) as inner:
        (shared / "inner").rename(shared / "moved")
        (shared / "inner").symlink_to(elsewhere)
        put(inner, "part", b"bytes")
        inner.place("part", inner, "name")
    assert (shared / "moved" / "name").read_bytes() == b"bytes"
    assert list(elsewhere.iterdir()) == []


def test_making_claims_a_name(folder: OpenFolder, shared: Path) -> None:
    folder.make("a").close()
    for name in ("a", "file", "link"):
        if name == "file":
            (shared / name).touch()
        elif name == "link":
            (shared / name).symlink_to("nowhere")
        with pytest.raises(FileExistsError):
            folder.make(name)


@pytest.mark.parametrize("by", ["rename", "link", "claim"])
def test_placing_replaces_nothing(
    folder: OpenFolder, shared: Path, victim: Path, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: str, **_folders: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "no links here")

    if by != "rename":
        monkeypatch.setattr(folders, "rename_new", lambda *_: False)
    if by == "claim":
        monkeypatch.setattr(os, "link", refuse)
    put(folder, "part", b"new")
    (shared / "file").write_bytes(b"old")
    (shared / "link").symlink_to(victim)
    (shared / "dangling").symlink_to("nowhere")
    for name in ("file", "link", "dangling"):
        with pytest.raises(FileExistsError):
            folder.place("part", folder, name)
    folder.place("part", folder, "free")
    assert (shared / "file").read_bytes() == b"old"
    assert victim.read_bytes() == b"precious"
    assert (shared / "free").read_bytes() == b"new"
    assert not (shared / "part").exists()


def test_reading_and_removing_follow_no_link(
    folder: OpenFolder, shared: Path, victim: Path
) -> None:
    (shared / "link").symlink_to(victim)
    assert folder.sha1("link", 8) is None
    assert folder.sha1("missing", 8) is None
    folder.remove("link")
    assert victim.exists()
    (shared / "tree" / "deep").mkdir(parents=True)
    (shared / "tree" / "deep" / "link").symlink_to(victim.parent)
    folder.remove_folder("tree", with_content=True)
    assert victim.read_bytes() == b"precious"
    (shared / "tree").symlink_to(victim.parent)
    folder.remove_folder("tree", with_content=True)
    assert victim.read_bytes() == b"precious"


def test_the_destination_itself_may_be_a_link(tmp_path: Path, shared: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.symlink_to(shared)
    with open_destination(chosen, make=True) as folder:
        put(folder, "file", b"bytes")
    assert (shared / "file").read_bytes() == b"bytes"


def test_a_missing_destination_is_made_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c"
    with pytest.raises(FileNotFoundError):
        open_destination(path, make=False)
    assert not (tmp_path / "a").exists()
    open_destination(path, make=True).close()
    assert stat.S_ISDIR(path.lstat().st_mode)


def test_a_destination_is_not_made_through_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "target")
    with pytest.raises(DestinationUnwritable):
        open_destination(tmp_path / "a" / "b", make=True)
    assert not (tmp_path / "target").exists()
