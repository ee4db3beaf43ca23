"""How one upload lies on disk: its name tells its state, and only ever moves forward.

``<id>.part`` (sparse, of the final size) -> ``<id>.full`` (every byte is durable) ->
``<id>`` (sealed, read-only). ``<id>.journal`` holds the offset of a part that needed more
than one commit; files that arrive in one part never get one, because deleting many small
files slows ext4 down. All functions block and raise OSError: ``storage_errors`` is around
them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from transferapp import errors
from transferapp.host.durability import sync
from transferapp.staging.port import StagedFile
from transferapp.staging.stores.journal import OffsetJournal

_SEALED_MODE = 0o444


@dataclass(frozen=True, slots=True)
class UploadFiles:
    """The files of one upload."""

    folder: Path
    id: str

    @property
    def part(self) -> Path:
        """The file while bytes are missing."""
        return self.folder / f"{self.id}.part"

    @property
    def full(self) -> Path:
        """The file once every byte is durable."""
        return self.folder / f"{self.id}.full"

    @property
    def sealed(self) -> Path:
        """The file once it is sealed."""
        return self.folder / self.id

    @property
    def journal(self) -> OffsetJournal:
        """The committed offset."""
        return OffsetJournal(self.folder / f"{self.id}.journal")

    def load(self) -> StagedFile:
        """Return what is there. States are looked at in the order they move in, so a
        file that moves meanwhile is still found.
        """
        size = _size(self.part)
        if size is not None:
            offset = self.journal.read()
            # The journal goes when the part becomes full: it told the truth only if the
            # part is still there.
            if self.part.exists():
                return StagedFile(self.id, size, offset, sealed=False)
        size = _size(self.full)
        if size is not None:
            return StagedFile(self.id, size, size, sealed=False)
        size = self.sealed.stat().st_size
        return StagedFile(self.id, size, size, sealed=True)

    def create(self, size_bytes: int) -> StagedFile:
        """Make the sparse file. Not synced: a creation that a power cut undoes is repeated."""
        new = self.folder / f"{self.id}.new"
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.ftruncate(fd, size_bytes)
        finally:
            os.close(fd)
        # One left by a discard that was killed must not speak for the new file.
        self.journal.forget()
        new.replace(self.part if size_bytes else self.full)
        return StagedFile(self.id, size_bytes, 0, sealed=False)

    def advance(self, offset: int, size_bytes: int) -> None:
        """Make ``offset`` durable; the bytes before it are already."""
        if offset == size_bytes:
            self.part.rename(self.full)
            sync(self.folder)
            self.journal.forget()
        elif self.journal.advance(offset):
            sync(self.folder)

    def seal(self) -> Path:
        """Make a full file read-only under its last name; raises StateConflict."""
        if self.sealed.exists():
            return self.sealed
        staged = self.load()
        if staged.offset < staged.size_bytes:
            missing = staged.size_bytes - staged.offset
            raise errors.StateConflict(f"{missing} bytes of this file have not arrived yet.")
        fd = os.open(self.full, os.O_RDONLY)
        try:
            os.fchmod(fd, _SEALED_MODE)
            os.fsync(fd)
        finally:
            os.close(fd)
        self.full.rename(self.sealed)
        sync(self.folder)
        self.journal.forget()
        return self.sealed

    def discard(self) -> None:
        """Delete all of it; the journal first, so that no new file finds it."""
        self.journal.forget()
        for path in (self.folder / f"{self.id}.new", self.part, self.full, self.sealed):
            path.unlink(missing_ok=True)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None
