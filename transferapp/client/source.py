"""Read a file of the workstation while watching that it stays what was submitted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from transferapp import errors
from transferapp.intake.writers import being_written

#: Bytes of one read and of one piece on the wire.
PIECE_SIZE = 1 << 20


#: File systems number files with up to 64 bits, databases hold 63.
_INODE = (1 << 63) - 1


def inode_of(found: os.stat_result) -> int:
    """Return the inode as it is kept and compared."""
    return found.st_ino & _INODE


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about a source into ours: raises VanishedFile,
    UnreadableFile.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise errors.VanishedFile(
            f"'{path.name}' is no longer in {path.parent}. Put it back in its place, or"
            " remove it from the import, then retry."
        ) from error
    except OSError as error:
        raise errors.UnreadableFile(
            f"'{path}' cannot be read ({error.strerror}). Check that your account may read"
            " it and that its disk is connected, then retry."
        ) from error


def outgrown(path: Path) -> errors.ChangedFile:
    """Return the error for a file of another size than the server was told."""
    return errors.ChangedFile(
        f"'{path.name}' has another size now than when it was submitted. Wait until it has"
        " been written completely, then retry: it is sent anew, as it is then."
    )


class SourceFile:
    """An open source. It must have the size and time that it was submitted with."""

    def __init__(self, path: Path, size_bytes: int, modified_ns: int) -> None:
        """Name the file; it is opened by ``with``."""
        self._path = path
        self.size_bytes = size_bytes
        self._modified_ns = modified_ns

    def __enter__(self) -> Self:
        """Open and compare; raises VanishedFile, UnreadableFile, ChangedFile.

        Preflight asks only of files that changed a moment ago whether a writer holds them.
        """
        with reading(self._path):
            self._file = self._path.open("rb", buffering=0)
            self._opened = os.fstat(self._file.fileno())
        try:
            self._must_be_same(self._opened)
            if being_written(self._path):
                raise self._held()
        except errors.ChangedFile:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    @property
    def inode(self) -> int:
        """The inode of the open file."""
        return inode_of(self._opened)

    def read(self, offset: int, length: int) -> list[bytes]:
        """Return exactly ``length`` bytes in pieces of 1 MiB; raises ChangedFile."""
        pieces: list[bytes] = []
        with reading(self._path):
            self._file.seek(offset)
            while length > 0:
                piece = self._file.read(min(PIECE_SIZE, length))
                if not piece:
                    raise self._changed()
                pieces.append(piece)
                length -= len(piece)
            self._must_be_same(os.fstat(self._file.fileno()))
        return pieces

    def check_end(self) -> None:
        """Compare once more, now also the path: raises ChangedFile, VanishedFile.

        A file that was saved anew under the same name has another inode.
        """
        with reading(self._path):
            found = self._path.stat()
        self._must_be_same(found)
        if (found.st_dev, found.st_ino) != (self._opened.st_dev, self._opened.st_ino):
            raise self._changed()

    def _must_be_same(self, found: os.stat_result) -> None:
        if found.st_size != self.size_bytes:
            raise outgrown(self._path)
        if found.st_mtime_ns != self._modified_ns:
            raise self._changed()

    def _held(self) -> errors.ChangedFile:
        return errors.ChangedFile(
            f"'{self._path.name}' is still being written: a program has it open. Wait until"
            " the acquisition has finished, or close it there, then retry."
        )

    def _changed(self) -> errors.ChangedFile:
        return errors.ChangedFile(
            f"'{self._path.name}' has changed since it was submitted. Wait until the"
            " acquisition has finished, then retry."
        )
