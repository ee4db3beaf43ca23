"""The log that OMERO writes of an import: when it grows, the import is alive.

The size in the database moves only when a step ends, so the file itself is asked. Closing a
store saves the file's row when the file has grown since it was opened, and OMERO saves that row
at the end of a step: so a log is opened once, and closed when its import is over.
"""

from __future__ import annotations

from typing import Any

from transferapp.errors import TransferAppError
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.pixel_stores import closing

_LOG_TYPE = "application/omero-log-file"


def log_size(omero_session: OmeroSessionContext, fileset_id: int) -> int:
    """Return the bytes that are on OMERO's disk, or those that its database knows of; blocking.

    Raises what the database's answer fails with.
    """
    logs = omero_session.gateway.logs
    try:
        with translated():
            store = logs.get(fileset_id)
            if store is None:
                store = _opened(omero_session, fileset_id)
            if store is None:
                return 0
            logs[fileset_id] = store
            return int(store.size())
    except TransferAppError:
        # A store that OMERO closed, or a log that is not there or not to be read.
        logs.pop(fileset_id, None)
        found = _rows(omero_session, fileset_id, "o.size")
        return sum(size or 0 for (size,) in found)


def close_log(omero_session: OmeroSessionContext, fileset_id: int) -> None:
    """Let go of the log of an import that is over; never raises. Blocking."""
    store = omero_session.gateway.logs.pop(fileset_id, None)
    if store is not None:
        with closing(store):
            pass


def _opened(omero_session: OmeroSessionContext, fileset_id: int) -> Any | None:
    found = _rows(omero_session, fileset_id, "o.id, o.details.group.id")
    if not found:
        return None
    log_id, group_id = found[0]
    store = omero_session.gateway.file_store(group_id)
    try:
        store.setFileId(log_id)
    except BaseException:
        with closing(store):
            raise
    return store


def _rows(omero_session: OmeroSessionContext, fileset_id: int, what: str) -> list[list[Any]]:
    return omero_session.rows(
        f"select {what} from FilesetJobLink f, JobOriginalFileLink l join l.child o"  # noqa: S608
        " where f.parent.id = :id and l.parent.id = f.child.id and o.mimetype = :log",
        id=fileset_id,
        log=_LOG_TYPE,
    )
