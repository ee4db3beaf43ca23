"""The steps of an import into OMERO; each adopts what an earlier attempt left behind.

A fileset carries our key from the moment it exists. What OMERO keeps of an unfinished
import besides the fileset - the import process - lives in one session, as long as that: it
is joined again, and when it is gone, the files cannot be used any more, and ``UploadLost``
asks for them again. Nothing is deleted that OMERO may be importing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from typing_extensions import override

from transferapp.errors import (
    ChecksumMismatch,
    Invalid,
    PermissionDenied,
    TransferAppError,
    UploadLost,
)
from transferapp.model.filesets import Fileset, FilesetPlan
from transferapp.model.images import OriginalFile
from transferapp.model.skips import Skip
from transferapp.repositories.counting import ByteCount
from transferapp.repositories.omero.catalogue.commands import delete
from transferapp.repositories.omero.catalogue.containers import linkable
from transferapp.repositories.omero.catalogue.filesets import (
    best_of,
    differing,
    expected_hash,
    failed_filesets_of,
    files_of,
    filesets_of,
    images_of,
    sizes_only,
    transfer_notes,
)
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.imports.aliveness import require_over
from transferapp.repositories.omero.imports.finishing import are_tied, check_readable, finish
from transferapp.repositories.omero.imports.half_made import remove_failed, remove_older
from transferapp.repositories.omero.imports.in_place import bring_in_place, tidy_up
from transferapp.repositories.omero.imports.places import check_places, path_rules
from transferapp.repositories.omero.imports.processes import (
    HeldProcess,
    begin_process,
    forget_process,
    live_process,
)
from transferapp.repositories.omero.imports.uploads import Place, upload
from transferapp.repositories.omero.imports.watching import close, stop, watch
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import ByteListener, Imports, ProgressListener


class OmeroImports(Imports):
    """Makes filesets and images for one experimenter."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """Import as this person."""
        self._omero_session = omero_session

    @override
    async def check_skips(self, skip: frozenset[Skip]) -> None:
        """Ask OMERO whether it compares sizes only; raises Invalid where it does not."""
        if Skip.CHECKSUM in skip:
            await self._omero_session.run(self._check_sizes_only)

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
        run, most = self._omero_session.run, 1

        def reported(done: int, total: int, text: str) -> None:
            nonlocal most
            most = total
            progress(done, total, text)

        handle = await run(self._handle, fileset, plan)
        if handle is not None:
            failure = await watch(self._omero_session, fileset.id, handle, reported)
            if failure is not None:
                raise await run(self._after_failure, fileset, handle, failure)
        image_ids = await run(self._finish, fileset, plan)
        progress(most, most, "the images are in their place")
        return Fileset(fileset.id, plan.key, tuple(image_ids))

    @override
    async def files(self, fileset: Fileset) -> list[OriginalFile]:
        """List OMERO's files of this fileset with its checksums."""
        return await self._omero_session.run(files_of, self._omero_session, fileset.id)

    @override
    async def discard(self, fileset: Fileset) -> None:
        """Remove a fileset without images, or with those of an import that failed; an import
        under way is cancelled.
        """
        await self._omero_session.run(self._discard, fileset)

    def _check_sizes_only(self) -> None:
        gateway = self._omero_session.gateway
        # Its algorithms are those of the whole server: any group that she may act in will do.
        group_id = self._omero_session.identity.default_group_id
        with translated():
            sizes_only(gateway.repository(group_id))

    def _reserve(self, plan: FilesetPlan) -> Fileset:
        found = filesets_of(self._omero_session, plan.key)
        for one in found:
            if one.image_ids or self._process(one.id, plan.group_id) is not None:
                return one
        self._check_target(plan)
        check_places(plan, path_rules(self._omero_session.gateway))
        for dead in found:
            self._remove(dead)
        # What may not be deleted has been told; a retry begins anew beside it.
        remove_older(self._omero_session, plan.key)
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
        if process.handle() is not None:
            return
        try:
            self._fill(process, fileset, plan, paths, count)
        except UploadLost:
            # Begun by links that this process cannot touch, or by a client that has gone and
            # could alone open further files; nothing runs yet.
            linking = bool(transfer_notes(self._omero_session, fileset.id))
            links = None if linking else self._omero_session.links
            self._remove(fileset)
            fileset = Fileset(begin_process(self._omero_session, plan, links), plan.key)
            process = self._demand_process(fileset, plan)
            count.restart()
            self._fill(process, fileset, plan, paths, count)

    def _fill(
        self,
        process: HeldProcess,
        fileset: Fileset,
        plan: FilesetPlan,
        paths: Sequence[Path],
        count: ByteCount,
    ) -> None:
        if bring_in_place(self._omero_session, process, fileset.id, plan, paths):
            count.add(sum(file.size_bytes for file in plan.files))
        else:
            self._upload(process, fileset, plan, paths, count)

    def _upload(
        self,
        process: HeldProcess,
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
                place = Place(process, number)
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
        handle = None if process is None else process.handle()
        if process is not None and handle is not None and process.is_open(handle):
            return handle
        if images_of(self._omero_session, fileset.id):
            return None
        if handle is not None:
            raise UploadLost("OMERO ended the import without any image; it begins again.")
        process = self._demand_process(fileset, plan)
        if differing(plan, files_of(self._omero_session, fileset.id)):
            raise UploadLost
        self._check_target(plan)
        return process.verify([expected_hash(plan, file) for file in plan.files])

    def _finish(self, fileset: Fileset, plan: FilesetPlan) -> list[int]:
        image_ids = images_of(self._omero_session, fileset.id)
        if not image_ids:
            raise UploadLost("OMERO ended the import without any image; it begins again.")
        if not are_tied(self._omero_session, fileset.id):
            self._begin_anew_if_over(fileset, plan)
        check_readable(self._omero_session, image_ids)
        forget_process(self._omero_session, fileset.id)
        finish(self._omero_session, plan, image_ids)
        return image_ids

    def _after_failure(
        self, fileset: Fileset, handle: Any, failure: TransferAppError
    ) -> TransferAppError:
        """Leave nothing of a failed import; returns the failure, with what a person is to do.

        Raises what passes by itself instead: then it is tried again, and told when all is done.
        """
        left = remove_failed(self._omero_session, fileset)
        # Not before: until then only the handle can say once more that it failed.
        close(handle)
        forget_process(self._omero_session, fileset.id)
        self._forget_links(fileset)
        return type(failure)(f"{failure.message} {left}") if left else failure

    def _begin_anew_if_over(self, fileset: Fileset, plan: FilesetPlan) -> None:
        """Have the files sent again when no import will tie these pixels any more.

        Raises UploadLost then, and Busy while an import may be at work.
        """
        process = self._process(fileset.id, plan.group_id)
        handle = None if process is None else process.handle()
        if process is None or handle is None:
            require_over(self._omero_session, fileset.id, held=process is not None)
        elif process.is_open(handle):
            return
        forget_process(self._omero_session, fileset.id)
        if left := remove_failed(self._omero_session, fileset):
            raise PermissionDenied(left)
        raise UploadLost("OMERO ended the import before its pixels could be read.")

    def _discard(self, fileset: Fileset) -> None:
        for one in filesets_of(self._omero_session, fileset.key) or [fileset]:
            self._remove(one)
        left = remove_older(self._omero_session, fileset.key)
        if left:
            raise PermissionDenied(" ".join(left))
        self._forget_links(fileset)

    def _forget_links(self, fileset: Fileset) -> None:
        """Empty the vault of what no image has as its file."""
        if self._omero_session.links is None:
            return
        # The fileset itself is looked at, too: a person may have deleted its comment with the
        # key, and the vault's files are still all that its images have.
        held = (
            *filesets_of(self._omero_session, fileset.key),
            *failed_filesets_of(self._omero_session, fileset.key),
        )
        if images_of(self._omero_session, fileset.id) or any(one.image_ids for one in held):
            return
        self._omero_session.links.forget(fileset.key)

    def _remove(self, fileset: Fileset) -> None:
        """Remove a fileset, and with it images only if their import is over and failed.

        Raises RepositoryUnavailable, Busy while it goes on, PermissionDenied.
        """
        found = self._omero_session.rows(
            "select f.details.group.id from Fileset f where f.id = :id", id=fileset.id
        )
        if not found:
            return
        [[group_id]] = found
        process = self._process(fileset.id, group_id)
        handle = None if process is None else process.handle()
        half_made = not are_tied(self._omero_session, fileset.id)
        if process is not None and handle is not None:
            if process.is_open(handle):
                half_made = isinstance(stop(handle), omero.cmd.ERR)
        elif half_made or not images_of(self._omero_session, fileset.id):
            require_over(self._omero_session, fileset.id, held=process is not None)
        if half_made and (left := remove_failed(self._omero_session, fileset)):
            raise PermissionDenied(left)
        if handle is not None:
            close(handle)
        forget_process(self._omero_session, fileset.id)
        # Those that were imported are told, and stay; they may have come meanwhile.
        if half_made or images_of(self._omero_session, fileset.id):
            return
        tidy_up(self._omero_session, fileset.id)
        delete(self._omero_session.gateway, group_id, {"Fileset": [fileset.id]}, keep=["Image"])

    def _process(self, fileset_id: int, group_id: int) -> HeldProcess | None:
        return live_process(self._omero_session, fileset_id, group_id)

    def _demand_process(self, fileset: Fileset, plan: FilesetPlan) -> HeldProcess:
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
