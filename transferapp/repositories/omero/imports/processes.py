"""Import processes: begun here, or found again in the session in which they were begun."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from transferapp.errors import SessionLost, TransferAppError, UploadLost
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.catalogue.filesets import (
    fileset_marked,
    import_settings,
    negotiated_algorithm,
    new_fileset,
)
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import Ice, omero
from transferapp.repositories.omero.imports.import_log import close_log
from transferapp.repositories.omero.links import Links
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.repositories.omero.sessions.import_notes import ImportNote

R = TypeVar("R")
#: OMERO's words when the client that began an import has gone: what it had opened goes on,
#: but it opens no further file.
_NOBODY_TO_OPEN = "ServantHolder"


class HeldProcess:
    """An import process, called through the session that it lives in. Blocking; raises what
    Ice and OMERO raise.
    """

    def __init__(self, gateway: Gateway, proxy: Any, group_id: int) -> None:
        """Call ``proxy`` as a client of ``gateway``'s session."""
        self._gateway, self._group_id = gateway, group_id
        self._proxy = gateway.bound(proxy, group_id)

    @property
    def session_uuid(self) -> str:
        """The session that it lives in."""
        return self._gateway.session_uuid

    @property
    def name(self) -> str:
        """Its name in the session."""
        return str(self._proxy.ice_getIdentity().name)

    def handle(self) -> Any | None:
        """Return the handle of the import, closed or not; None before it was submitted."""
        handle = self._proxy.getHandle()
        return None if handle is None else self._gateway.bound(handle, self._group_id)

    def is_open(self, handle: Any) -> bool:
        """Say whether a handle can be asked. A closed one is of an import that is over: nobody
        closes it before.
        """
        return self._is_there(handle.getStatus)

    def uploader(self, number: int, mode: str = "") -> Any:
        """Open a file, or take the open one; raises UploadLost when only the client that has
        gone could open it.
        """
        proxy = self._proxy
        if mode:
            proxy = proxy.ice_context({**proxy.ice_getContext(), "omero.fs.mode": mode})
        try:
            opened = proxy.getUploader(number)
        except omero.InternalException as error:
            if _NOBODY_TO_OPEN in (error.message or ""):
                raise UploadLost from error
            raise
        return self._gateway.bound(opened, self._group_id)

    def offset(self, number: int) -> int:
        """Return the end of the last write of an open file, else 0."""
        return int(self._proxy.getUploadOffset(number))

    def verify(self, hashes: list[str]) -> Any:
        """Submit the import, with the files' checksums; returns its handle."""
        handle = self._gateway.patient(self._proxy).verifyUpload(hashes)
        return self._gateway.bound(handle, self._group_id)

    def answers(self) -> bool:
        """Say whether it is there; raises RepositoryUnavailable when OMERO does not say."""
        return self._is_there(self._proxy.getHandle)

    def _is_there(self, ask: Callable[[], object]) -> bool:
        if _there(ask):
            return True
        # Not there, or we are not: only a session that answers can tell.
        _there_or_lost(self._gateway)
        return False

    def forget(self, fileset_id: int) -> None:
        """Close it; never raises."""
        self._gateway.processes.pop(fileset_id, None)
        with suppress(TransferAppError), translated():
            self._proxy.close()


def _there(ask: Callable[[], object]) -> bool:
    try:
        with translated():
            try:
                ask()
            except Ice.ObjectNotExistException:
                return False
    except SessionLost:
        return False
    return True


def _there_or_lost(gateway: Gateway) -> None:
    try:
        with translated():
            gateway.event_context()
    except SessionLost:
        gateway.lost = True
        raise


def begin_process(
    omero_session: OmeroSessionContext, plan: FilesetPlan, links: Links | None
) -> int:
    """Make the fileset in OMERO with its import process; returns the fileset's id.

    With ``links`` it says that its files are links, before the first one is made.
    """
    gateway = omero_session.gateway
    repository = gateway.repository(plan.group_id)
    transfer = "" if links is None else links.transfer
    mark = uuid.uuid4().hex
    settings = import_settings(plan, negotiated_algorithm(repository, plan))
    proxy = repository.importFileset(new_fileset(plan, mark, transfer), settings)
    process = HeldProcess(gateway, proxy, plan.group_id)
    # Its first uploader would tell the file, and open it: nobody would close that again.
    fileset_id = fileset_marked(omero_session, plan.key, mark)
    gateway.processes[fileset_id] = process
    if gateway.minted:
        note = ImportNote(process.session_uuid, process.name)
        omero_session.import_sessions.notes.keep(fileset_id, note)
    return fileset_id


def live_process(
    omero_session: OmeroSessionContext, fileset_id: int, group_id: int
) -> HeldProcess | None:
    """Return the import process, None when it is gone for certain; blocking.

    Raises RepositoryUnavailable when OMERO does not say.
    """
    known = omero_session.gateway.processes.get(fileset_id)
    if isinstance(known, HeldProcess) and known.answers():
        return known
    omero_session.gateway.processes.pop(fileset_id, None)
    return _noted_process(omero_session, fileset_id, group_id)


def _noted_process(
    omero_session: OmeroSessionContext, fileset_id: int, group_id: int
) -> HeldProcess | None:
    sessions = omero_session.import_sessions
    note = sessions.notes.read(fileset_id)
    if note is None:
        return None
    # A gateway whose connection broke since is found out here, and joined once more.
    for _ in range(2):
        try:
            gateway = sessions.gateway_of(note, omero_session.gateway)
        except SessionLost:
            return None
        known = gateway.processes.get(fileset_id)
        process = known if isinstance(known, HeldProcess) else _found(gateway, note, group_id)
        try:
            if not process.answers():
                gateway.processes.pop(fileset_id, None)
                return None
        except SessionLost:
            sessions.lose(gateway)
            if gateway is omero_session.gateway:
                raise
            continue
        gateway.processes[fileset_id] = process
        return process
    return None


def _found(gateway: Gateway, note: ImportNote, group_id: int) -> HeldProcess:
    proxy = omero.grid.ImportProcessPrx.uncheckedCast(gateway.in_session(note.process))
    return HeldProcess(gateway, proxy, group_id)


def forget_process(omero_session: OmeroSessionContext, fileset_id: int) -> None:
    """Drop an import process whose import is over, its log and its note."""
    close_log(omero_session, fileset_id)
    sessions = omero_session.import_sessions
    own = omero_session.gateway.processes.pop(fileset_id, None)
    known = own or sessions.process_of(fileset_id)
    if isinstance(known, HeldProcess):
        known.forget(fileset_id)
    sessions.forget(fileset_id)
