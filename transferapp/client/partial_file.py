"""Where a download lands: a hidden part that grows, and its last name once it is right."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from transferapp import errors
from transferapp.client.names import is_part_name
from transferapp.host.folders import OpenFolder

#: Bytes gathered for one write.
_BATCH_SIZE = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_BAD_NAME = frozenset({errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL})


@contextmanager
def destination_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors about a destination into ours: raises StorageFull,
    NameNotAllowed, else DestinationUnwritable.
    """
    folder = _seen(path.parent)
    try:
        yield
    except FileNotFoundError as error:
        raise errors.DestinationUnwritable(
            f"The folder {folder} is gone. Connect its drive or make it again; the"
            " export continues by itself."
        ) from error
    except OSError as error:
        if error.errno in _FULL:
            raise errors.StorageFull(
                f"The disk of {folder} is full. Nothing is lost; free space and the"
                " download continues."
            ) from error
        if error.errno in _BAD_NAME:
            raise errors.NameNotAllowed(
                f"'{path.name[:60]}' cannot be stored in {folder} ({error.strerror})."
                " Choose a folder with a shorter path, then retry."
            ) from error
        raise errors.DestinationUnwritable(
            f"{folder} cannot be written ({error.strerror}). Connect the drive, or give"
            " your account the right to write there; the export continues by itself."
        ) from error


def _seen(folder: Path) -> Path:
    """Return the folder that its person knows, and not the hidden part in it."""
    parts = [one for one in (folder, *folder.parents) if is_part_name(one.name)]
    return parts[-1].parent if parts else folder


class PartialFile:
    """A growing part. Writing and SHA-1 happen in a thread, one batch behind."""

    def __init__(self, folder: OpenFolder, part: str, size_bytes: int) -> None:
        """Name the part of a file of ``size_bytes``; it is opened by ``with``."""
        self._folder = folder
        self._part = part
        self._size = size_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="download-write")
        self._behind: Future[None] | None = None
        self._batch: list[bytes] = []
        self._gathered = 0
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self._broken = False
        #: Bytes taken in so far.
        self.offset = 0

    @property
    def sha1(self) -> str:
        """SHA-1 in hex of what has been flushed."""
        return self._sha1.hexdigest()

    def __enter__(self) -> Self:
        """Open the part and hash what an earlier attempt left of it."""
        try:
            with self._destination_errors():
                self._file = os.fdopen(self._folder.grow(self._part), "a+b", buffering=0)
                self._file.seek(0)
                while piece := self._file.read(_BATCH_SIZE):
                    self._sha1.update(piece)
                    self.offset += len(piece)
        except errors.TransferAppError:
            self._thread.shutdown()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep what has arrived; the next attempt counts what the disk holds."""
        try:
            with suppress(errors.TransferAppError):
                self.flush()
        finally:
            self._thread.shutdown()
            self._file.close()

    def write(self, piece: bytes) -> None:
        """Add bytes at the end; raises StorageFull, and ChecksumMismatch beyond the size."""
        self.offset += len(piece)
        if self.offset > self._size:
            self._raise_damaged()
        self._batch.append(piece)
        self._gathered += len(piece)
        if self._gathered >= _BATCH_SIZE:
            self._submit_batch()

    def flush(self) -> None:
        """Bring everything that was taken to the file; raises StorageFull."""
        self._submit_batch()
        self._await_batch()

    def restart(self) -> None:
        """Begin anew, because the server has other bytes under this name."""
        self.flush()
        with self._destination_errors():
            self._file.truncate(0)
        self._sha1 = hashlib.sha1(usedforsecurity=False)
        self.offset = 0

    def verify(self, sha1: str) -> None:
        """Make the bytes durable; raises ChecksumMismatch after deleting wrong ones.

        ``sha1`` is empty where the repository knows none: then the size must do.
        """
        self.flush()
        if self.offset != self._size or sha1 not in ("", self.sha1):
            self._raise_damaged()
        with self._destination_errors():
            os.fsync(self._file.fileno())

    def _destination_errors(self) -> AbstractContextManager[None]:
        return destination_errors(self._folder.path / self._part)

    def _raise_damaged(self) -> NoReturn:
        with self._destination_errors():
            self._folder.remove(self._part)
        raise errors.ChecksumMismatch(
            "The bytes were damaged on the way. The damaged part was deleted; the file is"
            " downloaded again."
        )

    def _submit_batch(self) -> None:
        self._await_batch()
        batch, self._batch, self._gathered = self._batch, [], 0
        # After a failed write anything more would leave a gap in the part.
        if batch and not self._broken:
            self._behind = self._thread.submit(self._write_batch, batch)

    def _await_batch(self) -> None:
        behind, self._behind = self._behind, None
        if behind is not None:
            behind.result()

    def _write_batch(self, batch: list[bytes]) -> None:
        self._broken = True
        with self._destination_errors():
            for piece in batch:
                view = memoryview(piece)
                while view:
                    view = view[self._file.write(view) :]
                self._sha1.update(piece)
        self._broken = False


def finalize(folder: OpenFolder, part: str, name: str) -> None:
    """Give a verified part its last name; raises NameNotAllowed when that is taken.

    A file of a fileset never gets another name: the others know it by this one.
    """
    with destination_errors(folder.path / name):
        try:
            folder.place(part, folder, name)
        except FileExistsError as error:
            raise name_taken(folder, name) from error


def name_taken(folder: OpenFolder, name: str) -> errors.NameNotAllowed:
    """Say that another file has the name of one of the fileset's."""
    return errors.NameNotAllowed(
        f"'{name}' is in {folder.path} already, with another content. A disk that does not"
        " tell 'A' from 'a' can be the reason: export to another disk."
    )
