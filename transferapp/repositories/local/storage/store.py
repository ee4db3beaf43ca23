"""Original files on disk: each content once, under its SHA-1, never to be written again.

    originals/ab/cd/<sha1>        the content, read-only
    filesets/<id>/<client path>   the same by hard link, under the names that readers need
    incoming/<place>/<random>     on the way in; a fileset's id, or an attachment's key
    damaged/<sha1>-<random>       set aside: the content is not what its name says

A row that refers to a content is committed before the content is put in its place, and a
content is removed only inside a write transaction that sees no such row. So one process
can delete what another one is just importing, and nothing is lost.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from transferapp.errors import NameNotAllowed, UnreadableFile, VanishedFile
from transferapp.repositories.counting import ByteCount

_PIECE = 1024 * 1024
_READ_ONLY = 0o444
#: What file systems allow for one name, in bytes, and for a whole path.
_MOST_NAME_BYTES = 255
_MOST_PATH_BYTES = 4000
#: The disk cannot link these two: another file system, too many links, not allowed.
_NO_LINK = frozenset({errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EACCES, errno.ENOTSUP})


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that came in and is not in its place yet."""

    path: Path
    sha1: str
    size_bytes: int


class Originals:
    """The folder of original files."""

    def __init__(self, folder: Path) -> None:
        """Keep everything below ``folder``."""
        self.folder = folder
        for name in ("originals", "filesets", "incoming", "damaged"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def content(self, sha1: str) -> Path:
        """Return where a content is, or will be."""
        return self.folder / "originals" / sha1[:2] / sha1[2:4] / sha1

    def tree(self, fileset_id: int) -> Path:
        """Return the folder of a fileset's files under their own names."""
        return self.folder / "filesets" / str(fileset_id)

    def named(self, fileset_id: int, client_path: str) -> Path:
        """Return a file under its own name."""
        return self.tree(fileset_id) / client_path

    def check_name(self, client_path: str) -> None:
        """Raise NameNotAllowed for a path that leads elsewhere or does not fit."""
        parts = PurePosixPath(client_path).parts
        encoded = client_path.encode("utf-8", "surrogateescape")
        if (
            not parts
            or "\0" in client_path
            or client_path.startswith("/")
            or not {"..", "."}.isdisjoint(client_path.split("/"))
        ):
            raise NameNotAllowed(f"'{client_path}' is not a path inside of the folder.")
        longest = max(len(part.encode("utf-8", "surrogateescape")) for part in parts)
        if longest > _MOST_NAME_BYTES or len(encoded) > _MOST_PATH_BYTES:
            raise NameNotAllowed(
                f"The name '{parts[-1][:40]}...' is too long to be stored. Shorten it or its"
                " folder, then retry."
            )

    def take(self, source: Path, place: int | str, count: ByteCount | None = None) -> Taken:
        """Bring a file in and hash it on the way. A read-only file is linked, not copied.

        Raises VanishedFile, UnreadableFile; OSError when the disk is full.
        """
        folder = self.folder / "incoming" / str(place)
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / uuid4().hex
        try:
            with source.open("rb") as file:
                linked = _link_sealed(source, part)
                taken = _taken(file, part, count or ByteCount(), copied=not linked)
        except FileNotFoundError as error:
            raise VanishedFile(f"'{source.name}' is gone. Start the import again.") from error
        except PermissionError as error:
            raise UnreadableFile(f"'{source.name}' cannot be read by the server.") from error
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        part.chmod(_READ_ONLY)
        return taken

    def place(self, taken: Taken) -> Path:
        """Put a content in its place; one that is there already is kept."""
        content = self.content(taken.sha1)
        content.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(taken.path, content)
        except FileExistsError:
            if content.stat().st_size != taken.size_bytes:
                self.set_aside(taken.sha1)
                return self.place(taken)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            taken.path.replace(content)
        taken.path.unlink(missing_ok=True)
        return content

    def name(self, sha1: str, fileset_id: int, client_path: str) -> Path:
        """Give a content its own name in the fileset's folder; idempotent."""
        content, path = self.content(sha1), self.named(fileset_id, client_path)
        if path.exists():
            if path.samefile(content):
                return path
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(content, path)
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise
            shutil.copyfile(content, path)
            path.chmod(_READ_ONLY)
        return path

    def holds(self, sha1: str, size_bytes: int) -> bool:
        """Tell whether a content of this size is in its place."""
        try:
            return self.content(sha1).stat().st_size == size_bytes
        except FileNotFoundError:
            return False

    def hash(self, sha1: str, count: ByteCount | None = None) -> str:
        """Read a content and return what its SHA-1 really is; empty when it is not there."""
        try:
            with self.content(sha1).open("rb") as file:
                return _read(file, count or ByteCount())[0]
        except FileNotFoundError:
            return ""

    def set_aside(self, sha1: str) -> None:
        """Take a damaged content out of the way, for an administrator to look at."""
        content = self.content(sha1)
        if content.exists():
            content.replace(self.folder / "damaged" / f"{sha1}-{uuid4().hex}")

    def remove_content(self, sha1: str) -> None:
        """Remove a content that no row refers to (call inside a write transaction)."""
        self.content(sha1).unlink(missing_ok=True)

    def remove_incoming(self, place: int | str) -> None:
        """Remove what a killed process left on the way."""
        shutil.rmtree(self.folder / "incoming" / str(place), ignore_errors=True)

    def remove_tree(self, fileset_id: int) -> None:
        """Remove a fileset's names; the contents go with their last row."""
        shutil.rmtree(self.tree(fileset_id), ignore_errors=True)
        self.remove_incoming(fileset_id)


def _sha1(data: bytes = b"") -> hashlib._Hash:
    # OMERO's checksum, against accidents; it guards no secret.
    return hashlib.sha1(data, usedforsecurity=False)


def _link_sealed(source: Path, part: Path) -> bool:
    """Link a file that nobody may write to any more; False when it must be copied."""
    status = source.stat()
    if status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) or source.is_symlink():
        return False
    try:
        os.link(source, part)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def _taken(file: Any, part: Path, count: ByteCount, *, copied: bool) -> Taken:
    if not copied:
        return Taken(part, *_read(file, count))
    with part.open("xb") as out:
        return Taken(part, *_read(file, count, out.write))


def _read(
    file: Any, count: ByteCount, write: Callable[[bytes], object] | None = None
) -> tuple[str, int]:
    """Return a file's SHA-1 and size in bytes; ``write`` gets every piece."""
    digest, size = _sha1(), 0
    while piece := file.read(_PIECE):
        digest.update(piece)
        if write is not None:
            write(piece)
        size += len(piece)
        count.add(len(piece))
    return digest.hexdigest(), size
