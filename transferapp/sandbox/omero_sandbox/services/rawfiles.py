"""RawFileStore: the bytes of original files, read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import omero
from omero.rtypes import rlong
from typing_extensions import override

from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, without_lock
from transferapp.sandbox.omero_sandbox.hashers import USUAL_HASHER, hash_file
from transferapp.sandbox.omero_sandbox.permissions import EDIT, permissions_of, require_visible
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.sessions import Session

_ANY_WRITE = 0o222


class RawFileStore(Service):
    """One file; ``mode`` is ``rw`` or ``r``."""

    def __init__(
        self, network: Network, session: Session, record: Record | None = None, mode: str = "r"
    ) -> None:
        """Serve a file, or wait for ``setFileId``."""
        super().__init__(network, session)
        self._record, self._mode, self._dirty = record, mode, False
        #: What the database said when it was opened: a bean asks it once.
        self._stated = self._stated_now()
        #: The end of the last write, and whether it was closed.
        self.offset, self.open = 0, True

    def setFileId(self, id_: int) -> None:
        found = self.store.find("OriginalFile", id_)
        record = require_visible(found, self.caller, f"OriginalFile:{id_}")
        self._record = record
        self._stated = self._stated_now()
        editable = not permissions_of(record, self.caller)._restrictions[EDIT]
        # What lies in the managed repository is written by import processes only.
        self._mode = "rw" if editable and not record.text("repo") else "r"

    def _stated_now(self) -> int:
        return 0 if self._record is None else int(self._record.text("size") or 0)

    def getFileId(self) -> Any:
        return None if self._record is None else rlong(self._record.id)

    @property
    def _file(self) -> Record:
        if self._record is None:
            text = "setFileId was not called"
            raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
        return self._record

    @property
    def path(self) -> Path:
        """Where the bytes are."""
        return self.sandbox.files.path(self._file)

    def size(self) -> int:
        if not self.path.exists():
            raise omero.ResourceError(None, "omero.ResourceError", f"No such file: {self.path}")
        return self.path.stat().st_size

    def exists(self) -> bool:
        return self.path.exists()

    @without_lock
    def read(self, position: int, length: int) -> bytes:
        """Return ``length`` bytes always: zeros past the end, as the Java server does.

        Each read is checked, and nothing before it: an open file may be kept back.
        """
        with self.sandbox.lock:
            self.sandbox.binary_access.require(self._file, self.caller)
        with self.path.open("rb") as file:
            file.seek(position)
            return file.read(length).ljust(length, b"\0")

    @without_lock
    def write(self, buffer: Any, position: int, length: int) -> None:
        if self._mode == "r":
            text = "The file is open for reading only"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        self.sandbox.faults.check_disk()
        path = self._writable()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        with path.open("r+b") as file:
            file.seek(position)
            file.write(bytes(buffer[:length]))
        self._dirty, self.offset = True, position + length

    def _writable(self) -> Path:
        """Refuse as OMERO's own account is refused, which is never root."""
        path = self.path
        if path.exists() and not path.stat().st_mode & _ANY_WRITE:
            text = f"java.io.FileNotFoundException: {path} (Permission denied)"
            raise omero.ResourceError(None, "omero.ResourceError", text)
        return path

    def truncate(self, length: int) -> bool:
        path = self._writable()
        if not path.exists() or path.stat().st_size <= length:
            return False
        with path.open("r+b") as file:
            file.truncate(length)
        self._dirty = True
        return True

    @without_lock
    def save(self) -> Any:
        """Hash the whole file again, if it changed; minutes for a large one."""
        if self._unchanged():
            return None
        record, size = self._file, self.path.stat().st_size
        self._note_offence(record)
        with self.sandbox.lock:
            known = record.values.get("hasher")
            hasher = known or self.store.enumeration("ChecksumAlgorithm", USUAL_HASHER)
        digest = hash_file(self.path, hasher.text("value"))
        with self.sandbox.lock:
            self.store.set(record, "hasher", hasher)
            self.store.set(record, "hash", self.sandbox.faults.seen_hash(digest))
            self.store.set(record, "size", size)
            self._dirty, self._stated = False, size
            return self.out(record)

    def _note_offence(self, record: Record) -> None:
        """OMERO's import saves the row of its log, too, and fails if another was faster."""
        with self.sandbox.lock:
            if any(one.running and one.reserved.log is record for one in self.sandbox.imports):
                text = f"OriginalFile {record.id}, the log of a running import, was saved"
                self.sandbox.offences.append(text)

    def _unchanged(self) -> bool:
        """The Java server compares the size on disk with the database's at opening, too."""
        if not self.path.exists():
            return True
        size = self.path.stat().st_size
        return not self._dirty and size != 0 and self._stated == size

    @override
    @without_lock
    def close(self) -> None:
        if self._record is not None:
            self.save()
        self.open = False
        super().close()
