"""Find the live import process of a fileset, also one that another worker began."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from transferapp.errors import TransferAppError
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.catalogue.filesets import import_settings, new_fileset
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.links import Links
from transferapp.repositories.omero.sessions.context import OmeroSessionContext


def begin_process(
    omero_session: OmeroSessionContext, plan: FilesetPlan, links: Links | None
) -> int:
    """Make the fileset in OMERO with its import process; returns the fileset's id.

    With ``links`` it says that its files are links, before the first one is made.
    """
    repository = omero_session.gateway.repository(plan.group_id)
    transfer = "" if links is None else links.transfer
    process = repository.importFileset(new_fileset(plan, transfer), import_settings(plan))
    process = omero_session.gateway.bound(process, plan.group_id)
    fileset_id = _fileset_id(omero_session, process)
    if fileset_id is None:
        raise AssertionError("OMERO made an import process without a fileset.")
    omero_session.gateway.processes[fileset_id] = process
    return fileset_id


def live_process(
    omero_session: OmeroSessionContext, fileset_id: int, group_id: int
) -> Any | None:
    """Return the import process, None when OMERO has forgotten it; blocking."""
    known = omero_session.gateway.processes.get(fileset_id)
    if known is not None and _answers(known):
        return known
    omero_session.gateway.processes.pop(fileset_id, None)
    for process in omero_session.gateway.repository(group_id).listImports():
        bound = omero_session.gateway.bound(process, group_id)
        if _fileset_of(omero_session, bound) == fileset_id:
            omero_session.gateway.processes[fileset_id] = bound
            return bound
    return None


def forget_process(omero_session: OmeroSessionContext, fileset_id: int) -> None:
    """Drop an import process that is not needed any more."""
    process = omero_session.gateway.processes.pop(fileset_id, None)
    if process is not None:
        with suppress(TransferAppError), translated():
            process.close()


def _answers(process: Any) -> bool:
    # An ended session and an ended process look alike here; the session is checked by
    # every other call.
    try:
        with translated():
            process.getHandle()
    except TransferAppError:
        return False
    return True


def _fileset_of(omero_session: OmeroSessionContext, process: Any) -> int | None:
    try:
        with translated():
            return _fileset_id(omero_session, process)
    except TransferAppError:
        return None  # It ended between listing and asking, or is not ours to ask.


def _fileset_id(omero_session: OmeroSessionContext, process: Any) -> int | None:
    """An import process does not tell its fileset, but its first uploader tells the file."""
    handle = process.getHandle()
    if handle is not None:
        activity = handle.getRequest().activity.getId().getValue()
        found = omero_session.rows(
            "select l.parent.id from FilesetJobLink l where l.child.id = :job", job=activity
        )
    else:
        file_id = process.getUploader(0).getFileId().getValue()
        found = omero_session.rows(
            "select e.fileset.id from FilesetEntry e where e.originalFile.id = :file",
            file=file_id,
        )
    return int(found[0][0]) if found else None
