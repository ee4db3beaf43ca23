"""The log that OMERO writes of an import: when it grows, the import is alive."""

from __future__ import annotations

from typing import Any

from transferapp.errors import TransferAppError
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.omero.sessions.pixel_stores import closing

_LOG_TYPE = "application/omero-log-file"


class WatchedLog:
    """The log of one fileset's import, as long as OMERO writes it; blocking.

    The size in the database moves only when a step ends, so the file itself is asked. The store
    stays open meanwhile: closing one writes the file's row, as OMERO does at the end of a step.
    """

    def __init__(self, omero_session: OmeroSessionContext, fileset_id: int) -> None:
        """Open nothing yet."""
        self._omero_session, self._fileset_id = omero_session, fileset_id
        self._store: Any | None = None

    def size(self) -> int:
        """Return the bytes that are on OMERO's disk, or those that its database knows of."""
        try:
            with translated():
                if self._store is None:
                    self._store = self._opened()
                return 0 if self._store is None else int(self._store.size())
        except TransferAppError:
            # A store that OMERO closed, or a session that ended: every other call tells which.
            self._store = None
            return self._stated_size()

    def close(self) -> None:
        """Let go of the log of an import that is over; never raises."""
        store, self._store = self._store, None
        if store is not None:
            with closing(store):
                pass

    def _opened(self) -> Any | None:
        found = self._rows("o.id, o.details.group.id")
        if not found:
            return None
        log_id, group_id = found[0]
        store = self._omero_session.gateway.file_store(group_id)
        try:
            store.setFileId(log_id)
        except BaseException:
            with closing(store):
                raise
        return store

    def _stated_size(self) -> int:
        return sum(size or 0 for (size,) in self._rows("o.size"))

    def _rows(self, what: str) -> list[list[Any]]:
        return self._omero_session.rows(
            f"select {what} from FilesetJobLink f, JobOriginalFileLink l join l.child o"  # noqa: S608
            " where f.parent.id = :id and l.parent.id = f.child.id and o.mimetype = :log",
            id=self._fileset_id,
            log=_LOG_TYPE,
        )
