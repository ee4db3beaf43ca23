from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from transferapp.client.source import PIECE_SIZE, SourceFile
from transferapp.errors import ChangedFile, UnreadableFile, VanishedFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "scan.czi"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


def opened(path: Path) -> SourceFile:
    found = path.stat()
    return SourceFile(path, found.st_size, found.st_mtime_ns)


def test_reading_in_pieces(path: Path) -> None:
    with opened(path) as source:
        pieces = source.read(100, PIECE_SIZE + 5)
        source.check_end()
    assert [len(piece) for piece in pieces] == [PIECE_SIZE, 5]
    assert b"".join(pieces) == path.read_bytes()[100 : 100 + PIECE_SIZE + 5]


def test_a_file_that_differs_from_the_submission(path: Path) -> None:
    found = path.stat()
    for source in (
        SourceFile(path, found.st_size + 1, found.st_mtime_ns),
        SourceFile(path, found.st_size, found.st_mtime_ns - 1),
    ):
        with pytest.raises(ChangedFile), source:
            pass


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")
def test_a_file_that_a_writer_holds_is_not_sent(path: Path) -> None:
    source = opened(path)
    with path.open("ab"), pytest.raises(ChangedFile, match="still being written"), source:
        pass
    with source:
        assert source.read(0, 5)


def test_writing_while_reading_is_noticed(path: Path) -> None:
    with opened(path) as source:
        source.read(0, 100)
        with path.open("r+b") as other:
            other.write(b"new")
        os.utime(path, ns=(1, 1))
        with pytest.raises(ChangedFile):
            source.read(100, 100)


def test_a_file_that_shrinks(path: Path) -> None:
    with opened(path) as source:
        os.truncate(path, 50)
        with pytest.raises(ChangedFile):
            source.read(0, 100)


def test_a_file_saved_anew_under_its_name(path: Path) -> None:
    with opened(path) as source:
        found = path.stat()
        other = path.with_name("other")
        other.write_bytes(path.read_bytes())
        os.utime(other, ns=(found.st_mtime_ns, found.st_mtime_ns))
        other.replace(path)
        source.read(0, 100)
        with pytest.raises(ChangedFile):
            source.check_end()


def test_a_file_that_is_gone(path: Path) -> None:
    with opened(path) as source:
        path.unlink()
        with pytest.raises(VanishedFile):
            source.check_end()
    with pytest.raises(VanishedFile, match=r"scan\.czi"), SourceFile(path, 1, 1):
        pass


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile), SourceFile(tmp_path, 1, 1):
        pass
