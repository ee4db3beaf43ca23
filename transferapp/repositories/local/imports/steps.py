"""The steps of an import into the embedded repository; each can be killed and repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import sqlalchemy as sa
from typing_extensions import override

from transferapp.errors import ChecksumMismatch, Invalid, NotFound, StateConflict, UploadLost
from transferapp.host.database import reading, writing
from transferapp.model.containers import IMPORT_TARGETS
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.model.images import OriginalFile
from transferapp.model.skips import Skip
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.local.accounts.permissions import Caller, demand
from transferapp.repositories.local.catalogue.container_rows import container, find_container
from transferapp.repositories.local.imports import stored_files
from transferapp.repositories.local.imports.registration import (
    STEPS,
    Listener,
    Work,
    image_ids_of,
    read_images,
    write_images,
)
from transferapp.repositories.local.storage.garbage import list_fileset
from transferapp.repositories.local.storage.schema import filesets
from transferapp.repositories.local.store import LocalRepositoryStore, in_thread
from transferapp.repositories.port import ByteListener, Imports, ProgressListener

#: Files are stored in batches of at most this many, or this many bytes.
_BATCH_FILES = 128
_BATCH_BYTES = 256 * 1024 * 1024


class LocalImports(Imports):
    """Imports as one experimenter."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """Import as ``caller``."""
        self._local_store, self._caller = local_store, caller

    @override
    async def check_skips(self, skip: frozenset[Skip]) -> None:
        """Raise Invalid: nothing is skipped here."""
        if skip:
            raise Invalid("This repository leaves nothing undone. Import without --skip.")

    @override
    async def find(self, key: str) -> Fileset | None:
        """Return the fileset that was reserved under this key."""

        def find() -> Fileset | None:
            with reading(self._local_store.engine) as connection:
                return self._find(connection, key)

        return await in_thread(find)

    @override
    async def reserve(self, plan: FilesetPlan) -> Fileset:
        """Make (or adopt) the fileset; raises TargetNotFound, PermissionDenied, Invalid,
        NameNotAllowed.
        """
        return await in_thread(self._reserve, plan)

    @override
    async def store(
        self,
        fileset: Fileset,
        plan: FilesetPlan,
        paths: Sequence[Path],
        stored: ByteListener | None = None,
    ) -> None:
        """Bring the files in; what is there already is left. Returns when it is durable.

        Raises Invalid when ``paths`` are not as many as the plan's files, StorageFull.
        """
        if len(paths) != len(plan.files):
            raise Invalid("Each file of the plan needs one path.")
        local_store, count = self._local_store, ByteCount(stored)
        there = await in_thread(stored_files.recorded, local_store, fileset.id)
        for batch in _batches(list(zip(range(len(paths)), plan.files, paths, strict=True))):
            await in_thread(
                stored_files.store_batch, local_store, fileset.id, batch, there, count
            )
        await in_thread(stored_files.make_durable, local_store, fileset.id, plan)

    @override
    async def verify(
        self, fileset: Fileset, plan: FilesetPlan, checked: ByteListener | None = None
    ) -> None:
        """Read every stored file again; what is wrong is set aside, then raises
        ChecksumMismatch.
        """
        rows = await in_thread(stored_files.recorded, self._local_store, fileset.id)
        originals, count = self._local_store.originals, ByteCount(checked)
        for planned in plan.files:
            row = rows.get(planned.client_path)
            if not await in_thread(stored_files.is_right, originals, row, planned, count):
                raise ChecksumMismatch(
                    f"'{planned.client_path}' did not arrive as it was sent. It is sent again."
                )

    @override
    async def register(
        self, fileset: Fileset, plan: FilesetPlan, progress: ProgressListener
    ) -> Fileset:
        """Make the images; raises UnsupportedFile, DamagedFile, EmptyFile,
        MissingCompanion, TargetNotFound, PermissionDenied, Invalid; UploadLost when not all
        files are here.
        """
        loop = asyncio.get_running_loop()

        furthest = 0

        def alive(step: int, text: str) -> None:
            # With several images the steps come again; a bar that goes back confuses.
            nonlocal furthest
            furthest = max(furthest, step)
            loop.call_soon_threadsafe(progress, furthest, STEPS, text)

        made = await in_thread(self._register, fileset, plan, alive)
        progress(STEPS, STEPS, "done")
        return made

    @override
    async def files(self, fileset: Fileset) -> list[OriginalFile]:
        """List what is really there of this fileset."""
        return await in_thread(stored_files.files_there, self._local_store, fileset.id)

    @override
    async def discard(self, fileset: Fileset) -> None:
        """Remove a fileset that has no images; unknown ones are fine."""
        await in_thread(self._discard, fileset)

    def _find(self, connection: sa.Connection, key: str) -> Fileset | None:
        query = sa.select(filesets).where(filesets.c.key == key)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.owner_id != self._caller.experimenter_id and not self._caller.is_admin:
            raise StateConflict("This import belongs to somebody else. Start a new one.")
        return Fileset(row.id, row.key, image_ids_of(connection, row.id))

    def _reserve(self, plan: FilesetPlan) -> Fileset:
        _check_paths(plan)
        for planned in plan.files:
            self._local_store.originals.check_name(planned.client_path)
        with writing(self._local_store.engine) as connection:
            found = self._find(connection, plan.key)
            if found is not None and found.image_ids:
                return found
            self._check_target(connection, plan)
            if found is not None:
                return found
            values = {
                "key": plan.key,
                "name": plan.name,
                "owner_id": self._caller.experimenter_id,
                "group_id": plan.group_id,
                "reserved_at": self._local_store.clock.now(),
            }
            made = connection.execute(filesets.insert().values(**values))
            return Fileset(int(made.inserted_primary_key[0]), plan.key)  # type: ignore[index]

    def _check_target(self, connection: sa.Connection, plan: FilesetPlan) -> None:
        demand(self._caller.may_write_in(plan.group_id), "import into this group")
        if plan.target is None:
            return
        if plan.target.kind not in IMPORT_TARGETS:
            raise Invalid("Choose a dataset, or for a plate a screen, as the target.")
        row = find_container(connection, self._caller, plan.target)
        found = container(row, self._caller)
        demand(found.can_link, f"put images into '{found.name}'")
        if found.group_id != plan.group_id:
            raise Invalid(
                f"'{found.name}' belongs to another group than this import. Choose a target in"
                " the group that you work in."
            )

    def _register(self, fileset: Fileset, plan: FilesetPlan, alive: Listener) -> Fileset:
        local_store = self._local_store
        with reading(local_store.engine) as connection:
            found = self._find(connection, plan.key)
            if found is None:
                raise NotFound("This import was discarded meanwhile. Start it again.")
            if found.image_ids:
                return found
            # Before hours of reading, not only after it.
            self._check_target(connection, plan)
        there = stored_files.restore_names(local_store, fileset.id)
        if any(planned.client_path not in there for planned in plan.files):
            # A failed import is discarded, and its retry does not repeat the steps before.
            raise UploadLost
        root = local_store.originals.tree(fileset.id)
        first = root / plan.files[0].client_path
        work = Work(
            fileset.id, first, root, local_store.derived, alive, local_store.bio_formats
        )
        new = read_images(work, plan)
        alive(4, "making images")
        with writing(local_store.engine) as connection:
            self._check_target(connection, plan)
            made = write_images(connection, local_store, fileset, plan, new)
        local_store.originals.remove_incoming(fileset.id)
        return Fileset(fileset.id, plan.key, made)

    def _discard(self, fileset: Fileset) -> None:
        with writing(self._local_store.engine) as connection:
            found = self._find(connection, fileset.key)
            if found is None or found.image_ids:
                return
            list_fileset(connection, found.id)
        self._local_store.collect_garbage()


def _check_paths(plan: FilesetPlan) -> None:
    """Raise Invalid when two files of a plan would be in each other's way."""
    if not plan.files:
        raise Invalid("There is no file to import.")
    paths = [planned.client_path for planned in plan.files]
    folders = {str(parent) for path in paths for parent in Path(path).parents}
    if len(set(paths)) < len(paths) or not folders.isdisjoint(paths):
        raise Invalid("Two files of this import have the same name.")


_Numbered = tuple[int, PlannedFile, Path]


def _batches(files: list[_Numbered]) -> Iterator[list[_Numbered]]:
    batch: list[_Numbered] = []
    size = 0
    for numbered in files:
        if batch and (len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(numbered)
        size += numbered[1].size_bytes
    if batch:
        yield batch
