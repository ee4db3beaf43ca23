"""Original files: stored once, read-only, durable, and never lost to a neighbour."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from transferapp.errors import (
    NameNotAllowed,
    RepositoryUnavailable,
    StorageFull,
    VanishedFile,
)
from transferapp.repositories.local.storage.durability import sync_file_system, sync_files
from transferapp.repositories.local.storage.failures import translated
from transferapp.repositories.local.storage.store import Originals

CONTENT = b"pixels" * 1000
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def originals(tmp_path: Path) -> Originals:
    return Originals(tmp_path / "repository")


def written(path: Path, content: bytes = CONTENT) -> Path:
    path.write_bytes(content)
    return path


def test_content_is_copied_under_its_hash(originals: Originals, tmp_path: Path) -> None:
    source = written(tmp_path / "a.tif")
    taken = originals.take(source, 3)
    assert (taken.sha1, taken.size_bytes) == (SHA1, len(CONTENT))
    content = originals.place(taken)
    assert content == originals.folder / "originals" / SHA1[:2] / SHA1[2:4] / SHA1
    assert content.read_bytes() == CONTENT
    assert content.stat().st_mode & 0o777 == 0o444
    assert not content.samefile(source)
    assert list((originals.folder / "incoming" / "3").iterdir()) == []


def test_writing_to_the_source_later_changes_nothing(
    originals: Originals, tmp_path: Path
) -> None:
    source = written(tmp_path / "a.tif")
    content = originals.place(originals.take(source, 3))
    written(source, b"other")
    assert content.read_bytes() == CONTENT


def test_sealed_read_only_file_is_linked(originals: Originals, tmp_path: Path) -> None:
    source = written(tmp_path / "a.tif")
    source.chmod(0o444)
    content = originals.place(originals.take(source, 3))
    assert content.samefile(source)
    source.unlink()
    assert content.read_bytes() == CONTENT


def test_symbolic_link_is_followed_and_copied(originals: Originals, tmp_path: Path) -> None:
    written(tmp_path / "real").chmod(0o444)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    content = originals.place(originals.take(tmp_path / "link", 3))
    assert not content.is_symlink()
    assert content.read_bytes() == CONTENT


def test_same_content_is_stored_once(originals: Originals, tmp_path: Path) -> None:
    first = originals.place(originals.take(written(tmp_path / "a"), 1))
    inode = first.stat().st_ino
    second = originals.place(originals.take(written(tmp_path / "b"), 2))
    assert second.stat().st_ino == inode
    for fileset, name in ((1, "deep/folder/a.tif"), (2, "b 🔬.tif"), (2, "b 🔬.tif")):
        assert originals.name(SHA1, fileset, name).stat().st_ino == inode
    assert first.stat().st_nlink == 3


def test_shorter_content_of_that_name_is_set_aside(
    originals: Originals, tmp_path: Path
) -> None:
    broken = originals.content(SHA1)
    broken.parent.mkdir(parents=True)
    broken.write_bytes(CONTENT[:10])
    assert not originals.holds(SHA1, len(CONTENT))
    assert originals.place(originals.take(written(tmp_path / "a"), 1)).read_bytes() == CONTENT
    [aside] = (originals.folder / "damaged").iterdir()
    assert aside.read_bytes() == CONTENT[:10]


def test_name_is_given_again_when_it_points_elsewhere(
    originals: Originals, tmp_path: Path
) -> None:
    originals.place(originals.take(written(tmp_path / "a"), 1))
    wrong = originals.named(1, "a.tif")
    wrong.parent.mkdir(parents=True)
    wrong.write_bytes(b"old")
    assert originals.name(SHA1, 1, "a.tif").read_bytes() == CONTENT


def test_hash_reads_what_is_really_there(originals: Originals, tmp_path: Path) -> None:
    assert originals.hash(SHA1) == ""
    content = originals.place(originals.take(written(tmp_path / "a"), 1))
    assert originals.hash(SHA1) == SHA1
    content.chmod(0o644)
    content.write_bytes(b"rot")
    assert originals.hash(SHA1) not in {"", SHA1}


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../a", "a/../../b", "a/./b", "a\0b", "a" * 256, "é" * 128 + ".tif"],
)
def test_paths_that_lead_elsewhere_or_do_not_fit(originals: Originals, name: str) -> None:
    with pytest.raises(NameNotAllowed):
        originals.check_name(name)


@pytest.mark.parametrize(
    "name", ["a.tif", "🔬/🦠 µm.tif", f"{'a' * 150}/{'b' * 150}/c.tif", "...", "a..b/c"]
)
def test_paths_that_fit(originals: Originals, tmp_path: Path, name: str) -> None:
    originals.check_name(name)
    originals.place(originals.take(written(tmp_path / "a"), 1))
    assert originals.name(SHA1, 1, name).read_bytes() == CONTENT


def test_vanished_source(originals: Originals, tmp_path: Path) -> None:
    with pytest.raises(VanishedFile, match=r"gone\.tif"):
        originals.take(tmp_path / "gone.tif", 1)


def test_unreadable_source(tmp_path: Path) -> None:
    source = written(tmp_path / "a.tif")
    source.chmod(0)
    code = (
        "import sys; from pathlib import Path;"
        "from transferapp.repositories.local.storage.store import Originals;"
        "Originals(Path(sys.argv[1])).take(Path(sys.argv[2]), 1)"
    )
    # Root reads everything, unless it gives up the capability to.
    powerless = (
        ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    )
    done = subprocess.run(
        [*powerless, sys.executable, "-c", code, str(tmp_path / "repository"), str(source)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "UnreadableFile" in done.stderr


def test_removal(originals: Originals, tmp_path: Path) -> None:
    originals.place(originals.take(written(tmp_path / "a"), 1))
    originals.name(SHA1, 1, "a.tif")
    originals.remove_tree(1)
    originals.remove_content(SHA1)
    originals.remove_content(SHA1)
    assert not originals.holds(SHA1, len(CONTENT))
    assert not originals.tree(1).exists()


@pytest.mark.parametrize("count", [1, 30])
def test_sync_of_few_and_many(tmp_path: Path, count: int) -> None:
    paths = [written(tmp_path / str(number)) for number in range(count)]
    sync_files(paths, tmp_path)
    sync_file_system(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_file_system(tmp_path / "not there")


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.ENAMETOOLONG, NameNotAllowed),
        (errno.EIO, RepositoryUnavailable),
    ],
)
def test_disk_errors_are_translated(number: int, error: type[Exception]) -> None:
    with pytest.raises(error), translated():
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("path", ["/secret/place/cell.tif", b"/secret/place/cell.tif"])
def test_the_file_that_the_disk_reports_is_named(path: str | bytes) -> None:
    with pytest.raises(RepositoryUnavailable) as caught, translated():
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    assert caught.value.message == (
        "The repository's disk reports of 'cell.tif': No such file or directory. It goes on"
        " when this is solved."
    )
