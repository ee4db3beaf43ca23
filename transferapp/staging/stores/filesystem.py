"""Staging in one flat folder of a local disk.

One process writes (the server); any number may read, a sealed file being a plain one.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

from typing_extensions import override

from transferapp import errors
from transferapp.host.paths import private_folder
from transferapp.protocol.routes import PART_SIZE
from transferapp.staging.checksums import ALGORITHMS
from transferapp.staging.port import Checksum, PartWriter, StagedFile, Staging
from transferapp.staging.stores.errors import storage_errors
from transferapp.staging.stores.layout import UploadFiles
from transferapp.staging.stores.part import FilePart

T = TypeVar("T")

#: Writing is bound by the disk; more threads only help while some of them sync.
_THREADS = 8
_ID = re.compile(r"[0-9a-f]{32}")


class FilesystemStaging(Staging):
    """Half-arrived files in a folder.

    ``reserve_bytes`` of the disk stay free: the database that lives beside must be able to
    write when uploads have filled the rest.
    """

    def __init__(self, folder: Path, reserve_bytes: int = 0) -> None:
        """Use ``folder``, made when it is missing; raises Unavailable."""
        self._reserve_bytes = reserve_bytes
        with storage_errors():
            self._folder = private_folder(folder)
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="staging")
        self._creating = threading.Lock()
        self._awaited: WeakKeyDictionary[FilePart, int] = WeakKeyDictionary()
        self._parts: WeakValueDictionary[str, FilePart] = WeakValueDictionary()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @override
    async def create(self, upload_id: str, size_bytes: int) -> StagedFile:
        """Make or find; raises Conflict when it is there with another size, Invalid for an id
        or a size that is none.
        """
        if not _ID.fullmatch(upload_id) or size_bytes < 0:
            raise errors.Invalid("An upload needs an id of 32 hex digits and a size.")
        return await self._run(
            lambda: self._create(UploadFiles(self._folder, upload_id), size_bytes)
        )

    @override
    async def get(self, upload_id: str) -> StagedFile:
        """Return what is there; raises NoSuchFile."""
        return await self._run(self._files(upload_id).load)

    @override
    async def open_part(
        self, upload_id: str, offset: int, checksum: Checksum | None = None
    ) -> PartWriter:
        """Start a part at the committed offset, after ending an older one; raises Invalid for a
        kind of checksum that is not known.
        """
        if checksum is not None and checksum.algorithm not in ALGORITHMS:
            raise errors.Invalid(f"Checksums by {checksum.algorithm} are not known here.")
        files = self._files(upload_id)
        async with self._turn(upload_id):
            await self._end_part(upload_id)
            part = await self._run(lambda: self._open(files, offset, checksum))
            self._parts[upload_id] = part
        return part

    @override
    async def seal(self, upload_id: str) -> Path:
        """End a complete file and return its path; raises StateConflict."""
        files = self._files(upload_id)
        async with self._turn(upload_id):
            await self._end_part(upload_id)
            return await self._run(files.seal)

    @override
    async def path(self, upload_id: str) -> Path:
        """Return the path of a sealed file; raises NoSuchFile, StateConflict."""
        files = self._files(upload_id)
        if not (await self._run(files.load)).sealed:
            raise errors.StateConflict("This file has not arrived completely yet.")
        return files.sealed

    @override
    async def discard(self, upload_id: str) -> None:
        """Forget an upload and its bytes; unknown ids are fine."""
        if not _ID.fullmatch(upload_id):
            return
        files = UploadFiles(self._folder, upload_id)
        async with self._turn(upload_id):
            await self._end_part(upload_id, keep=False)
            await self._run(files.discard)

    @override
    async def ids(self) -> list[str]:
        """List the uploads that are here, also what a killed discard left of one."""
        return await self._run(self._ids)

    @override
    async def free_bytes(self) -> int:
        """Return the free space where files are staged."""
        return await self._run(lambda: shutil.disk_usage(self._folder).free)

    async def close(self) -> None:
        """End what is being written, keeping it, and the threads."""
        for upload_id in list(self._parts):
            async with self._turn(upload_id):
                await self._end_part(upload_id)
        self._executor.shutdown(wait=False)

    def _ids(self) -> list[str]:
        names = {path.name.partition(".")[0] for path in self._folder.iterdir()}
        return sorted(name for name in names if _ID.fullmatch(name))

    def _create(self, files: UploadFiles, size_bytes: int) -> StagedFile:
        # Looking and making must be one step, or two creations lose each other's bytes.
        with self._creating:
            try:
                staged = files.load()
            except FileNotFoundError:
                return files.create(size_bytes)
        if staged.size_bytes != size_bytes:
            raise errors.Conflict(
                f"This file was announced with {staged.size_bytes} bytes, now it has"
                f" {size_bytes}. Submit it again."
            )
        return staged

    def _open(self, files: UploadFiles, offset: int, checksum: Checksum | None) -> FilePart:
        staged = files.load()
        if staged.offset != offset:
            raise errors.OffsetMismatch(
                f"The part starts at byte {offset}, but {staged.offset} bytes are here."
            )
        if staged.offset == staged.size_bytes:
            raise errors.StateConflict("Every byte of this file is already here.")
        part_bytes = min(staged.size_bytes - staged.offset, PART_SIZE)
        # Parts that are open now will still take what they were let in for.
        with self._creating:
            wanted = part_bytes + sum(self._awaited.values()) + self._reserve_bytes
            if self._reserve_bytes and shutil.disk_usage(self._folder).free < wanted:
                raise errors.StorageFull
            part = FilePart(files, staged, checksum, self._executor)
            self._awaited[part] = part_bytes
        return part

    async def _end_part(self, upload_id: str, *, keep: bool = True) -> None:
        part = self._parts.pop(upload_id, None)
        if part is not None:
            await part.abandon(keep=keep)

    def _turn(self, upload_id: str) -> asyncio.Lock:
        # Looked up by every caller while it waits, so the lock lives as long as it matters.
        return self._turns.setdefault(upload_id, asyncio.Lock())

    def _files(self, upload_id: str) -> UploadFiles:
        if not _ID.fullmatch(upload_id):
            raise errors.NoSuchFile
        return UploadFiles(self._folder, upload_id)

    async def _run(self, work: Callable[[], T]) -> T:
        def guarded() -> T:
            with storage_errors():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._executor, guarded)
