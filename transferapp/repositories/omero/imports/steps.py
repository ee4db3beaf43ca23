"""The steps of an import into OMERO; each adopts what an earlier attempt left behind.

A fileset carries our key from the moment it exists. What OMERO keeps of an unfinished
import besides the fileset - the import process - lives as long as a session: when it is
gone, the files cannot be used any more, and ``UploadLost`` asks for them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from typing_extensions import override

from transferapp.errors import ChecksumMismatch, Invalid, TransferAppError, UploadLost
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.model.images import OriginalFile
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.containers import linkable
from transferapp.repositories.omero.catalogue.filesets import (
    best_of,
    differing,
    files_of,
    filesets_of,
    images_of,
)
from transferapp.repositories.omero.imports.finishing import check_readable, finish
from transferapp.repositories.omero.imports.in_place import bring_in_place, tidy_up
from transferapp.repositories.omero.imports.places import check_places
from transferapp.repositories.omero.imports.processes import (
    begin_process,
    forget_process,
    live_process,
)
from transferapp.repositories.omero.imports.uploads import Place, upload
from transferapp.repositories.omero.imports.watching import STEPS, stop, watch
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import ByteListener, Imports, ProgressListener

_log = structlog.get_logger(__name__)


class OmeroImports(Imports):
    """Makes filesets and images for one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """Import as this person."""
        self._omero_session = omero_session

    @override
    async def find(self, key: str) -> Fileset | None:
        """Return the fileset under this key: the one with images, else the newest."""
        return best_of(await self._omero_session.run(filesets_of, self._omero_session, key))

    @override
    async def reserve(self, plan: FilesetPlan) -> Fileset:
        """Make or adopt the fileset; raises TargetNotFound, PermissionDenied, Invalid."""
        return await self._omero_session.run(self._reserve, plan)

    @override
    async def store(
        self,
        fileset: Fileset,
        plan: FilesetPlan,
        paths: Sequence[Path],
        stored: ByteListener | None = None,
    ) -> None:
        """Link or upload what is missing or wrong. A fileset that OMERO cannot go on with is
        replaced under the same key.
        """
        await self._omero_session.run(self._store, fileset, plan, paths, ByteCount(stored))

    @override
    async def verify(
        self, fileset: Fileset, plan: FilesetPlan, checked: ByteListener | None = None
    ) -> None:
        """Compare OMERO's checksums with the plan's; raises ChecksumMismatch, UploadLost."""
        await self._omero_session.run(self._verify, fileset, plan)

    @override
    async def register(
        self, fileset: Fileset, plan: FilesetPlan, progress: ProgressListener
    ) -> Fileset:
        """Have OMERO make the images; adopts an import that is under way or done.

        Raises UploadLost when the files must be stored again.
        """
        run = self._omero_session.run
        handle = await run(self._handle, fileset, plan)
        if handle is not None:
            failure = await watch(self._omero_session, fileset.id, handle, progress)
            if failure is not None:
                await self._clear(fileset)
                raise failure
        image_ids = await run(self._finish, fileset, plan)
        progress(STEPS, STEPS, "the images are in their place")
        return Fileset(fileset.id, plan.key, tuple(image_ids))

    @override
    async def files(self, fileset: Fileset) -> list[OriginalFile]:
        """List OMERO's files of this fileset with its checksums."""
        return await self._omero_session.run(files_of, self._omero_session, fileset.id)

    @override
    async def discard(self, fileset: Fileset) -> None:
        """Remove a fileset without images; an import under way is cancelled."""
        await self._omero_session.run(self._discard, fileset)

    def _reserve(self, plan: FilesetPlan) -> Fileset:
        found = filesets_of(self._omero_session, plan.key)
        for one in found:
            if one.image_ids or self._process(one.id, plan.group_id) is not None:
                return one
        self._check_target(plan)
        check_places(plan)
        for dead in found:
            self._remove(dead.id)
        fileset_id = begin_process(self._omero_session, plan, self._omero_session.links)
        return Fileset(fileset_id, plan.key)

    def _store(
        self, fileset: Fileset, plan: FilesetPlan, paths: Sequence[Path], count: ByteCount
    ) -> None:
        if images_of(self._omero_session, fileset.id):
            return
        process = self._process(fileset.id, plan.group_id)
        if process is None:
            fileset = self._reserve(plan)
            if fileset.image_ids:
                return
            process = self._process(fileset.id, plan.group_id)
        if process is None:
            raise UploadLost
        if process.getHandle() is not None:
            return
        try:
            linked = bring_in_place(self._omero_session, process, fileset.id, plan, paths)
        except UploadLost:
            # Begun by links that this process cannot touch; OMERO itself can.
            self._remove(fileset.id)
            fileset = Fileset(begin_process(self._omero_session, plan, links=None), plan.key)
            process, linked = self._demand_process(fileset, plan), False
        if linked:
            count.add(sum(file.size_bytes for file in plan.files))
        else:
            self._upload(process, fileset, plan, paths, count)

    def _upload(
        self,
        process: Any,
        fileset: Fileset,
        plan: FilesetPlan,
        paths: Sequence[Path],
        count: ByteCount,
    ) -> None:
        held = {one.client_path: one for one in files_of(self._omero_session, fileset.id)}
        wrong = set(differing(plan, list(held.values())))
        for number, (file, path) in enumerate(zip(plan.files, paths, strict=True)):
            if file.client_path in wrong:
                # OMERO's checksum is there once a file was closed: then it is all wrong.
                closed = bool(held[file.client_path].hash)
                place = Place(process, number, plan.group_id)
                upload(self._omero_session, place, path, count, again=closed)
            else:
                count.add(file.size_bytes)

    def _verify(self, fileset: Fileset, plan: FilesetPlan) -> None:
        if not images_of(self._omero_session, fileset.id):
            self._demand_process(fileset, plan)
        wrong = differing(plan, files_of(self._omero_session, fileset.id))
        if wrong:
            raise ChecksumMismatch(
                f"OMERO holds other bytes of '{wrong[0]}' than were sent ({len(wrong)} files"
                " in all); they are sent again."
            )

    def _handle(self, fileset: Fileset, plan: FilesetPlan) -> Any | None:
        """Return the running import, begun if need be; None when the images are there."""
        process = self._process(fileset.id, plan.group_id)
        if process is not None and (handle := process.getHandle()) is not None:
            return self._omero_session.gateway.bound(handle, plan.group_id)
        if images_of(self._omero_session, fileset.id):
            return None
        process = self._demand_process(fileset, plan)
        if differing(plan, files_of(self._omero_session, fileset.id)):
            raise UploadLost
        self._check_target(plan)
        patient = self._omero_session.gateway.patient(process)
        handle = patient.verifyUpload([file.sha1 for file in plan.files])
        return self._omero_session.gateway.bound(handle, plan.group_id)

    def _finish(self, fileset: Fileset, plan: FilesetPlan) -> list[int]:
        image_ids = images_of(self._omero_session, fileset.id)
        if not image_ids:
            raise UploadLost("OMERO ended the import without any image; it begins again.")
        check_readable(self._omero_session, image_ids)
        forget_process(self._omero_session, fileset.id)
        finish(self._omero_session, plan, image_ids)
        return image_ids

    async def _clear(self, fileset: Fileset) -> None:
        """Leave no fileset without images behind a failed import."""
        try:
            await self.discard(fileset)
        except TransferAppError as error:
            # The failure itself is what counts; a later attempt clears this away.
            _log.warning(
                "a failed import is left in omero", fileset=fileset.id, error=error.message
            )

    def _discard(self, fileset: Fileset) -> None:
        for one in filesets_of(self._omero_session, fileset.key) or [fileset]:
            if not images_of(self._omero_session, one.id):
                self._remove(one.id)
        # The fileset itself is looked at, too: a person may have deleted its comment with the
        # key, and the vault's files are still all that its images have.
        held = [fileset.id, *(one.id for one in filesets_of(self._omero_session, fileset.key))]
        has_images = any(images_of(self._omero_session, one) for one in held)
        if self._omero_session.links is not None and not has_images:
            self._omero_session.links.forget(fileset.key)

    def _remove(self, fileset_id: int) -> None:
        found = self._omero_session.rows(
            "select f.details.group.id from Fileset f where f.id = :id", id=fileset_id
        )
        if not found:
            return
        [[group_id]] = found
        process = self._process(fileset_id, group_id)
        if process is not None:
            handle = process.getHandle()
            if handle is not None:
                stop(handle)
            forget_process(self._omero_session, fileset_id)
        if images_of(self._omero_session, fileset_id):
            return  # They came while it was being stopped.
        tidy_up(self._omero_session, fileset_id)
        delete(self._omero_session.gateway, group_id, {"Fileset": [fileset_id]}, keep=["Image"])

    def _process(self, fileset_id: int, group_id: int) -> Any | None:
        return live_process(self._omero_session, fileset_id, group_id)

    def _demand_process(self, fileset: Fileset, plan: FilesetPlan) -> Any:
        process = self._process(fileset.id, plan.group_id)
        if process is None:
            raise UploadLost
        return process

    def _check_target(self, plan: FilesetPlan) -> None:
        if plan.target is None:
            return
        target = linkable(self._omero_session, plan.target)
        if target.group_id != plan.group_id:
            raise Invalid(
                f"'{target.name}' belongs to another group than this import. Choose a target"
                " in the group of the import."
            )
